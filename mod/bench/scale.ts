/** What a frame costs as balancers, VRIs, VRs and routes vary, and the queues by themselves. */
import { manifest } from "../../ffi/abi.gen.ts";
import { counted } from "./dummy.ts";
import { BenchGateway, type GatewayOptions } from "./gateway.ts";
import { measureLimit, measureLoopback } from "./limit.ts";
import { median } from "./statistics.ts";
import { routerCommand } from "./routers.ts";
import { trace_frames } from "./throughput.ts";
import type { BenchContext } from "./types.ts";

/** Cost of a frame: all that lvrm and its VRIs do for it, by the slowest of them. */
export interface CostRow {
  readonly experiment: "balancers" | "scale";
  /** `dispatcher alone`: no processes. */
  readonly router: string;
  readonly queue: string;
  readonly balancer: string;
  readonly balanced_by: "flow" | "frame";
  readonly vrs: number;
  readonly vris_per_vr: number;
  /** CPUs that the VRIs had, all together. */
  readonly vri_cores: number;
  readonly routes: number;
  /** On their way at most, of all VRs; 0: as many as a pass takes. */
  readonly window_frames: number;
  readonly frames_per_second: number;
  readonly frame_ns: number;
  /** Beside the first row of its series. */
  readonly ratio: number;
}

/** A bare queue, one way, in batches of 64 words. */
export interface QueueRow {
  readonly experiment: "queues";
  readonly queue: string;
  readonly words_per_second: number;
  readonly word_ns: number;
}

const captured_bytes = 60;
/** On their way at most, of all VRs together: more would not stay in the second cache. */
const mostWindow_frames = 8192;

type Variation = Partial<
  Pick<GatewayOptions, "balancer" | "byFrame" | "vrs" | "vrisPerVr" | "routes">
>;

async function cost(
  context: BenchContext,
  experiment: CostRow["experiment"],
  router: string,
  variation: Variation,
): Promise<CostRow> {
  const { core, runtime, machine, timing } = context;
  const queue = context.queue ?? manifest.queues[0];
  const options: GatewayOptions = {
    ...routerCommand(router, runtime),
    queue: manifest.queues.findIndex((name) => name === queue),
    balancer: 0,
    byFrame: false,
    vrs: 1,
    vrisPerVr: 1,
    routes: 1000,
    cores: machine.used_cores,
    busyPoll: false,
    replay: {
      captured_bytes,
      trace_frames,
      flows: trace_frames,
      // Each VR has a queue and an arena of its own, so each may have frames on their way.
      window_frames: Math.min(mostWindow_frames, context.window_frames * (variation.vrs ?? 1)),
      rate_fps: 0,
      stamps: false,
    },
    ...variation,
  };
  const rates: number[] = [];
  for (let i = 0; i < timing.samples; i++) {
    await using gateway = await BenchGateway.start(core, options, runtime);
    rates.push(await gateway.framesPerSecond(timing.sample_ms, timing.warm_up_ms));
  }
  const frames_per_second = Math.round(median(rates));
  const vris = options.vrs * options.vrisPerVr;
  const row: CostRow = {
    experiment,
    router,
    queue,
    balancer: manifest.balancers[options.balancer]!,
    balanced_by: options.byFrame ? "frame" : "flow",
    vrs: options.vrs,
    vris_per_vr: options.vrisPerVr,
    vri_cores: Math.min(vris, Math.max(1, machine.used_cores.length - 1)),
    routes: options.routes,
    window_frames: options.replay.window_frames,
    frames_per_second,
    frame_ns: 1e9 / frames_per_second,
    ratio: 1,
  };
  const routers = `${counted(vris, "VRI")} of ${counted(row.vrs, "VR")}`;
  const what = `${routers}, ${counted(row.routes, "route")}, ${row.balancer}`;
  context.progress(`${what} by ${row.balanced_by}: ${row.frame_ns.toFixed(1)} ns`);
  return row;
}

/**
 * The dispatcher's own part: looped back on itself on one core (`lvrm-loopback`), without the
 * processes' switches of context, which are most of what many VRs on few cores cost.
 */
async function dispatcherCost(context: BenchContext, vrs: number): Promise<CostRow> {
  const { runtime, timing, quick } = context;
  const queue = context.queue ?? manifest.queues[0];
  const samples: number[] = [];
  for (let i = 0; i < timing.samples; i++) {
    samples.push(await measureLoopback(runtime, queue, vrs, quick ? 1e6 : 2e7));
  }
  const frame_ns = median(samples);
  context.progress(`the dispatcher alone, ${counted(vrs, "VR")}: ${frame_ns.toFixed(1)} ns`);
  return {
    experiment: "scale",
    router: "dispatcher alone",
    queue,
    balancer: manifest.balancers[0],
    balanced_by: "flow",
    vrs,
    vris_per_vr: 1,
    vri_cores: 0,
    routes: 0,
    window_frames: 0,
    frames_per_second: Math.round(1e9 / frame_ns),
    frame_ns,
    ratio: 1,
  };
}

/** Rows beside the first of them: how many times its cost. */
function beside(rows: readonly CostRow[]): CostRow[] {
  return rows.map((row) => ({ ...row, ratio: row.frame_ns / rows[0]!.frame_ns }));
}

/** The balancers over 2, 4 and 8 VRIs, by flow and by frame, beside one VRI without a choice. */
export async function benchBalancers(context: BenchContext): Promise<CostRow[]> {
  const router = context.router ?? "cppvr-relay";
  const rows = [await cost(context, "balancers", router, {})];
  for (const balancer of manifest.balancers.keys()) {
    for (const byFrame of [false, true]) {
      for (const vrisPerVr of context.quick ? [2] : [2, 4, 8]) {
        rows.push(await cost(context, "balancers", router, { balancer, byFrame, vrisPerVr }));
      }
    }
  }
  return beside(rows);
}

/** 1 to 64 VRs, then 1 to 100,000 routes in one VR, then 1 to 64 VRs for the dispatcher alone. */
export async function benchScale(context: BenchContext): Promise<CostRow[]> {
  const router = context.router ?? "cppvr";
  const byVrs: CostRow[] = [];
  for (const vrs of context.quick ? [1, 4] : [1, 4, 16, 64]) {
    byVrs.push(await cost(context, "scale", router, { vrs, routes: 1000 }));
  }
  const byRoutes: CostRow[] = [];
  for (const routes of context.quick ? [1, 1000] : [1, 10, 100, 1000, 10_000, 100_000]) {
    byRoutes.push(await cost(context, "scale", router, { routes }));
  }
  const alone: CostRow[] = [];
  for (const vrs of context.quick ? [1, 4] : [1, 4, 16, 64]) {
    alone.push(await dispatcherCost(context, vrs));
  }
  return [...beside(byVrs), ...beside(byRoutes), ...beside(alone)];
}

/** Each queue by itself on two cores. */
export async function benchQueues(context: BenchContext): Promise<QueueRow[]> {
  const { runtime, machine, timing } = context;
  const rows: QueueRow[] = [];
  for (const queue of context.queue === null ? manifest.queues : [context.queue]) {
    const rates: number[] = [];
    for (let i = 0; i < timing.samples; i++) {
      rates.push(
        await measureLimit({
          runtime,
          cores: machine.used_cores,
          captured_bytes,
          trace_frames,
          window_frames: context.window_frames,
          ms: timing.limit_ms,
          queue,
        }),
      );
    }
    const words_per_second = Math.round(median(rates));
    rows.push({ experiment: "queues", queue, words_per_second, word_ns: 1e9 / words_per_second });
    context.progress(`${queue}: ${(words_per_second / 1e6).toFixed(0)} M words/s`);
  }
  return rows;
}
