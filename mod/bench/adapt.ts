/**
 * Experiments 2c and 2d: cores follow the load. The product's VR monitor decides, out of the
 * product's counters, once per period; what it decides is done to real VRIs.
 */
import { allocators, LoadMeter, VrMonitor } from "../vr_monitor/mod.ts";
import { boundsOf } from "./core_options.ts";
import { drawChart, plainLine, redraw } from "./chart.ts";
import { benchCores, coreRate_fps, type Kind, kinds, mustPace, startStage } from "./dummy.ts";
import { pacedWord, verdict, vris } from "./dummy.ts";
import { policyOf } from "./policy.ts";
import { carried_fps, type Stage, type StageSample } from "./stage.ts";
import { median } from "./statistics.ts";
import { idealCores, type Reaction, sideBySide, staircase } from "./steps.ts";
import type { BenchContext, Outcome } from "./types.ts";

/** One period of one VR. */
export interface AdaptRow {
  readonly experiment: "2c" | "2d";
  readonly router: string;
  readonly allocator: string;
  readonly t_s: number;
  readonly vr: string;
  readonly offered_fps: number;
  readonly carried_fps: number;
  readonly cores: number;
  readonly ideal_cores: number;
}

interface Play {
  readonly experiment: AdaptRow["experiment"];
  readonly kind: Kind;
  /** Offered to each VR, by step. */
  readonly steps: readonly (readonly number[])[];
  readonly step_ms: number;
  readonly period_ms: number;
  /** VRIs that each VR may get. */
  readonly most: number;
  readonly paced: boolean;
}

/** What is gathered. */
interface Found {
  readonly rows: AdaptRow[];
  readonly reactions: Reaction[];
  readonly allocations_us: number[];
  readonly deallocations_us: number[];
}

interface Wanted {
  readonly since_ms: number;
  readonly reaction: Reaction;
}

const name = (vr: number) => `vr${vr + 1}`;
const sleepUntil = (at_ms: number) =>
  new Promise<void>((done) => setTimeout(done, Math.max(0, at_ms - performance.now())));

/** Allocators that go by the load. */
export const adaptiveAllocators = Object.keys(allocators).filter((name) => name !== "fixed");

/** One run over all steps. */
class Player {
  readonly #context: BenchContext;
  readonly #play: Play;
  readonly #stage: Stage;
  readonly #found: Found;
  readonly #monitor: VrMonitor;
  readonly #meter = new LoadMeter();
  readonly #started_ms: number;
  readonly #first: number;
  readonly #wanted = new Map<number, Wanted>(); // by VR
  #offered: readonly number[];
  #before: StageSample | null = null;
  #drawn = 0;

  constructor(context: BenchContext, play: Play, stage: Stage, found: Found) {
    this.#context = context;
    this.#play = play;
    this.#stage = stage;
    this.#started_ms = performance.now();
    this.#found = found;
    this.#first = found.rows.length;
    const vrs = play.steps[0]!;
    this.#offered = vrs.map(() => 0);
    const { period_ms } = play;
    const { coreRate_fps, minCores } = context.cores;
    const { most } = boundsOf(context.cores, play.most);
    this.#monitor = new VrMonitor(
      vrs.map((_, vr) => policyOf(name(vr), most, context.allocator, { coreRate_fps, minCores })),
      {
        period_ms,
        overcommit: false,
        started_ms: this.#started_ms,
      },
    );
  }

  /** The ideal staircase, within the bounds that were asked for. */
  #ideal(rate_fps: number): number {
    const { least, most } = boundsOf(this.#context.cores, this.#play.most);
    const ideal = idealCores(rate_fps, this.#context.cores.coreRate_fps);
    return Math.max(least, Math.min(most, ideal));
  }

  /** Cores that VRIs may have. */
  get #cores(): number {
    return this.#play.paced ? vris + 1 : benchCores().length - 1;
  }

  async run(): Promise<void> {
    const { steps, step_ms, period_ms } = this.#play;
    await this.#stage.setTargets(this.#monitor.start(this.#cores));
    let next_ms = this.#started_ms + period_ms;
    for (const [i, offered] of steps.entries()) {
      await this.#step(offered);
      const until_ms = this.#started_ms + (i + 1) * step_ms;
      for (; next_ms <= until_ms; next_ms = Math.max(next_ms + period_ms, performance.now())) {
        await sleepUntil(next_ms);
        await this.#period();
      }
      await sleepUntil(until_ms);
    }
  }

  /** The load changes; who wants other cores for it is noted. */
  async #step(offered: readonly number[]): Promise<void> {
    for (const [vr, rate_fps] of offered.entries()) {
      const before = this.#offered[vr]!;
      if (rate_fps === before) continue;
      await this.#stage.offer(vr, rate_fps === 0 ? null : { rate_fps, window_frames: 0 });
      this.#giveUp(vr);
      const from_cores = this.#stage.running(vr);
      const to_cores = this.#ideal(rate_fps);
      // The staircase is what `dynamic` goes by; others have a number of cores of their own.
      if (from_cores === to_cores || this.#context.allocator !== "dynamic") continue;
      const since_ms = performance.now();
      const t_s = (since_ms - this.#started_ms) / 1000;
      const what = { vr: name(vr), offered_fps: rate_fps, from_cores, to_cores };
      this.#wanted.set(vr, { since_ms, reaction: { t_s, ...what, reaction_ms: null } });
    }
    this.#offered = offered;
  }

  #giveUp(vr: number): void {
    const wanted = this.#wanted.get(vr);
    if (wanted !== undefined) this.#found.reactions.push(wanted.reaction);
    this.#wanted.delete(vr);
  }

  /** Looks, decides, acts. */
  async #period(): Promise<void> {
    const sample = await this.#stage.sample();
    const now_ms = performance.now();
    const targets = this.#offered.map((_, vr) => this.#stage.running(vr));
    const loads = this.#meter.measure(sample.loads);
    const broken = targets.map(() => false);
    const decided = this.#monitor.period(now_ms, loads, this.#cores, { targets, broken });
    if (this.#before !== null) this.#note(this.#before, sample, now_ms);
    this.#before = sample;
    const times = await this.#stage.setTargets(decided.targets);
    this.#found.allocations_us.push(...times.joined.map((it) => it.effect_us));
    this.#found.deallocations_us.push(...times.left.map((it) => it.effect_us));
    for (const [vr, { since_ms, reaction }] of this.#wanted) {
      if (this.#stage.running(vr) !== reaction.to_cores) continue;
      const reaction_ms = Math.round(times.inForce_ms - since_ms);
      this.#wanted.set(vr, { since_ms, reaction: { ...reaction, reaction_ms } });
      this.#giveUp(vr);
    }
  }

  #note(before: StageSample, after: StageSample, now_ms: number): void {
    const carried = carried_fps(before, after);
    for (const [vr, offered_fps] of this.#offered.entries()) {
      this.#found.rows.push({
        experiment: this.#play.experiment,
        router: this.#play.kind.router,
        allocator: this.#context.allocator,
        t_s: Math.round(now_ms - this.#started_ms) / 1000,
        vr: name(vr),
        offered_fps,
        carried_fps: Math.round(carried[vr]!),
        cores: this.#stage.running(vr),
        ideal_cores: this.#ideal(offered_fps),
      });
    }
    this.#show();
  }

  #show(): void {
    const { paced, most } = this.#play;
    const rows = this.#found.rows.slice(this.#first);
    if (!this.#context.terminal) {
      for (const row of rows.slice(-this.#offered.length)) {
        this.#context.progress(plainLine(row, paced));
      }
      return;
    }
    const lines = drawChart(rows, most, paced);
    this.#context.progress(redraw(lines, this.#drawn));
    this.#drawn = lines.length;
  }

  end(): void {
    for (const vr of this.#offered.keys()) this.#giveUp(vr);
  }
}

/** Lines about the targets. */
function judge(found: Found, period_ms: number): string[] {
  const { reactions, allocations_us } = found;
  const bound_ms = period_ms + 100;
  const late = reactions.filter(({ reaction_ms }) => (reaction_ms ?? Infinity) > bound_ms);
  const times = reactions.flatMap(({ reaction_ms }) => reaction_ms ?? []);
  const longest = times.length === 0 ? "-" : `${Math.max(...times)} ms`;
  const lines = reactions.length === 0 ? [] : [
    `${reactions.length} steps that want other cores, the longest reaction ${longest}; ` +
    `target: each within a period and 100 ms (${bound_ms} ms): ${verdict(late.length === 0)}`,
  ];
  for (const it of late) {
    const when = it.reaction_ms === null ? "not before the next step" : `${it.reaction_ms} ms`;
    lines.push(`  ${it.vr} at ${it.t_s.toFixed(1)} s, to ${it.to_cores} cores: ${when}`);
  }
  if (allocations_us.length === 0) return lines;
  const middle = median(allocations_us);
  return [
    ...lines,
    `${allocations_us.length} allocations, from the decision to the first frame served: median ` +
    `${Math.round(middle)} µs, longest ${Math.max(...allocations_us)} µs; ` +
    `target 100 µs: ${verdict(middle <= 100)}`,
  ];
}

async function adapt(
  context: BenchContext,
  parts: Pick<Play, "experiment" | "steps" | "most">,
): Promise<Outcome> {
  const paced = mustPace(benchCores());
  const period_ms = context.cores.period_ms ?? (context.quick ? 200 : 1000);
  const step_ms = Math.max(context.quick ? 1000 : 5000, 2 * period_ms);
  boundsOf(context.cores, parts.most); // before anything starts
  const found: Found = { rows: [], reactions: [], allocations_us: [], deallocations_us: [] };
  for (const kind of kinds(context)) {
    context.progress(
      `${kind.router}, ${context.allocator}, ${pacedWord(paced)}, a period of ${period_ms} ms`,
    );
    const play = { ...parts, kind, step_ms, period_ms, paced };
    const rates_fps = parts.steps[0]!.map(() => Array<number>(parts.most).fill(coreRate_fps));
    const { router, byFrame } = kind;
    await using stage = await startStage(context, { router, rates_fps, byFrame, paced });
    const player = new Player(context, play, stage, found);
    await player.run();
    player.end();
  }
  judge(found, period_ms).forEach((line) => context.progress(line));
  const { rows, ...more } = found;
  const text = new Set(found.rows.map((row) => row.router)).values().flatMap((router) => [
    router,
    ...drawChart(found.rows.filter((row) => row.router === router), parts.most, paced),
  ]);
  return { rows, paced, ...more, text: [...text].join("\n") + "\n" };
}

/** 2c: one VR, 60 → 360 → 60 Kfps. */
export function benchOneVr(context: BenchContext): Promise<Outcome> {
  const most_fps = context.quick ? 180_000 : 360_000;
  const steps = sideBySide(staircase(60_000, most_fps, 60_000), 1, 0);
  return adapt(context, { experiment: "2c", steps, most: vris + 1 });
}

/** 2d: two VRs, each 30 → 180 → 30 Kfps, the second three steps later. */
export function benchTwoVrs(context: BenchContext): Promise<Outcome> {
  const stairs = context.quick
    ? staircase(30_000, 90_000, 60_000)
    : staircase(30_000, 180_000, 30_000);
  const steps = sideBySide(stairs, 2, context.quick ? 1 : 3);
  return adapt(context, { experiment: "2d", steps, most: vris / 2 + 1 });
}
