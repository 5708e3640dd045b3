/**
 * How long it takes from a decision to the first frame that a new VRI served, and from a decision
 * until one that leaves holds nothing: many times over, by the dispatcher's time stamps, beside
 * what a bare futex costs on the same two cores. A frame's service (dummy load) is part of it.
 */
import {
  benchCores,
  coreRate_fps,
  counted,
  mustPace,
  pacedWord,
  startStage,
  verdict,
} from "./dummy.ts";
import { measureBare } from "./limit.ts";
import { sleep } from "./command.ts";
import type { Stage, StageChange } from "./stage.ts";
import { quantile } from "./statistics.ts";
import type { BenchContext, Outcome } from "./types.ts";

/** One row: one kind of change. Times are microseconds since the decision. */
export interface AllocationRow {
  readonly experiment: "allocation";
  readonly router: string;
  readonly change: "allocation" | "deallocation";
  /** `paced` VRIs look for frames twice per millisecond, which is part of a deallocation's time. */
  readonly dummy_load: "none" | "busy" | "paced";
  /** `waits`, or `is being replaced`: another process starts at that moment. */
  readonly standby: string;
  /** VRIs that run before (after a deallocation). */
  readonly vris: number;
  readonly changes: number;
  /** Until the plan was in force; null of a deallocation. */
  readonly unparked_p50_us: number | null;
  readonly unparked_p99_us: number | null;
  /** Until the first frame came back, or the last one. */
  readonly effect_p50_us: number;
  readonly effect_p99_us: number;
  readonly effect_max_us: number;
  /** The wake-up of a process that sleeps, without any of lvrm. */
  readonly futex_p50_us: number;
  readonly futex_p99_us: number;
}

interface Case {
  readonly router: string;
  /** Running before. */
  readonly vris: number;
  /** Of each VRI; null: frames are served as fast as they come. */
  readonly rate_fps: number | null;
  readonly replaced: boolean;
  readonly paced: boolean;
}

/** Between two changes: all have gone back to sleep by then. */
const rest_ms = 12;

const round = (value: number): number => Math.round(value * 10) / 10;

function rowOf(
  c: Case,
  change: AllocationRow["change"],
  found: readonly StageChange[],
  futex: { readonly p50: number; readonly p99: number },
): AllocationRow {
  const effects = found.map((it) => it.effect_us);
  const unparked = found.flatMap((it) => it.unparked_us ?? []);
  const unparked_us = (share: number) =>
    unparked.length === 0 ? null : round(quantile(unparked, share));
  return {
    experiment: "allocation",
    router: c.router,
    change,
    dummy_load: c.rate_fps === null ? "none" : c.paced ? "paced" : "busy",
    standby: c.replaced ? "is being replaced" : "waits",
    vris: c.vris,
    changes: found.length,
    unparked_p50_us: unparked_us(0.5),
    unparked_p99_us: unparked_us(0.99),
    effect_p50_us: round(quantile(effects, 0.5)),
    effect_p99_us: round(quantile(effects, 0.99)),
    effect_max_us: round(Math.max(...effects)),
    futex_p50_us: round(futex.p50 / 1000),
    futex_p99_us: round(futex.p99 / 1000),
  };
}

async function changes(stage: Stage, c: Case, count: number) {
  const joined: StageChange[] = [];
  const left: StageChange[] = [];
  for (let i = 0; i < count; i++) {
    await sleep(rest_ms);
    const bystander = c.replaced ? await stage.startBystander(0) : null;
    const up = await stage.setTargets([c.vris + 1]);
    joined.push(...up.joined);
    await sleep(rest_ms);
    left.push(...(await stage.setTargets([c.vris])).left);
    await bystander?.();
    await stage.sample(); // who has drained is a standby again
  }
  return { joined, left };
}

async function measure(context: BenchContext, c: Case, count: number): Promise<AllocationRow[]> {
  const futex = await measureBare("futex", context);
  const rates_fps = [Array<number | null>(c.vris + 1).fill(c.rate_fps)];
  const spec = { router: c.router, rates_fps, byFrame: true, paced: c.paced };
  await using stage = await startStage(context, spec);
  await stage.setTargets([c.vris]);
  // A little less than those serve that run all the time.
  const rate_fps = Math.round(0.9 * (c.rate_fps ?? coreRate_fps) * c.vris);
  await stage.offer(0, { rate_fps, window_frames: 0 });
  await sleep(100);
  const { joined, left } = await changes(stage, c, count);
  const rows = [rowOf(c, "allocation", joined, futex), rowOf(c, "deallocation", left, futex)];
  for (const row of rows) context.progress(lineOf(row));
  return rows;
}

function lineOf(row: AllocationRow): string {
  const { change, vris, dummy_load, standby, effect_p50_us, effect_p99_us } = row;
  const load = dummy_load === "none" ? "no dummy load" : pacedWord(dummy_load === "paced");
  const inForce = row.unparked_p50_us === null ? "" : `in force after ${row.unparked_p50_us} µs; `;
  return `${change}, ${counted(vris, "VRI")} (${load}), the standby ${standby}: ` +
    `p50 ${effect_p50_us} µs, p99 ${effect_p99_us} µs ` +
    `(${inForce}bare futex ${row.futex_p50_us} µs, p99 ${row.futex_p99_us}); ` +
    `target 100 µs: ${verdict(effect_p50_us <= 100)}, ` +
    `1 ms at p99: ${verdict(effect_p99_us <= 1000)}`;
}

/** One more VRI and one less, over and over. */
export async function benchAllocation(context: BenchContext): Promise<Outcome> {
  const paced = mustPace(benchCores());
  const count = context.quick ? 12 : 100;
  const router = "cppvr-relay";
  const rows: AllocationRow[] = [];
  for (const replaced of [false, true]) {
    for (const rate_fps of [null, coreRate_fps]) {
      for (const vris of context.quick ? [1] : [1, 5]) {
        if (rate_fps === null && vris > 1) continue;
        rows.push(...await measure(context, { router, vris, rate_fps, replaced, paced }, count));
      }
    }
  }
  return { rows, paced };
}
