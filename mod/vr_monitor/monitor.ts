/**
 * The VR monitor: once per period, how many cores each VR gets from now on, and why. It holds what
 * it has learned and nothing else: time, load and cores are given to it, so that a simulation runs
 * it as the gateway does.
 */
import { allocate, maximumOf } from "./allocate.ts";
import { share } from "./shares.ts";
import { cores as coresOf } from "./words.ts";
import type { DecisionRecord, Memory, VrLoad, VrPolicy, Wish } from "./types.ts";

export interface VrMonitorOptions {
  readonly period_ms: number;
  /** More VRIs than usable cores. */
  readonly overcommit: boolean;
  /** Decisions are not acted upon: the monitor then goes by what it would have decided before. */
  readonly dryRun?: boolean;
  /** Unix time at `now_ms` 0; default: that of `performance.now()`. */
  readonly origin_ms?: number;
  /** `now_ms` when lvrm started; default 0. */
  readonly started_ms?: number;
}

/** What is so, at the start of a period. */
export interface VrMonitorState {
  /** Running VRIs that each VR has or is about to have. */
  readonly targets: readonly number[];
  /** VRs whose VRIs fail over and over: one VRI goes on trying, their cores go to others. */
  readonly broken: readonly boolean[];
}

export interface Period {
  /** Running VRIs that each VR shall have; at least 1. */
  readonly targets: readonly number[];
  /** One for each target that changed. */
  readonly decisions: readonly DecisionRecord[];
  /** VRs that get less than they want. */
  readonly starved: readonly boolean[];
  /** What each VR would get, were there enough cores. */
  readonly wanted: readonly number[];
}

/** Circumstances of a decision. */
interface Given {
  readonly arrival_rate_fps: number;
  readonly cores: number;
  readonly broken: boolean;
}

/** What is remembered of one VR. */
interface VrMemory {
  memory: Memory;
  changed_ms: number | null;
  /** Its target of the last period; what a dry run goes by. */
  target: number | null;
}

export class VrMonitor {
  readonly #policies: readonly VrPolicy[];
  readonly #options: VrMonitorOptions;
  readonly #vrs: VrMemory[];

  constructor(policies: readonly VrPolicy[], options: VrMonitorOptions) {
    this.#policies = policies;
    this.#options = options;
    this.#vrs = policies.map(() => ({ memory: null, changed_ms: null, target: null }));
  }

  /** VRIs of each VR before there is any load: bounds and shares already hold. */
  start(cores: number): number[] {
    const wanted = this.#policies.map((policy) => {
      const first = policy.allocator === "fixed" ? policy.vris : policy.minCores;
      return Math.max(policy.minCores, Math.min(first, maximumOf(policy)));
    });
    return this.#share(wanted, wanted, wanted.map(() => false), cores);
  }

  /** Decides one period. `cores`: usable for VRIs now, the dispatcher's not counted. */
  period(now_ms: number, loads: readonly VrLoad[], cores: number, state: VrMonitorState): Period {
    const before = state.targets.map((target, vr) =>
      this.#options.dryRun === true ? this.#vrs[vr]!.target ?? target : target
    );
    const wishes = this.#policies.map((_, vr) => this.#wish(vr, now_ms, loads[vr]!, before[vr]!));
    const wanted = wishes.map((wish) => wish.wanted);
    const targets = this.#share(wanted, before, state.broken, cores);
    const decisions: DecisionRecord[] = [];
    for (const [vr, after] of targets.entries()) {
      const memory = this.#vrs[vr]!;
      memory.target = after;
      if (after === before[vr]) continue;
      if (Math.sign(after - before[vr]!) === Math.sign(wanted[vr]! - before[vr]!)) {
        memory.changed_ms = now_ms;
      }
      const { arrival_rate_fps } = loads[vr]!;
      const given = { arrival_rate_fps, cores, broken: state.broken[vr]! };
      const why = this.#why(vr, wishes[vr]!, after, given);
      decisions.push({ ...this.#when(now_ms, vr), before: before[vr]!, after, ...why });
    }
    const starved = targets.map((target, vr) => target < wanted[vr]!);
    return { targets, decisions, starved, wanted };
  }

  #wish(vr: number, now_ms: number, load: VrLoad, cores_now: number): Wish {
    const policy = this.#policies[vr]!;
    const known = this.#vrs[vr]!;
    const view = { policy, load, cores_now, now_ms, memory: known.memory };
    const wish = allocate(view, known.changed_ms);
    known.memory = wish.memory;
    return wish;
  }

  #share(
    wanted: readonly number[],
    before: readonly number[],
    broken: readonly boolean[],
    cores: number,
  ): number[] {
    const claims = this.#policies.map((policy, vr) => {
      const { minCores: minimum, weight } = policy;
      if (broken[vr]) return { minimum: 0, wanted: 0, weight, now: 0 };
      return { minimum, wanted: wanted[vr]!, weight, now: before[vr]! };
    });
    const given = share(claims, this.#options.overcommit ? Infinity : cores);
    return given.map((count) => Math.max(1, count)); // a broken VR's one VRI goes on trying
  }

  #when(now_ms: number, vr: number) {
    const { origin_ms = performance.timeOrigin, started_ms = 0, dryRun = false } = this.#options;
    return {
      at: new Date(origin_ms + now_ms).toISOString(),
      uptime_ms: Math.round(now_ms - started_ms),
      vr: this.#policies[vr]!.name,
      took_us: null,
      dry_run: dryRun,
    };
  }

  #why(vr: number, wish: Wish, after: number, given: Given) {
    const { wanted, rule, reason } = wish;
    const { arrival_rate_fps, cores, broken } = given;
    const known = Object.entries(wish.inputs).filter(([, value]) => Number.isFinite(value));
    const inputs = { arrival_rate_fps, ...Object.fromEntries(known), cores };
    if (broken) {
      const text = "its VRIs fail over and over: others get its cores until one lasts";
      return { wanted, rule: "broken", reason: text, inputs };
    }
    if (after >= wanted) return { wanted, rule, reason, inputs };
    const { weight } = this.#policies[vr]!;
    const text = `${reason}; ${coresOf(cores)} for all, and its share of them is ${after}`;
    return { wanted, rule: "share", reason: text, inputs: { ...inputs, weight } };
  }
}
