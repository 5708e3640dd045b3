/**
 * Load out of counters: what changed between two snapshots, per VR and per VRI. VRIs come and go:
 * each is known by its process (`life`), so that counters of a number used again are not taken for
 * its predecessor's, and the VRs' own totals hold also what VRIs did that have gone.
 */
import type { SnapshotReader, VrCounters, VriCounters } from "../../ffi/stats.ts";
import type { VriLoad, VrLoad } from "./types.ts";

/** Where one VRI's counters are. */
export interface VriRow {
  readonly id: string;
  /** Row of its counters. */
  readonly vri: number;
  /** Differs for every process, for example its pid: rows and ids are used again. */
  readonly life: number;
  /** Takes frames; others (standby, draining) are measured and not reported. */
  readonly running: boolean;
}

/** What the meter reads of a VR's counters. */
export type VrSample = Pick<
  VrCounters,
  "receivedFrames" | "sentFrames" | "droppedFrames" | "arrivalRateFps" | "arrivalRateBps" | "drops"
>;

/** What the meter reads of a VRI's counters. */
export type VriSample = Pick<
  VriCounters,
  "receivedFrames" | "sentFrames" | "droppedFrames" | "originatedFrames" | "queueFrames" | "busyNs"
>;

/** One instant's counters. */
export interface LoadSample {
  readonly clock_ns: number;
  readonly vrs: readonly {
    readonly counters: VrSample;
    readonly vris: readonly (VriRow & { readonly counters: VriSample })[];
  }[];
}

/** A sample out of a snapshot; `rows`: the VRIs of each VR that have counters. */
export function readSample(reader: SnapshotReader, rows: readonly (readonly VriRow[])[]) {
  return {
    clock_ns: Number(reader.clockNs()),
    vrs: rows.map((vris, vr) => ({
      counters: reader.vr(vr),
      vris: vris.map((row) => ({ ...row, counters: reader.vri(row.vri) })),
    })),
  } satisfies LoadSample;
}

/** Drops for want of VRIs that keep up. */
const fullReasons = ["queue_full", "arena_full"];
/** Drops before any VRI saw the frame. */
const earlyReasons = [...fullReasons, "no_vri", "too_long", "truncated", "bad_segment"];

/** A service rate is believed after so much busy time. */
const busyEnough_ns = 1e6;

interface VriKnown {
  readonly counters: VriSample;
  readonly service_rate_fps: number;
}

interface Known {
  readonly sample: LoadSample;
  readonly vris: ReadonlyMap<number, VriKnown>;
}

const noFrames: VriSample = {
  receivedFrames: 0,
  sentFrames: 0,
  droppedFrames: 0,
  originatedFrames: 0,
  queueFrames: 0,
  busyNs: 0,
};

/** Turns successive samples into loads. */
export class LoadMeter {
  #known: Known | null = null;
  #loads: VrLoad[] = [];

  /** Loads since the last sample. The first one shows averages only. */
  measure(sample: LoadSample): VrLoad[] {
    const before = this.#known;
    const elapsed_ns = before === null ? 0 : sample.clock_ns - before.sample.clock_ns;
    if (before !== null && elapsed_ns <= 0) return this.#loads; // the same snapshot again
    const vris = new Map<number, VriKnown>();
    this.#loads = sample.vrs.map(({ counters, vris: rows }, vr) => {
      const loads: VriLoad[] = [];
      for (const row of rows) {
        const known = before?.vris.get(row.life);
        const load = vriLoad(row, known, elapsed_ns);
        vris.set(row.life, {
          counters: row.counters,
          service_rate_fps: load.service_rate_fps,
        });
        if (row.running) loads.push(load);
      }
      return vrLoad(counters, before?.sample.vrs[vr]?.counters, elapsed_ns, loads);
    });
    this.#known = { sample, vris };
    return this.#loads;
  }
}

function vrLoad(
  now: VrSample,
  before: VrSample | undefined,
  elapsed_ns: number,
  vris: readonly VriLoad[],
): VrLoad {
  const averages = {
    arrival_rate_fps: now.arrivalRateFps,
    arrival_rate_Bps: now.arrivalRateBps,
    vris,
  };
  if (before === undefined || elapsed_ns === 0) {
    const rates = { departure_rate_fps: 0, queue_full_drops_fps: 0 };
    return { ...averages, ...rates, mean_arrival_rate_fps: now.arrivalRateFps };
  }
  // Totals never run backwards, unless the number belongs to another VR now.
  const base = now.receivedFrames < before.receivedFrames ? null : before;
  const per_s = (frames: (sample: VrSample) => number): number =>
    1e9 * Math.max(0, frames(now) - (base === null ? 0 : frames(base))) / elapsed_ns;
  return {
    ...averages,
    mean_arrival_rate_fps: per_s((it) => it.receivedFrames),
    departure_rate_fps: per_s((it) => it.sentFrames + it.droppedFrames - dropsOf(it, earlyReasons)),
    queue_full_drops_fps: per_s((it) => dropsOf(it, fullReasons)),
  };
}

function dropsOf({ drops }: VrSample, reasons: readonly string[]): number {
  return reasons.reduce((sum, reason) => sum + (drops[reason] ?? 0), 0);
}

function vriLoad(
  row: VriRow & { readonly counters: VriSample },
  known: VriKnown | undefined,
  elapsed_ns: number,
): VriLoad {
  const now = row.counters;
  const before = known?.counters ?? noFrames;
  const learned = known?.service_rate_fps ?? NaN;
  const base = { id: row.id, queue_frames: now.queueFrames };
  if (elapsed_ns === 0) {
    return { ...base, service_rate_fps: learned, busy_fraction: 0, departure_rate_fps: 0 };
  }
  // What a VRI says of its busy time is input: within the time that there was.
  const busy_ns = Math.min(Math.max(0, now.busyNs - before.busyNs), elapsed_ns);
  const taken = Math.max(0, takenBy(now) - takenBy(before));
  const departed = Math.max(0, departedFrom(now) - departedFrom(before));
  return {
    ...base,
    service_rate_fps: busy_ns >= busyEnough_ns && taken > 0 ? 1e9 * taken / busy_ns : learned,
    busy_fraction: busy_ns / elapsed_ns,
    departure_rate_fps: 1e9 * departed / elapsed_ns,
  };
}

/** Frames that it took out of its queue. */
const takenBy = (it: VriSample): number => it.receivedFrames - it.queueFrames;
/** Frames that came back from it and were not of its own making. */
const departedFrom = (it: VriSample): number =>
  it.sentFrames + it.droppedFrames - it.originatedFrames;
