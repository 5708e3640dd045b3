/** Which socket adapter serves a port: the one asked for, or the best that opens there. */
import { manifest } from "../../ffi/abi.gen.ts";
import { CoreError } from "../../ffi/core.ts";
import type { Core, PortConfig } from "../../ffi/core.ts";
import { ExitCode, Failure } from "../config/mod.ts";
import type { Settings } from "../config/mod.ts";
import { virtualAdapters } from "../config/source.ts";

/** What `auto` tries, best first; one that is not here comes last. */
const order = ["pf_ring", "packet_mmap", "af_xdp", "raw"];

/** Adapters of interfaces by number, in the order of `auto`. */
export function preferred(names: readonly string[] = manifest.adapters): number[] {
  const rank = (i: number) => (order.indexOf(names[i]!) + order.length + 1) % (order.length + 1);
  return [...names.keys()].filter((i) => !virtualAdapters.includes(names[i]!))
    .sort((a, b) => rank(a) - rank(b));
}

/** What ports may be opened with. */
export interface AdapterChoice {
  /** In order; exactly one where the user asked for it. */
  readonly candidates: readonly number[];
  readonly asked: boolean;
  /** Why better ones are not among them. */
  readonly passed: readonly string[];
  /** `--zero-copy`. */
  readonly zeroCopy?: boolean;
}

/** The adapter asked for, or all that work on this machine. Throws Failure (host). */
export function chooseAdapters(
  { adapter, zeroCopy = false }: Pick<Settings, "adapter"> & { readonly zeroCopy?: boolean },
  core: Pick<Core, "adapterUnavailable">,
): AdapterChoice {
  if (typeof adapter === "number") {
    const reason = core.adapterUnavailable(adapter);
    if (reason !== null) throw new Failure(ExitCode.host, reason, ["adapter"]);
    return { candidates: [adapter], asked: true, passed: [], zeroCopy };
  }
  const candidates: number[] = [];
  const passed: string[] = [];
  for (const each of preferred()) {
    const reason = core.adapterUnavailable(each);
    if (reason === null) candidates.push(each);
    else if (candidates.length === 0) passed.push(named(each, reason));
  }
  if (candidates.length > 0) return { candidates, asked: false, passed };
  throw new Failure(ExitCode.host, `no socket adapter works here: ${passed.join("; ")}`);
}

/** A port that is open. */
export interface OpenedPort {
  readonly adapter: number;
  /** What the adapter tells of itself. */
  readonly info: string;
  /** Why this one. */
  readonly why: string;
}

/** What of the core this needs. */
export type PortCore = Pick<Core, "portOpen" | "portClose" | "portDescription">;

/** Why an adapter that is open on a port is not good enough for `auto`; null when it is. */
export function disqualified(adapter: number, info: string): string | null {
  if (manifest.adapters[adapter] !== "af_xdp" || info.startsWith("native")) return null;
  return `af_xdp: only in ${info.split(",")[0]} here, which is slow`;
}

/** Opens a port with the first candidate that works there. Throws CoreError when none does. */
export function openPort(
  core: PortCore,
  config: Omit<PortConfig, "adapter">,
  { candidates, asked, passed, zeroCopy = false }: AdapterChoice,
): OpenedPort {
  const reasons = [...passed];
  let last: CoreError | null = null;
  for (const adapter of candidates) {
    try {
      core.portOpen({ ...config, adapter, zeroCopy });
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      if (asked) throw error;
      reasons.push(named(adapter, error.message));
      last = error;
      continue;
    }
    const info = core.portDescription(config.port);
    if (asked) return { adapter, info, why: "asked for" };
    const flaw = disqualified(adapter, info);
    if (flaw === null) return { adapter, info, why: because(reasons) };
    // It can't be closed while a plan is on its way: then it has to do.
    if (!core.portClose(config.port)) return { adapter, info, why: flaw };
    reasons.push(flaw);
  }
  throw new CoreError(`no socket adapter works: ${reasons.join("; ")}`, last?.errno ?? 0);
}

const because = (reasons: readonly string[]) =>
  reasons.length === 0
    ? "the best"
    : `the best that works here (${reasons.map(withoutCure).join("; ")})`;

/** What is wrong, and not what to do: nobody asked for that adapter. `lvrm adapters` says it. */
export function withoutCure(reason: string): string {
  return reason.split(/\. (?=[A-Z])/)[0]!;
}

/** A reason where its adapter's name stands beside it. */
export function unnamed(adapter: string, reason: string): string {
  return reason.startsWith(`${adapter}: `) ? reason.slice(adapter.length + 2) : reason;
}

/** A reason that begins with its adapter's name, once. */
function named(adapter: number, reason: string): string {
  const name = manifest.adapters[adapter]!;
  return reason.startsWith(name) ? reason : `${name}: ${reason}`;
}
