/** `lvrm status --json`, as issue 3 point 11 says it. */

/** One interface (port) of a running lvrm. */
export interface InterfaceStatus {
  name: string;
  adapter: string;
  adapter_info: string;
  received_frames: number;
  received_bytes: number;
  missed_frames: number;
  sent_frames: number;
  sent_bytes: number;
}

/** One VR instance. */
export interface VriStatus {
  id: string;
  pid: number;
  state: string;
  reason: string | null;
  core: number | null;
  received_frames: number;
  sent_frames: number;
  queue_frames: number;
  restarts: number;
  last_failure: string | null;
  load: number;
  batches: number[];
}

/** One virtual router. */
export interface VrStatus {
  name: string;
  subnets: string[];
  router: string;
  received_frames: number;
  sent_frames: number;
  dropped_frames: number;
  drops: Record<string, number>;
  arrival_rate_fps: number;
  free_slots: number;
  arena_pages: string;
  vris: VriStatus[];
}

/** The whole of it. */
export interface Status {
  version: string;
  uptime_s: number;
  interfaces: InterfaceStatus[];
  vrs: VrStatus[];
  totals: {
    received_frames: number;
    originated_frames: number;
    replicated_frames: number;
    sent_frames: number;
    dropped_frames: number;
    kept_by_kernel_frames: number;
    in_flight_frames: number;
    drops: Record<string, number>;
    batches: number[];
  };
}

/** received + originated + replicated − (sent + dropped + kept + in flight): 0 when all is told. */
export function imbalance({ totals }: Status): number {
  return totals.received_frames + totals.originated_frames + totals.replicated_frames -
    totals.sent_frames - totals.dropped_frames - totals.kept_by_kernel_frames -
    totals.in_flight_frames;
}

/** Pids of all VRIs that have one. */
export function vriPids(status: Status): number[] {
  return status.vrs.flatMap((vr) => vr.vris.map((vri) => vri.pid)).filter((pid) => pid > 0);
}

/** Whether every VR has at least one VRI that runs, and none that still starts. */
export function isSettled(status: Status): boolean {
  return status.vrs.length > 0 &&
    status.vrs.every((vr) =>
      vr.vris.some((vri) => vri.state === "running") &&
      vr.vris.every((vri) => vri.state === "running" || vri.state === "standby")
    );
}
