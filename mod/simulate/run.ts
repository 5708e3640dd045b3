/**
 * Runs a scenario in virtual time: the meter and the VR monitor that the gateway uses, against
 * models of VRs. Beside it runs an oracle that knows what will arrive in each period and has, at
 * each period's start, the fewest cores that can serve it; and what a fixed number for the peak
 * would cost is counted. Deterministic: time and chance come from the scenario.
 */
import { LoadMeter, VrMonitor } from "../vr_monitor/mod.ts";
import type { DecisionRecord } from "../vr_monitor/mod.ts";
import { share } from "../vr_monitor/shares.ts";
import { Cores, ModelVr } from "./model.ts";
import { Arrivals } from "./noise.ts";
import { Account } from "./account.ts";
import { takeTurns } from "./turns.ts";
import type { Outcome, Row, Scenario } from "./types.ts";

/** Parts of a period in which traffic is taken as even. */
const slots = 10;
/** Decisions that a report keeps: the last ones. */
const keptDecisions = 10_000;
/** Times that a history has, about. */
const historyTimes = 600;

export interface Report {
  readonly scenario: string;
  readonly simulated_s: number;
  readonly cores: number;
  readonly period_ms: number;
  readonly seed: number;
  readonly total: Outcome;
  readonly vrs: readonly Outcome[];
  readonly decisions: readonly DecisionRecord[];
  readonly rows: readonly Row[];
}

/** One VR with all that follows it. */
interface Track {
  readonly model: ModelVr;
  readonly oracle: Cores;
  readonly arrivals: Arrivals;
  readonly frames: Float64Array;
  readonly account: Account;
}

/** Runs it to its end. */
export function simulate(scenario: Scenario): Report {
  const { cores, vrs } = scenario;
  const period_s = scenario.period_ms / 1000;
  const periods = Math.ceil(scenario.duration_s / period_s);
  const monitor = new VrMonitor(vrs.map((vr) => vr.policy), {
    period_ms: scenario.period_ms,
    overcommit: scenario.overcommit,
    origin_ms: 0,
  });
  const meter = new LoadMeter();
  let life = 0;
  const tracks = monitor.start(cores).map((target, i): Track => ({
    model: new ModelVr(vrs[i]!, target, () => ++life),
    oracle: new Cores(vrs[i]!),
    arrivals: new Arrivals(vrs[i]!, scenario.seed, i),
    frames: new Float64Array(slots),
    account: new Account(vrs[i]!),
  }));
  const broken = vrs.map(() => false);
  const decisions: DecisionRecord[] = [];
  const rows: Row[] = [];
  const every = Math.max(1, Math.floor(periods / historyTimes));
  meter.measure({ clock_ns: 0, vrs: tracks.map(({ model }) => model.counters(-1, 0, 1)) });
  for (let period = 0; period < periods; period++) {
    const from_s = period * period_s;
    const ideal = oracleCores(scenario, tracks, from_s, period_s);
    serve(scenario, tracks, ideal, from_s);
    const until_s = from_s + period_s;
    if (period % every === 0) rows.push(...tracks.map((it) => it.account.row(from_s)));
    const loads = meter.measure({
      clock_ns: until_s * 1e9,
      vrs: tracks.map(({ model, arrivals }) =>
        model.counters(from_s, until_s, arrivals.busyFactor())
      ),
    });
    const targets = tracks.map(({ model }) => model.target);
    const decided = monitor.period(until_s * 1000, loads, cores, { targets, broken });
    tracks.forEach(({ model, account }, i) => {
      const target = decided.targets[i]!;
      account.decided(targets[i]!, target, decided.starved[i]!);
      if (target !== targets[i]) model.setTarget(target, until_s, scenario.start_ms / 1000);
    });
    decisions.push(...decided.decisions);
    if (decisions.length > 2 * keptDecisions) decisions.splice(0, keptDecisions);
  }
  const accounts = tracks.map((track) => track.account);
  const simulated_s = periods * period_s;
  return {
    scenario: scenario.name,
    simulated_s,
    cores,
    period_ms: scenario.period_ms,
    seed: scenario.seed,
    total: Account.together("all", accounts, simulated_s),
    vrs: accounts.map((it) => Account.together(it.name, [it], simulated_s)),
    decisions: decisions.slice(-keptDecisions),
    rows,
  };
}

/** Draws what arrives in a period, and says with how many cores the oracle meets it. */
function oracleCores(
  { vrs, cores, overcommit }: Scenario,
  tracks: readonly Track[],
  from_s: number,
  period_s: number,
): number[] {
  const needed = tracks.map(({ arrivals, frames }, i) => {
    const total = arrivals.fill(frames, from_s, period_s / slots);
    const exact = total / (vrs[i]!.capacity_fps * period_s);
    const { minCores, maxCores } = vrs[i]!.policy;
    return Math.max(minCores, Math.min(Math.ceil(exact - 1e-9), maxCores ?? Infinity));
  });
  if (overcommit || needed.reduce((sum, count) => sum + count, 0) <= cores) return needed;
  const claims = needed.map((wanted, i) => {
    const { minCores: minimum, weight } = vrs[i]!.policy;
    return { minimum, wanted, weight, now: 0 };
  });
  return share(claims, cores);
}

/** One period of all VRs, and of their oracles. */
function serve(
  scenario: Scenario,
  tracks: readonly Track[],
  ideal: readonly number[],
  from_s: number,
): void {
  const period_s = scenario.period_ms / 1000;
  const slot_s = period_s / slots;
  const cores = Math.max(1, scenario.cores); // without any of their own they have the dispatcher's
  const targets = tracks.map(({ model }) => model.target);
  const isCrowded = sum(targets) > cores;
  const isOracleCrowded = sum(ideal) > cores;
  const part = (vris: readonly number[]) => Math.min(1, cores / sum(vris));
  const [mine, its] = [part(targets), part(ideal)];
  tracks.forEach(({ model, account }, i) => {
    const both = [targets[i]!, ideal[i]!] as const;
    account.begin(both, [both[0] * mine, both[1] * its], model.sent, period_s);
  });
  const turnsOf = (
    vrs: readonly { needed(arrived: number, slot_s: number): number }[],
    counts: readonly number[],
    slot: number,
  ) => {
    const needed = (i: number) => vrs[i]!.needed(tracks[i]!.frames[slot]!, slot_s);
    return takeTurns(counts.map((vris, i) => ({ vris, needed: needed(i) })), cores);
  };
  for (let slot = 0; slot < slots; slot++) {
    const at_s = from_s + slot * slot_s;
    const vris = tracks.map(({ model }) => model.coresIn(at_s, at_s + slot_s));
    const turns = isCrowded ? turnsOf(tracks.map((it) => it.model), vris, slot) : null;
    const oracles = isOracleCrowded ? turnsOf(tracks.map((it) => it.oracle), ideal, slot) : null;
    for (const [i, { model, oracle, frames, account }] of tracks.entries()) {
      const arrived = frames[slot]!;
      account.slot(arrived, at_s, slot_s, vris[i]!);
      account.lost(
        model.step(arrived, at_s, slot_s, turns?.[i]),
        oracle.step(arrived, slot_s, ideal[i]!, oracles?.[i]),
      );
    }
  }
  for (const { model, account } of tracks) account.end(model.sent, period_s);
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
