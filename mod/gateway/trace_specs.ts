/** What `--adapter memory:sizes=…` has the library generate. Pure. */
import type { TraceSpec } from "../../ffi/replay.ts";
import { ExitCode, Failure } from "../config/mod.ts";
import { type GeneratedTrace, wireOverhead_bytes } from "../config/source.ts";
import { formatPrefix, makePrefix } from "../netlink/mod.ts";
import type { Prefix } from "../netlink/mod.ts";

/** Of one trace, at least: it is replayed round and round. */
const leastFrames = 4096;
const mostFrames = 1 << 20;
const mostDestinations = 1 << 16;
/** Shortest frame with addresses and ports of each family, as captured. */
const shortest_bytes = { 4: 60, 6: 70 } as const;
/** Where every VR serves everything. */
const anyones = [makePrefix(new Uint8Array([10, 0, 0, 0]), 16)];

const gcd = (a: number, b: number): number => b === 0 ? a : gcd(b, a % b);

/** Subnets within a destination prefix that frames go to, one host each. */
function spread({ family, length }: Prefix): { length: number; count: number } {
  const [subnet, host] = family === 4 ? [24, 32] : [64, 128];
  const to = length <= subnet ? subnet : host;
  return { length: to, count: 2 ** Math.min(to - length, Math.log2(mostDestinations)) };
}

/** Sources: those asked for, or the VRs' own but for ones that are everything. */
function sourcesOf(trace: GeneratedTrace, served: readonly Prefix[]): readonly Prefix[] {
  if (trace.subnets !== null) return trace.subnets;
  const own = served.filter(({ length }) => length > 0);
  return own.length > 0 ? own : anyones;
}

/**
 * A specification for each pair of source and destination of one family, with equal shares of
 * flows and frames. Throws Failure (configuration) where that cannot be.
 */
export function traceSpecs(
  trace: GeneratedTrace,
  served: readonly Prefix[],
  macs: { readonly source: Uint8Array; readonly destination: Uint8Array },
): TraceSpec[] {
  const pairs = sourcesOf(trace, served).flatMap((source) => {
    const fitting = trace.destinations.filter(({ family }) => family === source.family);
    if (fitting.length > 0) return fitting.map((destination) => ({ source, destination }));
    throw new Failure(
      ExitCode.configuration,
      `--adapter memory: no destination for sources in ${formatPrefix(source)}: add one of ` +
        `IPv${source.family} to to=`,
    );
  });
  const flows = Math.ceil(trace.flows / pairs.length);
  const sizes = trace.sizes_bytes.map((bytes) => bytes - wireOverhead_bytes);
  const round = flows / gcd(flows, sizes.length) * sizes.length;
  const frames = round * Math.max(1, Math.ceil(leastFrames / pairs.length / round));
  if (frames * pairs.length > mostFrames) {
    throw new Failure(
      ExitCode.configuration,
      `--adapter memory: ${trace.flows} flows of ${sizes.length} sizes in ${pairs.length} ` +
        `pairs of subnets make a trace of ${frames * pairs.length} frames, at most ${mostFrames} ` +
        `are generated: take fewer`,
    );
  }
  return pairs.map(({ source, destination }) => {
    const least = shortest_bytes[source.family];
    const short = sizes.find((bytes) => bytes < least);
    if (short !== undefined) {
      throw new Failure(
        ExitCode.configuration,
        `--adapter memory: frames of ${short + wireOverhead_bytes} bytes on the wire are too ` +
          `short for IPv${source.family}: sizes= from ${least + wireOverhead_bytes} on`,
      );
    }
    const { length, count } = spread(destination);
    return {
      frames,
      sizes,
      flows,
      family: source.family,
      source: source.address,
      sources: 1,
      sourceLength: source.length,
      destination: destination.address,
      destinations: count,
      destinationLength: length,
      sourceMac: macs.source,
      destinationMac: macs.destination,
    };
  });
}
