/** Experiment 1c: frames per second from memory to discard, through one VRI. */
import { manifest } from "../../ffi/abi.gen.ts";
import { BenchGateway, type Throughput } from "./gateway.ts";
import { measureBestLimit } from "./limit.ts";
import { benchRouters, routerCommand } from "./routers.ts";
import type { BenchContext } from "./types.ts";
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

/** One bracketed sample: the limit before and after, the product in between. */
async function sampleOnce(context: BenchContext, c: Case): Promise<[Throughput, number]> {
  const { core, runtime, machine, timing, window_frames, capture, zeroCopy } = context;
  const captured_bytes = c.wire_bytes - wireOverhead_bytes;
  const cores = machine.used_cores;
  const limit = async () => {
    const common = { runtime, cores, captured_bytes, trace_frames, ms: timing.limit_ms };
    return await measureBestLimit(common);
  };
  const before = await limit();
  let found: Throughput;
  {
    await using gateway = await BenchGateway.start(core, {
      ...routerCommand(c.router, runtime),
      queue: manifest.queues.findIndex((name) => name === c.queue),
      balancer: 0,
      byFrame: false,
      vrs: 1,
      vrisPerVr: 1,
      routes: c.router === "cppvr-relay" ? 0 : routes,
      cores: cores.slice(0, 2),
      busyPoll: false,
      replay: {
        captured_bytes,
        trace_frames,
        flows: trace_frames,
        window_frames,
        rate_fps: 0,
        stamps: false,
        zeroCopy,
      },
      ...(capture === null ? {} : { capture }),
    }, runtime);
    found = await gateway.throughput(timing.sample_ms, timing.warm_up_ms);
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
  }
  return [found, (before + await limit()) / 2];
}

/** Sizes to measure; of a captured trace, its mean, which the limit is measured at. */
function sizesOf({ capture, quick }: BenchContext): readonly number[] {
  if (capture === null) return quick ? quickSizes_bytes : wireSizes_bytes;
  const mean = capture.reduce((sum, { bytes }) => sum + bytes.length, 0) / capture.length;
  return [Math.round(Math.min(1900, Math.max(60, mean))) + wireOverhead_bytes];
}

/** All cases, each the median of several bracketed samples. */
export async function benchThroughput(context: BenchContext): Promise<ThroughputRow[]> {
  const rows: ThroughputRow[] = [];
  if (context.zeroCopy) {
    context.progress("the limit copies each frame: with --zero-copy, ratios compare unlike things");
  }
  const queues = context.queue === null
    ? context.quick ? manifest.queues.slice(0, 1) : manifest.queues
    : [context.queue];
  const routers = context.router === null ? benchRouters : [context.router];
  for (const router of routers) {
    for (const queue of queues) {
      for (const wire_bytes of sizesOf(context)) {
        const samples: [Throughput, number][] = [];
        for (let i = 0; i < context.timing.samples; i++) {
          samples.push(await sampleOnce(context, { router, queue, wire_bytes }));
        }
        const frames_per_second = Math.round(median(samples.map(([it]) => it.frames_per_second)));
        const row = {
          experiment: "1c",
          router,
          queue,
          wire_bytes,
          frames_per_second,
          bits_per_second: frames_per_second * wire_bytes * 8,
          limit_frames_per_second: Math.round(median(samples.map(([, limit]) => limit))),
          copy: !context.zeroCopy,
          ratio: median(samples.map(([it, limit]) => it.frames_per_second / limit)),
          router_ns_per_frame: median(samples.map(([it]) => it.router_ns_per_frame)),
          window_frames: context.window_frames,
        } as const;
        rows.push(row);
        const mfps = (row.frames_per_second / 1e6).toFixed(2);
        context.progress(`${router} ${queue} ${wire_bytes} bytes: ${mfps} Mfps`);
      }
    }
  }
  return rows;
}
