/** What became of one simulated VR: frames, cores, and how soon it got the cores it needed. */
import type { Outcome, Row, SimulatedVr } from "./types.ts";

export class Account {
  readonly name: string;
  readonly #capacity_fps: number;
  #offered = 0;
  #lost = 0;
  #oracleLost = 0;
  #core_s = 0;
  #oracle_s = 0;
  #peak = 1; // the oracle's
  #changes = 0;
  #starvedPeriods = 0;
  #periods = 0;
  #short_s = NaN; // since when its cores are too few; NaN: they are not
  #shortCores = 0; // what it had then
  #starved = false;
  readonly #reactions_ms: number[] = [];
  // Of the period under way.
  #cores = 0;
  #ideal = 0;
  #arrived = 0;
  #sentBefore = 0;
  #row: Omit<Row, "t_s" | "vr"> | null = null;

  constructor(vr: SimulatedVr) {
    this.name = vr.policy.name;
    this.#capacity_fps = vr.capacity_fps;
  }

  /** `time`: cores' worth of time that VRIs, and the oracle's, can get at most. */
  begin(
    [cores, ideal]: readonly [number, number],
    time: readonly [number, number],
    sent: number,
    period_s: number,
  ): void {
    this.#cores = cores;
    this.#ideal = ideal;
    this.#arrived = 0;
    this.#sentBefore = sent;
    this.#core_s += time[0] * period_s;
    this.#oracle_s += time[1] * period_s;
    this.#peak = Math.max(this.#peak, ideal);
    this.#periods++;
  }

  /** Traffic of one slot, before it is served by `cores`. */
  slot(arrived: number, at_s: number, slot_s: number, cores: number): void {
    this.#arrived += arrived;
    const isShort = arrived > this.#capacity_fps * cores * slot_s * (1 + 1e-9);
    if (isShort) {
      if (Number.isNaN(this.#short_s)) {
        this.#short_s = at_s;
        this.#shortCores = cores;
      }
      return;
    }
    // Over by itself, if it has no more cores than then: nobody had to react.
    const reacted = !Number.isNaN(this.#short_s) && cores > this.#shortCores;
    if (reacted && !this.#starved) this.#reactions_ms.push((at_s - this.#short_s) * 1000);
    this.#short_s = NaN;
  }

  lost(frames: number, oracleFrames: number): void {
    this.#lost += frames;
    this.#oracleLost += oracleFrames;
  }

  end(sent: number, period_s: number): void {
    this.#offered += this.#arrived;
    this.#row = {
      offered_fps: this.#arrived / period_s,
      carried_fps: (sent - this.#sentBefore) / period_s,
      cores: this.#cores,
      ideal_cores: this.#ideal,
    };
  }

  /** The period that ended, as a line of the history. */
  row(t_s: number): Row {
    return { t_s, vr: this.name, ...this.#row! };
  }

  decided(before: number, after: number, starved: boolean): void {
    if (after !== before) this.#changes++;
    if (starved) this.#starvedPeriods++;
    this.#starved = starved;
    if (starved) this.#short_s = NaN;
  }

  /** All of them as one outcome. */
  static together(vr: string, all: readonly Account[], duration_s: number): Outcome {
    const sum = (of: (it: Account) => number) => all.reduce((total, it) => total + of(it), 0);
    const offered = sum((it) => it.#offered);
    const core_s = sum((it) => it.#core_s);
    const oracle_s = sum((it) => it.#oracle_s);
    const peak = sum((it) => it.#peak);
    const reactions = all.flatMap((it) => it.#reactions_ms).sort((a, b) => a - b);
    const share = (frames: number) => offered === 0 ? 0 : frames / offered;
    return {
      vr,
      offered_frames: Math.round(offered),
      dropped_frames: Math.round(sum((it) => it.#lost)),
      dropped_share: share(sum((it) => it.#lost)),
      core_seconds: core_s,
      oracle_core_seconds: oracle_s,
      oracle_dropped_share: share(sum((it) => it.#oracleLost)),
      ratio: core_s / oracle_s,
      fixed_peak_cores: peak,
      fixed_peak_core_seconds: peak * duration_s,
      fixed_peak_ratio: peak * duration_s / oracle_s,
      reallocations_per_hour: sum((it) => it.#changes) * 3600 / duration_s,
      reactions: reactions.length,
      reaction_ms_mean: reactions.reduce((a, b) => a + b, 0) / Math.max(1, reactions.length),
      reaction_ms_p99: reactions[Math.floor(reactions.length * 0.99)] ?? 0,
      reaction_ms_max: reactions.at(-1) ?? 0,
      starved_share: sum((it) => it.#starvedPeriods) / Math.max(1, sum((it) => it.#periods)),
    };
  }
}
