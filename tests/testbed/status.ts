/** `lvrm status --json`, as issue 3 point 11 says it. */

/** One interface (port) of a running lvrm. */
export interface InterfaceStatus {
  name: string;
  adapter: string;
  adapter_info: string;
  adapter_why: string;
  received_frames: number;
  received_bytes: number;
  missed_frames: number;
  uncopied_frames: number;
  starved_frames: number;
  sent_frames: number;
  sent_bytes: number;
}

/** One VR instance. */
export interface VriStatus {
  id: string;
  pid: number | null;
  state: string;
  reason: string | null;
  core: number | null;
  received_frames: number;
  sent_frames: number;
  queue_frames: number;
  restarts: number;
  last_failure: string | null;
  load: number;
  service_rate_fps: number | null;
  busy_fraction: number;
  unparked_us: number | null;
  first_frame_us: number | null;
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
  allocator: string;
  cores: number;
  wanted_cores: number;
  starved: boolean;
  broken: boolean;
  weight: number;
  arrival_rate_fps: number;
  arrival_rate_Bps: number;
  departure_rate_fps: number;
  free_slots: number;
  kernel_slots: number;
  arena_pages: string;
  vris: VriStatus[];
}

/** One change of one VR's cores. */
export interface Decision {
  at: string;
  uptime_ms: number;
  vr: string;
  before: number;
  after: number;
  wanted: number;
  rule: string;
  reason: string;
  inputs: Record<string, number>;
  took_us: number | null;
  dry_run: boolean;
}

/** The whole of it. */
export interface Status {
  version: string;
  uptime_s: number;
  dispatchers: { core: number | null; received_frames: number; sent_frames: number }[];
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
  decisions: Decision[];
}

/** received + originated + replicated − (sent + dropped + kept + in flight): 0 when all is told. */
export function imbalance({ totals }: Status): number {
  return totals.received_frames + totals.originated_frames + totals.replicated_frames -
    totals.sent_frames - totals.dropped_frames - totals.kept_by_kernel_frames -
    totals.in_flight_frames;
}

/** Pids of the VRIs that are in such a state and have one. */
function pidsOf(status: Status, wanted: (state: string) => boolean): number[] {
  return status.vrs.flatMap((vr) => vr.vris).filter((vri) => wanted(vri.state))
    .map((vri) => vri.pid).filter((pid) => pid !== null);
}

/** Pids of all VRIs that have one, but for standbys. */
export function vriPids(status: Status): number[] {
  return pidsOf(status, (state) => state !== "standby");
}

/** Pids of all standbys. */
export function standbyPids(status: Status): number[] {
  return pidsOf(status, (state) => state === "standby");
}

/** Whether every VR has at least one VRI that runs, and none that still starts. */
export function isSettled(status: Status): boolean {
  return status.vrs.length > 0 &&
    status.vrs.every((vr) =>
      vr.vris.some((vri) => vri.state === "running") &&
      vr.vris.every((vri) => vri.state === "running" || vri.state === "standby")
    );
}
