/** Collects what goes into `dist/lvrm` in one folder, with a manifest. */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import type { Manifest, PackedFile } from "../../mod/runtime/embedded.ts";

/**
 * Files that the running program needs, and those who write VRs for it; of `zig-out/` where no
 * other folder is named. Those from lvrm-limit on are of `lvrm bench`.
 */
const built: { path: string; mode: number; from?: string }[] = [
  { path: "lib/liblvrm.so", mode: 0o600 },
  { path: "lib/liblvrm_vr.so", mode: 0o600 },
  { path: "lib/liblvrm_vr.a", mode: 0o600 },
  { path: "include/lvrm_vr.h", mode: 0o600 },
  ...["abi.gen.ts", "events.ts", "frame.ts", "mod.ts", "virtual_router.ts"].map((name) => {
    return { path: `typescript/${name}`, mode: 0o600, from: "vrs" };
  }),
  { path: "bin/lvrm-launch", mode: 0o700 },
  { path: "bin/cppvr", mode: 0o700 },
  { path: "bin/lvrm-click", mode: 0o700 },
  { path: "bin/lvrm-limit", mode: 0o700 },
  { path: "bin/lvrm-loopback", mode: 0o700 },
  { path: "bin/lvrm-echo", mode: 0o700 },
  { path: "bin/lvrm-gen", mode: 0o700 },
  { path: "lib/click_minimal.click", mode: 0o600 },
  { path: "lib/click_counter.click", mode: 0o600 },
  { path: "lib/click_chain.click", mode: 0o600 },
  { path: "lib/click_router.click", mode: 0o600 },
];

/**
 * Copies the built files into `folder` and writes `manifest.json` there.
 *
 * @throws {Error} when `deno task build` hasn't made one of them.
 */
export async function stage(folder: string): Promise<Manifest> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  const files: PackedFile[] = [];
  for (const { path, mode, from = "zig-out" } of built) {
    const content = await Deno.readFile(join(from, path)).catch(() => {
      throw new Error(`${from}/${path} is missing; run \`deno task build\` first`);
    });
    await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
    await Deno.writeFile(join(folder, path), content, { mode });
    files.push({ path, mode, bytes: content.length, sha256: sha256(content) });
  }
  const manifest = { name: nameOf(files), files };
  await Deno.writeTextFile(join(folder, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
  return manifest;
}

/** SHA-256 in hexadecimal. */
export function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The directory's name, 32 hexadecimal digits: other contents, other name. */
export function nameOf(files: PackedFile[]): string {
  return sha256(new TextEncoder().encode(JSON.stringify(files))).slice(0, 32);
}
