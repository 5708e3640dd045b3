/**
 * Experiment 1d: the time of each frame from adapter to discard, at shares of the capacity that
 * was just measured, one frame at a time, and out of idleness.
 */
import { manifest } from "../../ffi/abi.gen.ts";
import { BenchGateway, type ReplayOptions } from "./gateway.ts";
import { measureBare } from "./limit.ts";
import { benchRouters, routerCommand } from "./routers.ts";
import { trace_frames } from "./throughput.ts";
import { wireOverhead_bytes } from "./throughput.ts";
import type { BenchContext } from "./types.ts";

/** One row of the result. Times are from the adapter's hand to the discard. */
export interface LatencyRow {
  readonly experiment: "1d";
  readonly router: string;
  readonly queue: string;
  readonly wire_bytes: number;
  /** `one at a time`, `1 %`, `50 %`, `90 %` of capacity, or `idle`: asleep before each frame. */
  readonly load: string;
  /** Offered; 0 where each frame waits for the one before. */
  readonly offered_frames_per_second: number;
  readonly frames: number;
  readonly mean_us: number;
  readonly p50_us: number;
  readonly p99_us: number;
  readonly p999_us: number;
  readonly max_us: number;
  /** What one reading of the clock takes; it is part of each figure, once. */
  readonly clock_reading_us: number;
}

/**
 * What the machine takes without lvrm: the wake-up of a process that sleeps on a futex, and that of
 * two in turn, beside the `idle` rows; a cache line over and one back, beside `one at a time`.
 */
export interface BareRow {
  readonly experiment: "1d";
  readonly router: "bare futex" | "bare timer and futex" | "bare cache lines";
  readonly p50_us: number;
  readonly p99_us: number;
}

const wireSizes_bytes = [84, 1538] as const;
const idleRate_fps = 200;
const idle_ms = 1000;
const shares = [1, 50, 90] as const;
const bare = [
  ["bare futex", "futex"],
  ["bare timer and futex", "sleepers"],
  ["bare cache lines", "lines"],
] as const;
const us = (ns: number) => Math.round(ns) / 1000;

interface Case {
  readonly router: string;
  readonly queue: string;
  readonly wire_bytes: number;
}

async function start(
  context: BenchContext,
  c: Case,
  replay: Partial<ReplayOptions>,
): Promise<BenchGateway> {
  return await BenchGateway.start(context.core, {
    ...routerCommand(c.router, context.runtime),
    queue: manifest.queues.findIndex((name) => name === c.queue),
    balancer: 0,
    byFrame: false,
    vrs: 1,
    vrisPerVr: 1,
    routes: c.router === "cppvr-relay" ? 0 : 1000,
    cores: context.machine.used_cores.slice(0, 2),
    busyPoll: false,
    replay: {
      captured_bytes: c.wire_bytes - wireOverhead_bytes,
      trace_frames,
      flows: trace_frames,
      window_frames: 0,
      rate_fps: 0,
      stamps: true,
      ...replay,
    },
  }, context.runtime);
}

async function measure(
  context: BenchContext,
  c: Case,
  load: string,
  replay: Partial<ReplayOptions>,
): Promise<LatencyRow> {
  await using gateway = await start(context, c, replay);
  const { sample_ms, warm_up_ms } = context.timing;
  // Frames out of idleness are few: more time for them.
  const ms = load === "idle" ? Math.max(4 * sample_ms, idle_ms) : sample_ms;
  const report = await gateway.latency(ms, warm_up_ms);
  const row = {
    experiment: "1d",
    ...c,
    load,
    offered_frames_per_second: replay.rate_fps ?? 0,
    frames: report.frames,
    mean_us: us(report.meanNs),
    p50_us: us(report.p50Ns),
    p99_us: us(report.p99Ns),
    p999_us: us(report.p999Ns),
    max_us: us(report.maxNs),
    clock_reading_us: us(report.clockNs),
  } as const;
  context.progress(`${c.router} ${c.wire_bytes} bytes, ${load}: p50 ${row.p50_us} µs`);
  return row;
}

async function measureCapacity(context: BenchContext, c: Case): Promise<number> {
  await using gateway = await start(context, c, {
    window_frames: context.window_frames,
    stamps: false,
  });
  return await gateway.framesPerSecond(context.timing.sample_ms, context.timing.warm_up_ms);
}

/** All cases, and the bare futex beside them. */
export async function benchLatency(context: BenchContext): Promise<(LatencyRow | BareRow)[]> {
  const rows: (LatencyRow | BareRow)[] = [];
  const queue = context.queue ?? manifest.queues[0];
  for (const router of context.router === null ? benchRouters : [context.router]) {
    for (const wire_bytes of context.quick ? wireSizes_bytes.slice(0, 1) : wireSizes_bytes) {
      const c = { router, queue, wire_bytes };
      rows.push(await measure(context, c, "one at a time", { window_frames: 1 }));
      const capacity = await measureCapacity(context, c);
      for (const share of shares) {
        const rate_fps = Math.max(1, Math.round(capacity * share / 100));
        rows.push(await measure(context, c, `${share} %`, { rate_fps }));
      }
      rows.push(await measure(context, c, "idle", { rate_fps: idleRate_fps }));
    }
  }
  for (const [router, what] of bare) {
    const { p50, p99 } = await measureBare(what, context);
    rows.push({ experiment: "1d", router, p50_us: us(p50), p99_us: us(p99) });
  }
  return rows;
}
