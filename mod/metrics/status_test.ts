import { deepEqual, equal } from "node:assert/strict";
import { layout } from "../../ffi/abi.gen.ts";
import { SnapshotReader } from "../../ffi/stats.ts";
import type { VriView } from "../vri_monitor/mod.ts";
import { buildStatus } from "./status.ts";

/** Snapshots in memory, one for each dispatcher, with the given words set. */
function snapshot(...each: Record<number, number>[]): SnapshotReader {
  const view = new DataView(new ArrayBuffer(each.length * layout.Snapshot.size));
  for (const [i, words] of each.entries()) {
    for (const [at, value] of Object.entries(words)) {
      view.setBigUint64(i * layout.Snapshot.size + Number(at), BigInt(value), true);
    }
  }
  return new SnapshotReader(view.buffer);
}

const l = layout;
const totals = l.Snapshot.totals;
const port = (n: number) => l.Snapshot.ports + n * l.PortCounters.size;
const vr = (n: number) => l.Snapshot.vrs + n * l.VrCounters.size;
const vri = (n: number) => l.Snapshot.vris + n * l.VriCounters.size;

const view = (more: Partial<VriView>): VriView => ({
  id: "vr1.1",
  vr: 0,
  state: "running",
  reason: null,
  lastFailure: "exited",
  lastLines: [],
  pid: 77,
  core: 1,
  why: "",
  restarts: 2,
  vri: 9,
  ...more,
});

const reader = snapshot({
  [totals + l.Totals.received_frames]: 100,
  [totals + l.Totals.originated_frames]: 5,
  [totals + l.Totals.replicated_frames]: 3,
  [totals + l.Totals.sent_frames]: 60,
  [totals + l.Totals.dropped_frames]: 6,
  [totals + l.Totals.kept_frames]: 38,
  [totals + l.Totals.in_flight_frames]: 4,
  [totals + l.Totals.drops + 8 * 0]: 2,
  [totals + l.Totals.drops + 8 * 34]: 4,
  [totals + l.Totals.batches + 8 * 7]: 2,
  [port(3) + l.PortCounters.received_frames]: 100,
  [port(3) + l.PortCounters.missed_frames]: 1,
  [port(3) + l.PortCounters.uncopied_frames]: 4,
  [port(3) + l.PortCounters.starved_frames]: 1,
  [vr(0) + l.VrCounters.received_frames]: 62,
  [vr(0) + l.VrCounters.dropped_frames]: 6,
  [vr(0) + l.VrCounters.drops + 8 * 63]: 1,
  [vr(0) + l.VrCounters.arrival_rate_millifps]: 1500,
  [vr(0) + l.VrCounters.free_slots]: 9,
  [vr(0) + l.VrCounters.kernel_slots]: 3,
  [vr(0) + l.VrCounters.arena_pages]: 2,
  [vri(9) + l.VriCounters.received_frames]: 62,
  [vri(9) + l.VriCounters.queue_frames]: 4,
  [vri(9) + l.VriCounters.load]: 512,
  [vri(9) + l.VriCounters.batches + 8 * 3]: 6,
  [vri(9) + l.VriCounters.decided_ns]: 1_000_000,
  [vri(9) + l.VriCounters.unparked_ns]: 1_020_000,
  [vri(9) + l.VriCounters.first_frame_ns]: 1_084_500,
});

const load = {
  arrival_rate_fps: 1.5,
  arrival_rate_Bps: 96,
  mean_arrival_rate_fps: 2,
  departure_rate_fps: 1.23456,
  queue_full_drops_fps: 0,
  vris: [{
    id: "vr1.1",
    queue_frames: 4,
    service_rate_fps: 61_000.00001,
    busy_fraction: 0.5,
    departure_rate_fps: 1,
  }],
};
const cores = {
  ...{ allocator: "dynamic", weight: 2, cores: 1, wanted: 3, starved: true, broken: false },
  load,
};

const names = {
  uptime_s: 1.23456,
  dispatchers: [0],
  ports: [{
    ...{ name: "eth0:100", adapter: "raw", adapter_info: "", adapter_why: "asked for" },
    counters: reader.port(3),
  }],
  vrs: [{ vr: 0, name: "vr1", subnets: ["10.0.1.0/24"], router: "cppvr", cores }],
  vris: [view({}), view({ id: "vr1.2", state: "stopping", pid: null, vri: null })],
  decisions: [],
};

Deno.test("buildStatus() has exactly the fields that users rely on", () => {
  const status = buildStatus(names, reader);
  equal(status.uptime_s, 1.235);
  deepEqual(Object.keys(status), [
    "version",
    "uptime_s",
    "dispatchers",
    "interfaces",
    "vrs",
    "totals",
    "decisions",
  ]);
  deepEqual(status.interfaces, [{
    name: "eth0:100",
    adapter: "raw",
    adapter_info: "",
    adapter_why: "asked for",
    received_frames: 100,
    received_bytes: 0,
    missed_frames: 1,
    uncopied_frames: 4,
    starved_frames: 1,
    sent_frames: 0,
    sent_bytes: 0,
  }]);
  const [vr] = status.vrs;
  deepEqual(vr!.drops, { reason_63: 1 });
  deepEqual([vr!.arrival_rate_fps, vr!.arena_pages], [1.5, "huge"]);
  deepEqual([vr!.free_slots, vr!.kernel_slots], [9, 3]);
  const { allocator, cores: now, wanted_cores, starved, weight, departure_rate_fps } = vr!;
  deepEqual([allocator, now, wanted_cores, starved, weight], ["dynamic", 1, 3, true, 2]);
  equal(departure_rate_fps, 1.235);
  deepEqual(status.vrs[0]!.vris, [
    {
      id: "vr1.1",
      pid: 77,
      state: "running",
      reason: null,
      core: 1,
      received_frames: 62,
      sent_frames: 0,
      queue_frames: 4,
      restarts: 2,
      last_failure: "exited",
      load: 512,
      service_rate_fps: 61_000,
      busy_fraction: 0.5,
      unparked_us: 20,
      first_frame_us: 84.5,
      batches: [0, 0, 0, 6, 0, 0, 0, 0],
    },
    {
      id: "vr1.2",
      pid: null,
      state: "draining",
      reason: null,
      core: 1,
      received_frames: 0,
      sent_frames: 0,
      queue_frames: 0,
      restarts: 2,
      last_failure: "exited",
      load: 0,
      service_rate_fps: null,
      busy_fraction: 0,
      unparked_us: null,
      first_frame_us: null,
      batches: [0, 0, 0, 0, 0, 0, 0, 0],
    },
  ]);
  deepEqual(status.totals, {
    received_frames: 100,
    originated_frames: 5,
    replicated_frames: 3,
    sent_frames: 60,
    dropped_frames: 6,
    kept_by_kernel_frames: 38,
    in_flight_frames: 4,
    drops: { no_vri: 2, ttl_expired: 4 },
    batches: [0, 0, 0, 0, 0, 0, 0, 2],
  });
});

Deno.test("buildStatus() keeps the conservation equation of its snapshot", () => {
  const t = buildStatus(names, reader).totals;
  equal(
    t.received_frames + t.originated_frames + t.replicated_frames,
    t.sent_frames + t.dropped_frames + t.kept_by_kernel_frames + t.in_flight_frames,
  );
  equal(Object.values(t.drops).reduce((sum, frames) => sum + frames, 0), t.dropped_frames);
});

Deno.test("what several dispatchers did is summed up; what is one thing for all is told once", () => {
  const of = (sequence: number, generation: number, more: Record<number, number>) => ({
    [l.Snapshot.sequence]: sequence,
    [l.Snapshot.generation]: generation,
    ...more,
  });
  const both = snapshot(
    of(7, 3, {
      [totals + l.Totals.received_frames]: 10,
      [totals + l.Totals.drops + 8 * 34]: 1,
      [port(0) + l.PortCounters.ended]: 1,
      [vr(0) + l.VrCounters.arrival_rate_millifps]: 1000,
      [vr(0) + l.VrCounters.arena_pages]: 2,
      [vri(0) + l.VriCounters.queue_frames]: 3,
      [vri(0) + l.VriCounters.busy_ns]: 500,
      [vri(0) + l.VriCounters.load]: 9,
      [vri(0) + l.VriCounters.emptied_ns]: 40,
      [vri(0) + l.VriCounters.beat_age_ns]: 3e6,
    }),
    of(6, 4, {
      [totals + l.Totals.received_frames]: 5,
      [totals + l.Totals.drops + 8 * 34]: 2,
      [vr(0) + l.VrCounters.arrival_rate_millifps]: 500,
      [vr(0) + l.VrCounters.arena_pages]: 2,
      [vri(0) + l.VriCounters.queue_frames]: 4,
      [vri(0) + l.VriCounters.busy_ns]: 500,
      [vri(0) + l.VriCounters.load]: 2,
      [vri(0) + l.VriCounters.first_frame_ns]: 30,
      [vri(0) + l.VriCounters.violation]: 7,
      [vri(0) + l.VriCounters.beat_age_ns]: 9e6,
    }),
  );
  deepEqual([both.dispatchers, both.sequence(), both.generation()], [2, 6n, 3]);
  deepEqual([both.totals().receivedFrames, both.totals().drops], [15, { ttl_expired: 3 }]);
  deepEqual(both.dispatcher(1), { receivedFrames: 5, sentFrames: 0 });
  deepEqual([both.port(0).ended, both.vr(0).arrivalRateFps, both.vr(0).arenaPages], [
    false,
    1.5,
    "huge",
  ]);
  const one = both.vri(0);
  deepEqual([one.queueFrames, one.busyNs, one.load, one.violation], [7, 500, 9, 7]);
  deepEqual([one.firstFrameNs, one.emptiedNs, one.beatAgeMs], [30, 0, 3]);
});
