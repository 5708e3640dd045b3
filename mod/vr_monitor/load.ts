/**
 * Load out of counters: what changed between two snapshots, per VR and per VRI. VRIs come and go:
 * each is known by its process (`life`), so that counters of a number used again are not taken for
 * its predecessor's, and the VRs' own totals hold also what VRIs did that have gone.
 */
import type { SnapshotReader, VriLoadCounters, VrLoadCounters } from "../../ffi/stats.ts";
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

/** One instant's counters. */
export interface LoadSample {
  readonly clock_ns: number;
  readonly vrs: readonly {
    readonly counters: VrLoadCounters;
    readonly vris: readonly (VriRow & { readonly counters: VriLoadCounters })[];
  }[];
}

/** A sample out of a snapshot; `rows`: the VRIs of each VR that have counters. */
export function readSample(
  reader: SnapshotReader,
  rows: readonly (readonly VriRow[])[],
): LoadSample {
  return {
    clock_ns: Number(reader.clockNs()),
    vrs: rows.map((vris, vr) => ({
      counters: reader.vrLoad(vr),
      vris: vris.map(({ id, vri, life, running }) => {
        return { id, vri, life, running, counters: reader.vriLoad(vri) };
      }),
    })),
  };
}

/** A service rate is believed after so much busy time. */
const busyEnough_ns = 1e6;

interface VriKnown {
  readonly counters: VriLoadCounters;
  readonly service_rate_fps: number;
}

interface Known {
  readonly sample: LoadSample;
  readonly vris: ReadonlyMap<number, VriKnown>;
}

const noFrames: VriLoadCounters = {
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
  now: VrLoadCounters,
  before: VrLoadCounters | undefined,
  elapsed_ns: number,
  vris: readonly VriLoad[],
): VrLoad {
  const arrival_rate_fps = now.arrivalRateFps;
  const arrival_rate_Bps = now.arrivalRateBps;
  if (before === undefined || elapsed_ns === 0) {
    return {
      arrival_rate_fps,
      arrival_rate_Bps,
      mean_arrival_rate_fps: arrival_rate_fps,
      departure_rate_fps: 0,
      queue_full_drops_fps: 0,
      vris,
    };
  }
  // Totals never run backwards, unless the number belongs to another VR now.
  const base = now.receivedFrames < before.receivedFrames ? null : before;
  const per_s = (after: number, earlier: number): number =>
    1e9 * Math.max(0, after - earlier) / elapsed_ns;
  return {
    arrival_rate_fps,
    arrival_rate_Bps,
    mean_arrival_rate_fps: per_s(now.receivedFrames, base?.receivedFrames ?? 0),
    departure_rate_fps: per_s(servedOf(now), base === null ? 0 : servedOf(base)),
    queue_full_drops_fps: per_s(now.fullFrames, base?.fullFrames ?? 0),
    vris,
  };
}

/** Frames that its VRIs were done with. */
const servedOf = (it: VrLoadCounters): number =>
  it.sentFrames + it.droppedFrames - it.fullFrames - it.refusedFrames;

function vriLoad(
  row: VriRow & { readonly counters: VriLoadCounters },
  known: VriKnown | undefined,
  elapsed_ns: number,
): VriLoad {
  const now = row.counters;
  const before = known?.counters ?? noFrames;
  const learned = known?.service_rate_fps ?? NaN;
  const { id } = row;
  const queue_frames = now.queueFrames;
  if (elapsed_ns === 0) {
    return {
      id,
      queue_frames,
      service_rate_fps: learned,
      busy_fraction: 0,
      departure_rate_fps: 0,
    };
  }
  // What a VRI says of its busy time is input: within the time that there was.
  const busy_ns = Math.min(Math.max(0, now.busyNs - before.busyNs), elapsed_ns);
  const taken = Math.max(0, takenBy(now) - takenBy(before));
  const departed = Math.max(0, departedFrom(now) - departedFrom(before));
  return {
    id,
    queue_frames,
    service_rate_fps: busy_ns >= busyEnough_ns && taken > 0 ? 1e9 * taken / busy_ns : learned,
    busy_fraction: busy_ns / elapsed_ns,
    departure_rate_fps: 1e9 * departed / elapsed_ns,
  };
}

/** Frames that it took out of its queue. */
const takenBy = (it: VriLoadCounters): number => it.receivedFrames - it.queueFrames;
/** Frames that came back from it and were not of its own making. */
const departedFrom = (it: VriLoadCounters): number =>
  it.sentFrames + it.droppedFrames - it.originatedFrames;
