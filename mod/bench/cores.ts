/** Experiments 2a and 2b: where VRIs run, and how many of them. */
import { placements } from "../vr_monitor/mod.ts";
import {
  balancedBy,
  benchCores,
  coreRate_fps,
  counted,
  kfps,
  kinds,
  mustPace,
  offered_fps,
  pacedWord,
  startStage,
  verdict,
  vris,
} from "./dummy.ts";
import { measureBestLimit } from "./limit.ts";
import { benchRouters } from "./routers.ts";
import { captured_bytes } from "./stage_routes.ts";
import { median } from "./statistics.ts";
import { trace_frames } from "./throughput.ts";
import type { BenchContext, Outcome } from "./types.ts";

/** One row of 2a. The ideal is the machine's own limit, as in 1c. */
export interface PlacementRow {
  readonly experiment: "2a";
  readonly router: string;
  readonly placement: string;
  readonly frames_per_second: number;
  readonly ideal_frames_per_second: number;
  readonly ratio: number;
  /** Why the VRI is where it is, in the placement's words. */
  readonly why: string;
}

/** One row of 2b. The ideal is what the VRIs serve together, or what is offered. */
export interface CoresRow {
  readonly experiment: "2b";
  readonly router: string;
  readonly balanced_by: string;
  /** VRIs; each has a core of its own, unless they are paced or more than there are. */
  readonly cores: number;
  readonly frames_per_second: number;
  readonly ideal_frames_per_second: number;
  readonly ratio: number;
}

/** The median of several samples of one stage. */
async function sampled(context: BenchContext, sample: () => Promise<number>): Promise<number> {
  const rates: number[] = [];
  for (let i = 0; i < context.timing.samples; i++) rates.push(await sample());
  return Math.round(median(rates));
}

/** 2a: frames through one VRI as fast as they are taken, for each placement. */
export async function benchPlacements(context: BenchContext): Promise<Outcome> {
  const { runtime, machine, timing, window_frames } = context;
  const rows: PlacementRow[] = [];
  const cores = machine.used_cores;
  const common = { runtime, cores, captured_bytes, trace_frames, ms: timing.limit_ms };
  const limit = () => measureBestLimit(common);
  for (const router of context.router === null ? benchRouters : [context.router]) {
    for (const [name, placement] of Object.entries(placements)) {
      if (name !== (context.cores.placement ?? name)) continue;
      const before = await limit();
      const spec = { router, rates_fps: [[null]], byFrame: false, placement, paced: false };
      let frames_per_second: number;
      let why: string;
      {
        await using stage = await startStage(context, spec);
        why = stage.whys[0]!;
        await stage.setTargets([1]);
        await stage.offer(0, { rate_fps: 0, window_frames });
        frames_per_second = await sampled(context, async () => {
          return (await stage.framesPerSecond(timing.sample_ms, timing.warm_up_ms))[0]!;
        });
      }
      const ideal_frames_per_second = Math.round((before + await limit()) / 2);
      const ratio = frames_per_second / ideal_frames_per_second;
      rows.push({
        experiment: "2a",
        router,
        placement: name,
        frames_per_second,
        ideal_frames_per_second,
        ratio,
        why,
      });
      const mfps = (frames_per_second / 1e6).toFixed(2);
      context.progress(`${router} ${name}: ${mfps} Mfps, ${ratio.toFixed(2)} of the limit`);
    }
  }
  return { rows, paced: false };
}

/** What that many VRIs on that many cores serve of what is offered. Pure. */
export function ideal_fps(count: number, cores: number): number {
  return Math.min(offered_fps, coreRate_fps * Math.min(count, cores));
}

/** 2b: a fixed number of VRIs with the dummy load. */
export async function benchFixed(context: BenchContext): Promise<Outcome> {
  const { timing } = context;
  const usable = benchCores();
  const paced = mustPace(usable);
  const cores = paced ? Infinity : usable.length - 1;
  const most = paced ? vris : Math.min(cores, 2 * vris);
  const counts = Array.from({ length: most + 2 }, (_, i) => i + 1); // more than cores, too
  const rows: CoresRow[] = [];
  for (const { router, byFrame } of kinds(context)) {
    for (const count of context.quick ? [1, 3, 7] : counts) {
      const rates_fps = [Array<number>(count).fill(coreRate_fps)];
      await using stage = await startStage(context, { router, rates_fps, byFrame, paced });
      await stage.setTargets([count]);
      await stage.offer(0, { rate_fps: offered_fps, window_frames: 0 });
      const frames_per_second = await sampled(context, async () => {
        return (await stage.framesPerSecond(2 * timing.sample_ms, timing.warm_up_ms))[0]!;
      });
      const ideal_frames_per_second = ideal_fps(count, cores);
      const ratio = frames_per_second / ideal_frames_per_second;
      const balanced_by = balancedBy(byFrame);
      const figures = { frames_per_second, ideal_frames_per_second, ratio };
      rows.push({ experiment: "2b", router, balanced_by, cores: count, ...figures });
      context.progress(
        `${router} by ${balanced_by}, ${counted(count, "VRI")} (${pacedWord(paced)}): ` +
          `${kfps(frames_per_second)} of ${kfps(ideal_frames_per_second)}; ` +
          `target 0.97 of the ideal: ${verdict(ratio >= 0.97)}`,
      );
    }
  }
  return { rows, paced };
}
