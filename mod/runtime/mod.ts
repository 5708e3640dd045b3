/**
 * Where the files beside the control plane lie: `lib/liblvrm.so`, `bin/lvrm-launch` and the bundled
 * virtual routers (`bin/cppvr`). Called on the main thread, before the library is loaded.
 *
 * Three ways to run lvrm, one layout: from a checkout (`zig-out/`), from `dist/lvrm` made by the
 * self-unpacking launcher (which names its directory in LVRM_RUNTIME), and from `dist/lvrm` made by
 * `deno compile` (the embedded files are unpacked here, since an embedded path can't be executed).
 */
import { dirname, join, resolve } from "node:path";
import { unpackEmbedded } from "./embedded.ts";
import { defaultCacheDirectory } from "./cache.ts";

export { defaultCacheDirectory } from "./cache.ts";

let found: string | undefined;

/**
 * The runtime directory, an absolute path; unpacks embedded files on the first start.
 * LVRM_RUNTIME overrides it.
 *
 * @throws {Failure} when the embedded files can't be unpacked or were tampered with.
 */
export function runtimeDirectory(): string {
  found ??= find();
  return found;
}

function find(): string {
  const named = Deno.env.get("LVRM_RUNTIME");
  if (named !== undefined && named !== "") return resolve(named);
  const root = import.meta.dirname ?? ".";
  if (!Deno.build.standalone) return join(root, "../../zig-out");
  const cache = Deno.env.get("LVRM_CACHE");
  return unpackEmbedded(
    join(root, "../../dist/stage"),
    cache !== undefined && cache !== "" ? resolve(cache) : defaultCacheDirectory(),
  );
}

/** What one needs to write a VR: absolute paths. */
export interface VrFiles {
  /** liblvrm_vr.so; VRs get it as LVRM_VR_LIBRARY. */
  readonly library: string;
  readonly static_library: string;
  /** lvrm_vr.h. */
  readonly header: string;
  /** The module that VRs in TypeScript import. */
  readonly typescript: string;
}

/** Where they lie. */
export function vrFiles(): VrFiles {
  const runtime = runtimeDirectory();
  const isCheckout = resolve(import.meta.dirname ?? ".", "../../zig-out") === runtime;
  return {
    library: join(runtime, "lib/liblvrm_vr.so"),
    static_library: join(runtime, "lib/liblvrm_vr.a"),
    header: join(runtime, "include/lvrm_vr.h"),
    typescript: isCheckout
      ? join(dirname(runtime), "vrs/typescript/mod.ts")
      : join(runtime, "typescript/mod.ts"),
  };
}
