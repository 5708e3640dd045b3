/** Experiments 3a and 3b: what balancers carry of the ideal, over six VRIs, and for two VRs. */
import { manifest } from "../../ffi/abi.gen.ts";
import {
  balancedBy,
  benchCores,
  coreRate_fps,
  kfps,
  type Kind,
  kinds,
  mustPace,
  offered_fps,
  pacedWord,
  startStage,
  verdict,
  vris,
} from "./dummy.ts";
import { median } from "./statistics.ts";
import type { BenchContext, Outcome } from "./types.ts";

/** One row of the result. */
export interface BalanceRow {
  readonly experiment: "3a" | "3b";
  readonly router: string;
  readonly balanced_by: string;
  readonly balancer: string;
  /** `equal`, or `one at half speed` (3a). */
  readonly vris: string;
  /** 3b: T, twice what the VR that got less carried. */
  readonly frames_per_second: number;
  readonly ideal_frames_per_second: number;
  readonly ratio: number;
}

/** With one VRI at half speed the others are faster, so that all of it can be carried: 396 Kfps. */
const unequalRate_fps = 72_000;

/** Service rates of six VRIs. Pure. */
export function serviceRates_fps(equal: boolean): number[] {
  if (equal) return Array<number>(vris).fill(coreRate_fps);
  return [unequalRate_fps / 2, ...Array<number>(vris - 1).fill(unequalRate_fps)];
}

/** T of two VRs, or the rate of one. Pure. */
export function combined(rates_fps: readonly number[]): number {
  return rates_fps.length * Math.min(...rates_fps);
}

interface Case extends Kind {
  readonly balancer: number;
  readonly equal: boolean;
  /** Service rates by VR. */
  readonly rates_fps: readonly (readonly number[])[];
  readonly paced: boolean;
}

async function measure(
  context: BenchContext,
  experiment: BalanceRow["experiment"],
  c: Case,
): Promise<BalanceRow> {
  const { timing } = context;
  await using stage = await startStage(context, c);
  await stage.setTargets(c.rates_fps.map((rates) => rates.length));
  for (const vr of c.rates_fps.keys()) {
    const rate_fps = offered_fps / c.rates_fps.length;
    await stage.offer(vr, { rate_fps, window_frames: 0 });
  }
  const found: number[] = [];
  for (let i = 0; i < timing.samples; i++) {
    found.push(combined(await stage.framesPerSecond(4 * timing.sample_ms, timing.warm_up_ms)));
  }
  const frames_per_second = Math.round(median(found));
  const row: BalanceRow = {
    experiment,
    router: c.router,
    balanced_by: balancedBy(c.byFrame),
    balancer: manifest.balancers[c.balancer]!,
    vris: c.equal ? "equal" : "one at half speed",
    frames_per_second,
    ideal_frames_per_second: offered_fps,
    ratio: frames_per_second / offered_fps,
  };
  context.progress(
    `${row.router} by ${row.balanced_by}, ${row.balancer}, ${
      c.equal ? "equal VRIs" : "one VRI at half speed"
    } ` +
      `(${pacedWord(c.paced)}): ${kfps(frames_per_second)}, ratio ${row.ratio.toFixed(3)}`,
  );
  return row;
}

/** Shares of the ideal that are as good as equal, and a difference that is none of chance. */
const alike = 0.005;
const clearly = 0.03;

/** Says of each router's balancers whether they reach the targets. Pure. */
export function judgeBalancers(rows: readonly BalanceRow[]): string[] {
  const lines: string[] = [];
  for (const router of new Set(rows.map((row) => row.router))) {
    const of = (kind: string) => rows.filter((it) => it.router === router && it.vris === kind);
    const ratios = of("equal").map((row) => row.ratio);
    const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
    lines.push(
      `${router}, equal VRIs: from ${least.toFixed(3)} to ${most.toFixed(3)} of the ideal; ` +
        `target 0.97 each: ${verdict(least >= 0.97)}, within 0.01: ${
          verdict(most - least <= 0.01)
        }`,
    );
    const unequal = of("one at half speed");
    const jsq = unequal.find((row) => row.balancer === "jsq");
    if (jsq === undefined) continue;
    const others = unequal.filter((row) => row !== jsq).map((row) => row.ratio);
    const [best, worst] = [Math.max(...others), Math.min(...others)];
    // `power_of_two` looks at the loads too, and may do as well; those that don't can't.
    const isAhead = jsq.ratio >= best - alike && jsq.ratio >= worst + clearly;
    lines.push(
      `${router}, one VRI at half speed: jsq ${jsq.ratio.toFixed(3)}, the best other ` +
        `${best.toFixed(3)}, the worst ${worst.toFixed(3)}; ` +
        `target jsq behind none, clearly ahead of those that don't look: ${verdict(isAhead)}`,
    );
  }
  return lines;
}

/** 3a: six VRIs of one VR. */
export async function benchBalance(context: BenchContext): Promise<Outcome> {
  const paced = mustPace(benchCores());
  const rows: BalanceRow[] = [];
  for (const kind of kinds(context)) {
    for (const equal of [true, false]) {
      for (const balancer of manifest.balancers.keys()) {
        const rates_fps = [serviceRates_fps(equal)];
        rows.push(await measure(context, "3a", { ...kind, balancer, equal, rates_fps, paced }));
      }
    }
  }
  judgeBalancers(rows).forEach((line) => context.progress(line));
  return { rows, paced };
}

/** 3b: two VRs with three VRIs each, half of the frames for each. */
export async function benchFairness(context: BenchContext): Promise<Outcome> {
  const paced = mustPace(benchCores());
  const rows: BalanceRow[] = [];
  const half = serviceRates_fps(true).slice(0, vris / 2);
  for (const kind of kinds(context)) {
    for (const balancer of manifest.balancers.keys()) {
      const c = { ...kind, balancer, equal: true, rates_fps: [half, half], paced };
      const row = await measure(context, "3b", c);
      rows.push(row);
      context.progress(`target for T, 0.97 of the ideal: ${verdict(row.ratio >= 0.97)}`);
    }
  }
  return { rows, paced };
}
