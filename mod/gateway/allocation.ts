/**
 * Cores for VRs, period by period: loads out of a snapshot, the VR monitor's decision, and the VRI
 * monitor that makes it so. Called by the gateway's loop.
 */
import type { SnapshotReader } from "../../ffi/stats.ts";
import type { Settings } from "../config/mod.ts";
import { keptDecisions, largestVr, mostVris, times } from "../config/sizes.ts";
import type { VrCores } from "../metrics/mod.ts";
import { LoadMeter, readSample, VrMonitor } from "../vr_monitor/mod.ts";
import type { DecisionRecord, VrLoad } from "../vr_monitor/mod.ts";
import type { PlanChange, Target, VriMonitor } from "../vri_monitor/mod.ts";
import type { CoreKeeper } from "./core_keeper.ts";
import type { Cores } from "./cores.ts";
import { Decisions } from "./decisions.ts";
import type { Progress } from "./decisions.ts";

export interface AllocationParts {
  readonly settings: Settings;
  readonly vris: VriMonitor;
  readonly cores: Cores;
  readonly keeper: Pick<CoreKeeper, "look">;
  readonly clockNs: () => bigint;
}

export class Allocation {
  readonly #parts: AllocationParts;
  readonly #monitor: VrMonitor;
  readonly #meter = new LoadMeter();
  readonly #decisions = new Decisions(keptDecisions, times.effect_ms);
  #due_ms = Infinity;
  #serving = false;
  #loads: readonly VrLoad[] = [];
  #wanted: readonly number[] = [];
  #starved: readonly boolean[] = [];

  constructor(parts: AllocationParts) {
    this.#parts = parts;
    const { vrs, period_ms, overcommit, dryRun } = parts.settings;
    const started_ms = performance.now();
    this.#monitor = new VrMonitor(vrs, { period_ms, overcommit, dryRun, started_ms });
  }

  /** VRIs that VRs start with. */
  begin(): void {
    const { vris, cores, clockNs } = this.#parts;
    const targets = this.#monitor.start(cores.forVris);
    this.#wanted = targets;
    // First VRIs of all VRs come first, so that each VR gets a core before any gets its second.
    for (let count = 1; count <= Math.max(...targets); count++) {
      for (const [vr, target] of targets.entries()) {
        if (count <= target) vris.setTargets([this.#targetOf(vr, count)], clockNs(), () => null);
      }
    }
  }

  /** Frames are served: periods begin, and standbys get ready. */
  serve(now_ms: number): void {
    const { vris, clockNs } = this.#parts;
    this.#due_ms = now_ms;
    this.#serving = true;
    const targets = vris.targets.map((target, vr) => this.#targetOf(vr, target));
    vris.setTargets(targets, clockNs(), () => null);
  }

  /** When the next period ends; Infinity before frames are served. */
  get due_ms(): number {
    return this.#due_ms;
  }

  /** Whether a snapshot may tell at any moment that a decision took effect. */
  get busy(): boolean {
    return this.#decisions.busy;
  }

  /** Takes in a snapshot. `act`: hands over what changes in the plan, see `setTargets`. */
  observe(
    reader: SnapshotReader,
    now_ms: number,
    act: (changes: readonly PlanChange[]) => number | null,
  ): void {
    this.#decisions.settle(now_ms);
    if (now_ms < this.#due_ms) return;
    const { vris, settings, cores, clockNs } = this.#parts;
    const { period_ms, dryRun } = settings;
    this.#due_ms = Math.max(this.#due_ms + period_ms, now_ms + period_ms / 2);
    this.#parts.keeper.look();
    const rows = settings.vrs.map((_, vr) => vris.roster.rows(vr));
    this.#loads = this.#meter.measure(readSample(reader, rows));
    const broken = settings.vrs.map((_, vr) => vris.broken(vr));
    const state = { targets: vris.targets, broken };
    const period = this.#monitor.period(now_ms, this.#loads, cores.forVris, state);
    this.#wanted = period.wanted;
    this.#starved = period.starved;
    if (period.decisions.length === 0) return;
    const decidedNs = clockNs();
    if (!dryRun) {
      const targets = period.targets.map((target) => Math.min(target, largestVr));
      vris.announce(targets, decidedNs);
      const changed = targets.flatMap((target, vr) =>
        target === vris.targets[vr] ? [] : [this.#targetOf(vr, target)]
      );
      vris.setTargets(changed, decidedNs, act);
    }
    for (const decision of period.decisions) {
      const vr = settings.vrs.findIndex((it) => it.name === decision.vr);
      const grew = decision.after > decision.before;
      const progress = () => this.#progress(reader, vr, decidedNs, grew);
      this.#decisions.add(decision, dryRun ? null : progress, now_ms);
    }
  }

  /** Whether the VRIs that a decision was about serve, or hold nothing any more. */
  #progress(reader: SnapshotReader, vr: number, decidedNs: bigint, grew: boolean): Progress {
    const { roster } = this.#parts.vris;
    const rows = roster.decided(vr, decidedNs);
    if (rows.length === 0 && !grew) return { is: "done", took_ns: null }; // they did not run
    const decided = Number(decidedNs);
    let took_ns = 0;
    for (const row of rows) {
      const { decidedNs: known, firstFrameNs, emptiedNs } = reader.vri(row);
      const effect = grew ? firstFrameNs : emptiedNs;
      if (known !== decided || effect === 0) return { is: "pending" };
      took_ns = Math.max(took_ns, effect - decided);
    }
    return rows.length === 0 ? { is: "pending" } : { is: "done", took_ns };
  }

  /** With standbys beside them: a second one where two VRIs may be needed at once. */
  #targetOf(vr: number, target: number): Target {
    const { settings, cores } = this.#parts;
    const chosen = settings.vrs[vr]!;
    const more = mostVris(chosen, settings.overcommit ? Infinity : cores.forVris) - target;
    const standbys = this.#serving ? Math.min(chosen.standbys, Math.max(1, more)) : 0;
    return { vr, target, standbys };
  }

  /** Latest decisions, the oldest first. */
  get decisions(): readonly DecisionRecord[] {
    return this.#decisions.all;
  }

  /** What the status shows of each VR. */
  vrs(): VrCores[] {
    const { settings, vris } = this.#parts;
    return settings.vrs.map(({ allocator, weight }, vr) => ({
      allocator,
      weight,
      cores: vris.targets[vr]!,
      wanted: this.#wanted[vr]!,
      starved: this.#starved[vr] ?? false,
      broken: vris.broken(vr),
      load: this.#loads[vr] ?? null,
    }));
  }
}
