/** Experiment 1c: frames per second from memory to discard, through one VRI. */
import { manifest } from "../../ffi/abi.gen.ts";
import { BenchGateway, type Throughput } from "./gateway.ts";
import { measureBestLimit } from "./limit.ts";
import { benchRouters, routerCommand } from "./routers.ts";
import type { BenchContext, Timing } from "./types.ts";
import { median } from "./statistics.ts";

/** One row of the result. */
export interface ThroughputRow {
  readonly experiment: "1c";
  readonly router: string;
  readonly queue: string;
  /** As on a wire: with preamble 8, check sequence 4, gap 12. */
  readonly wire_bytes: number;
  readonly frames_per_second: number;
  readonly bits_per_second: number;
  readonly limit_frames_per_second: number;
  readonly ratio: number;
  /** Time of the VRI for a frame. */
  readonly router_ns_per_frame: number;
  /** Whether each frame was copied into the arena. The limit always is measured with a copy. */
  readonly copy: boolean;
  /** On their way at most. */
  readonly window_frames: number;
}

/** The paper's sizes and its largest. */
const wireSizes_bytes = [84, 128, 256, 512, 1024, 1280, 1538] as const;
const quickSizes_bytes = [84, 1538] as const;
/** Preamble, check sequence and gap: not in a capture. */
export const wireOverhead_bytes = 24;
export const trace_frames = 4096;
const routes = 1000;

interface Case {
  readonly router: string;
  readonly queue: string;
  readonly wire_bytes: number;
}

/** Seven sizes, four queues and three routers take some minutes with these, not half an hour. */
function timingOf({ quick, timing }: BenchContext): Timing {
  return quick ? timing : { ...timing, samples: 3, limit_ms: 100, warm_up_ms: 100, sample_ms: 300 };
}

/** One sample: starts the gateway, and lets frames through. */
async function sampleOnce(context: BenchContext, c: Case): Promise<Throughput> {
  const { core, runtime, machine, window_frames, capture, zeroCopy } = context;
  const timing = timingOf(context);
  await using gateway = await BenchGateway.start(core, {
    ...routerCommand(c.router, runtime),
    queue: manifest.queues.findIndex((name) => name === c.queue),
    balancer: 0,
    byFrame: false,
    vrs: 1,
    vrisPerVr: 1,
    routes: c.router === "cppvr-relay" ? 0 : routes,
    cores: machine.used_cores.slice(0, 2),
    busyPoll: false,
    replay: {
      captured_bytes: c.wire_bytes - wireOverhead_bytes,
      trace_frames,
      flows: trace_frames,
      window_frames,
      rate_fps: 0,
      stamps: false,
      zeroCopy,
    },
    ...(capture === null ? {} : { capture }),
  }, runtime);
  const found = await gateway.throughput(timing.sample_ms, timing.warm_up_ms);
  const { totals, input } = await gateway.sample();
  const { drops, keptFrames } = totals;
  if (zeroCopy && input.uncopiedFrames !== input.receivedFrames) {
    const copied = input.receivedFrames - input.uncopiedFrames;
    context.progress(`copied all the same: ${copied} of ${input.receivedFrames}`);
  }
  const lost = [...Object.entries(drops), ["kept by the kernel", keptFrames] as const]
    .filter(([, frames]) => frames > 0);
  if (lost.length > 0) {
    context.progress(`not forwarded: ${lost.map(([why, n]) => `${why} ${n}`).join(", ")}`);
  }
  return found;
}

interface Bracketed {
  readonly found: Throughput;
  /** Mean of the one before and the one after. */
  readonly limit: number;
}

/** All contestants at one size, in turn, with the limit before and after each. */
async function sampleSize(
  context: BenchContext,
  cases: readonly Case[],
  wire_bytes: number,
): Promise<ReadonlyMap<Case, readonly Bracketed[]>> {
  const { runtime, machine } = context;
  const timing = timingOf(context);
  const captured_bytes = wire_bytes - wireOverhead_bytes;
  const common = { runtime, cores: machine.used_cores, captured_bytes, trace_frames };
  const limit = () => measureBestLimit({ ...common, ms: timing.limit_ms });
  const samples = new Map<Case, Bracketed[]>(cases.map((c) => [c, []]));
  let before = await limit();
  for (let i = 0; i < timing.samples; i++) {
    for (const c of cases) {
      const found = await sampleOnce(context, c);
      const after = await limit();
      samples.get(c)!.push({ found, limit: (before + after) / 2 });
      before = after;
    }
  }
  return samples;
}

function rowOf(context: BenchContext, c: Case, samples: readonly Bracketed[]): ThroughputRow {
  const middle = (of: (sample: Bracketed) => number) => median(samples.map(of));
  const frames_per_second = Math.round(middle(({ found }) => found.frames_per_second));
  return {
    experiment: "1c",
    ...c,
    frames_per_second,
    bits_per_second: frames_per_second * c.wire_bytes * 8,
    limit_frames_per_second: Math.round(middle(({ limit }) => limit)),
    copy: !context.zeroCopy,
    ratio: middle(({ found, limit }) => found.frames_per_second / limit),
    router_ns_per_frame: middle(({ found }) => found.router_ns_per_frame),
    window_frames: context.window_frames,
  };
}

/** Sizes to measure; of a captured trace, its mean, which the limit is measured at. */
function sizesOf({ capture, quick }: BenchContext): readonly number[] {
  if (capture === null) return quick ? quickSizes_bytes : wireSizes_bytes;
  const mean = capture.reduce((sum, { bytes }) => sum + bytes.length, 0) / capture.length;
  return [Math.round(Math.min(1900, Math.max(60, mean))) + wireOverhead_bytes];
}

/** All cases, each the median of several samples. */
export async function benchThroughput(context: BenchContext): Promise<ThroughputRow[]> {
  if (context.zeroCopy) {
    context.progress("the limit copies each frame: with --zero-copy, ratios compare unlike things");
  }
  const queues = context.queue === null
    ? context.quick ? manifest.queues.slice(0, 1) : manifest.queues
    : [context.queue];
  const routers = context.router === null ? benchRouters : [context.router];
  const contestants = routers.flatMap((router) => queues.map((queue) => ({ router, queue })));
  const rows = new Map(contestants.map((contestant) => [contestant, [] as ThroughputRow[]]));
  for (const wire_bytes of sizesOf(context)) {
    const cases = contestants.map((contestant) => ({ ...contestant, wire_bytes }));
    const samples = await sampleSize(context, cases, wire_bytes);
    for (const [i, c] of cases.entries()) {
      const row = rowOf(context, c, samples.get(c)!);
      rows.get(contestants[i]!)!.push(row);
      const mfps = (row.frames_per_second / 1e6).toFixed(2);
      const ratio = `${row.ratio.toFixed(2)} of the limit`;
      context.progress(`${c.router} ${c.queue} ${wire_bytes} bytes: ${mfps} Mfps, ${ratio}`);
    }
  }
  return [...rows.values()].flat();
}
