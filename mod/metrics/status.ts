/**
 * What `lvrm status --json` shows: one snapshot of the counters with names put to it. Field names
 * are the interface to users; they change only with the major version.
 */
import { version } from "../../ffi/abi.gen.ts";
import type { Batches, Drops, PortCounters, SnapshotReader } from "../../ffi/stats.ts";
import type { DecisionRecord, VriLoad, VrLoad } from "../vr_monitor/mod.ts";
import type { VriView } from "../vri_monitor/mod.ts";

export interface InterfaceStatus {
  readonly name: string;
  readonly adapter: string;
  /** What the adapter tells of itself, such as the version of a library; may be empty. */
  readonly adapter_info: string;
  /** Why this adapter. */
  readonly adapter_why: string;
  readonly received_frames: number;
  readonly received_bytes: number;
  readonly missed_frames: number;
  /** Of the received ones: they lay in their VR's arena already. */
  readonly uncopied_frames: number;
  /** Of the missed ones: the VR's arena had no slot to receive into. */
  readonly starved_frames: number;
  readonly sent_frames: number;
  readonly sent_bytes: number;
}

/** States of a VRI as users see them. */
export type VriStatusState =
  | "starting"
  | "standby"
  | "running"
  | "draining"
  | "quarantined"
  | "failed";

export interface VriStatus {
  readonly id: string;
  /** Null while it has no process. */
  readonly pid: number | null;
  readonly state: VriStatusState;
  /** Why it failed or was quarantined, also while it starts again; else null. */
  readonly reason: string | null;
  /** Null: the kernel places it. */
  readonly core: number | null;
  readonly received_frames: number;
  readonly sent_frames: number;
  readonly queue_frames: number;
  readonly restarts: number;
  /** Why it last failed or was quarantined, also after it was replaced; else null. */
  readonly last_failure: string | null;
  /** Estimate, in the unit of the load estimator in use. */
  readonly load: number;
  /** Frames per second of the time that it was busy; null until it was busy for a while. */
  readonly service_rate_fps: number | null;
  /** Share of the last period that it spent with frames. */
  readonly busy_fraction: number;
  /** From the decision to run it until a plan said so, and until its first frame came back. */
  readonly unparked_us: number | null;
  readonly first_frame_us: number | null;
  /** Batches handed to it, of 1, 2…3, 4…7, … 128 and more frames. */
  readonly batches: Batches;
}

export interface VrStatus {
  readonly name: string;
  readonly subnets: readonly string[];
  readonly router: string;
  readonly received_frames: number;
  readonly sent_frames: number;
  readonly dropped_frames: number;
  readonly drops: Drops;
  /** What decides how many cores it has. */
  readonly allocator: string;
  /** VRIs that it has, or is getting. */
  readonly cores: number;
  /** That it would have, were there enough. */
  readonly wanted_cores: number;
  /** It wants more cores than it gets. */
  readonly starved: boolean;
  /** Its VRIs fail over and over: one goes on trying, its other cores go to others. */
  readonly broken: boolean;
  /** Of its share when all want more than there is. */
  readonly weight: number;
  /** Frames per second that arrive for it: a moving average. */
  readonly arrival_rate_fps: number;
  readonly arrival_rate_Bps: number;
  /** Frames per second that its VRIs were done with, over the last period. */
  readonly departure_rate_fps: number;
  readonly free_slots: number;
  /** That the kernel has, where nothing is copied: to be filled, or with frames that leave. */
  readonly kernel_slots: number;
  /** Pages that its arena lies on: base, transparent (huge where the kernel gives them) or huge. */
  readonly arena_pages: string;
  readonly vris: readonly VriStatus[];
}

/** received + originated + replicated = sent + dropped + kept_by_kernel + in_flight. */
export interface TotalStatus {
  readonly received_frames: number;
  readonly originated_frames: number;
  readonly replicated_frames: number;
  readonly sent_frames: number;
  readonly dropped_frames: number;
  readonly kept_by_kernel_frames: number;
  readonly in_flight_frames: number;
  readonly drops: Drops;
  /** Batches received from interfaces, of 1, 2…3, 4…7, … 128 and more frames. */
  readonly batches: Batches;
}

/** One of the threads that move frames. */
export interface DispatcherStatus {
  /** Null: the kernel places it. */
  readonly core: number | null;
  readonly received_frames: number;
  readonly sent_frames: number;
}

export interface Status {
  readonly version: string;
  readonly uptime_s: number;
  readonly dispatchers: readonly DispatcherStatus[];
  readonly interfaces: readonly InterfaceStatus[];
  readonly vrs: readonly VrStatus[];
  readonly totals: TotalStatus;
  /** The latest decisions about cores, the oldest first. */
  readonly decisions: readonly DecisionRecord[];
}

/** What the status shows of one VR's cores. */
export interface VrCores {
  readonly allocator: string;
  readonly weight: number;
  readonly cores: number;
  readonly wanted: number;
  readonly starved: boolean;
  readonly broken: boolean;
  /** Of the last period; null before the first. */
  readonly load: VrLoad | null;
}

/** Who is who among the counters. */
export interface Names {
  readonly uptime_s: number;
  /** Their cores. */
  readonly dispatchers: readonly (number | null)[];
  readonly ports: readonly {
    readonly name: string;
    readonly adapter: string;
    readonly adapter_info: string;
    readonly adapter_why: string;
    readonly counters: PortCounters;
  }[];
  readonly vrs: readonly {
    readonly vr: number;
    readonly name: string;
    readonly subnets: readonly string[];
    readonly router: string;
    readonly cores: VrCores;
  }[];
  readonly vris: readonly VriView[];
  readonly decisions: readonly DecisionRecord[];
}

/** The status of one snapshot. */
export function buildStatus(names: Names, reader: SnapshotReader): Status {
  const totals = reader.totals();
  return {
    version,
    uptime_s: Math.round(names.uptime_s * 1000) / 1000,
    dispatchers: names.dispatchers.map((core, i) => {
      const { receivedFrames, sentFrames } = reader.dispatcher(i);
      return { core, received_frames: receivedFrames, sent_frames: sentFrames };
    }),
    interfaces: names.ports.map(({ name, adapter, adapter_info, adapter_why, counters }) => {
      return {
        name,
        adapter,
        adapter_info,
        adapter_why,
        received_frames: counters.receivedFrames,
        received_bytes: counters.receivedBytes,
        missed_frames: counters.missedFrames,
        uncopied_frames: counters.uncopiedFrames,
        starved_frames: counters.starvedFrames,
        sent_frames: counters.sentFrames,
        sent_bytes: counters.sentBytes,
      };
    }),
    vrs: names.vrs.map(({ vr, name, subnets, router, cores }) => {
      const counters = reader.vr(vr);
      return {
        name,
        subnets,
        router,
        received_frames: counters.receivedFrames,
        sent_frames: counters.sentFrames,
        dropped_frames: counters.droppedFrames,
        drops: counters.drops,
        allocator: cores.allocator,
        cores: cores.cores,
        wanted_cores: cores.wanted,
        starved: cores.starved,
        broken: cores.broken,
        weight: cores.weight,
        arrival_rate_fps: counters.arrivalRateFps,
        arrival_rate_Bps: counters.arrivalRateBps,
        departure_rate_fps: rounded(cores.load?.departure_rate_fps ?? 0),
        free_slots: counters.freeSlots,
        kernel_slots: counters.kernelSlots,
        arena_pages: counters.arenaPages,
        vris: names.vris.filter((vri) => vri.vr === vr).map((vri) =>
          vriStatus(vri, reader, cores.load?.vris.find((load) => load.id === vri.id))
        ),
      };
    }),
    totals: {
      received_frames: totals.receivedFrames,
      originated_frames: totals.originatedFrames,
      replicated_frames: totals.replicatedFrames,
      sent_frames: totals.sentFrames,
      dropped_frames: totals.droppedFrames,
      kept_by_kernel_frames: totals.keptFrames,
      in_flight_frames: totals.inFlightFrames,
      drops: totals.drops,
      batches: totals.batches,
    },
    decisions: names.decisions,
  };
}

/** To a thousandth. */
const rounded = (value: number): number => Math.round(value * 1000) / 1000;

function vriStatus(
  view: VriView,
  reader: SnapshotReader,
  load: VriLoad | undefined,
): VriStatus {
  const counters = view.vri === null ? null : reader.vri(view.vri);
  // Once it drains, it was decided anew.
  const decidedNs = view.state === "running" ? counters?.decidedNs ?? 0 : 0;
  const after_us = (ns = 0): number | null =>
    ns === 0 || decidedNs === 0 ? null : rounded((ns - decidedNs) / 1000);
  const leaving = view.state === "stopping" || view.state === "stopped";
  return {
    id: view.id,
    pid: view.pid,
    state: leaving ? "draining" : view.state as VriStatusState,
    reason: view.reason ?? (view.state === "starting" ? view.lastFailure : null),
    core: view.core,
    received_frames: counters?.receivedFrames ?? 0,
    sent_frames: counters?.sentFrames ?? 0,
    queue_frames: counters?.queueFrames ?? 0,
    restarts: view.restarts,
    last_failure: view.lastFailure,
    load: counters?.load ?? 0,
    service_rate_fps: Number.isFinite(load?.service_rate_fps)
      ? rounded(load!.service_rate_fps)
      : null,
    busy_fraction: rounded(load?.busy_fraction ?? 0),
    unparked_us: after_us(counters?.unparkedNs),
    first_frame_us: after_us(counters?.firstFrameNs),
    batches: counters?.batches ?? [0, 0, 0, 0, 0, 0, 0, 0],
  };
}
