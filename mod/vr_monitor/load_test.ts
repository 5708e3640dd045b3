import { deepEqual, equal, ok } from "node:assert/strict";
import { Drop, layout } from "../../ffi/abi.gen.ts";
import { SnapshotReader } from "../../ffi/stats.ts";
import { LoadMeter, readSample } from "./load.ts";
import type { VriLoadCounters, VrLoadCounters } from "../../ffi/stats.ts";
import type { LoadSample, VriRow } from "./load.ts";

const vrOf = (received: number, more: Partial<VrLoadCounters> = {}): VrLoadCounters => ({
  receivedFrames: received,
  sentFrames: received,
  droppedFrames: 0,
  arrivalRateFps: 0,
  arrivalRateBps: 0,
  fullFrames: 0,
  refusedFrames: 0,
  ...more,
});

const rowOf = (life: number, taken: number, more: Partial<VriRow & VriLoadCounters> = {}) => {
  const { id = "vr1.1", vri = 0, running = true, ...counters } = more;
  return {
    ...{ id, vri, life, running },
    counters: {
      receivedFrames: taken,
      sentFrames: taken,
      droppedFrames: 0,
      originatedFrames: 0,
      queueFrames: 0,
      busyNs: 0,
      ...counters,
    },
  };
};

const sample = (
  t_s: number,
  counters: VrLoadCounters,
  vris: LoadSample["vrs"][number]["vris"],
): LoadSample => ({ clock_ns: 5e9 + t_s * 1e9, vrs: [{ counters, vris }] });

Deno.test("load: rates are what changed between two samples", () => {
  const meter = new LoadMeter();
  meter.measure(sample(0, vrOf(1000), [rowOf(7, 1000, { busyNs: 1e9 })]));
  const now = vrOf(5000, {
    sentFrames: 4100,
    droppedFrames: 500,
    fullFrames: 250,
    refusedFrames: 150,
    arrivalRateFps: 2100,
    arrivalRateBps: 176_400,
  });
  const row = rowOf(7, 4500, {
    queueFrames: 400,
    busyNs: 2.5e9,
    sentFrames: 3700,
    droppedFrames: 100,
    originatedFrames: 200,
  });
  const [load] = meter.measure(sample(2, now, [row]));
  deepEqual(load, {
    arrival_rate_fps: 2100,
    arrival_rate_Bps: 176_400,
    mean_arrival_rate_fps: 2000,
    departure_rate_fps: (4100 + 100 - 1000) / 2,
    queue_full_drops_fps: 125,
    vris: [{
      id: "vr1.1",
      queue_frames: 400,
      service_rate_fps: (4500 - 400 - 1000) / 1.5,
      busy_fraction: 0.75,
      departure_rate_fps: 1300,
    }],
  });
});

Deno.test("load: a number and an id used again are not taken for their predecessor", () => {
  const meter = new LoadMeter();
  meter.measure(sample(0, vrOf(9000), [rowOf(1, 9000, { busyNs: 3e9 })]));
  // Killed; its successor has the same id and the same row, and counters of its own.
  const [load] = meter.measure(sample(1, vrOf(9600), [rowOf(2, 400, { busyNs: 1e8 })]));
  equal(load!.vris[0]!.departure_rate_fps, 400);
  equal(load!.vris[0]!.service_rate_fps, 4000);
  equal(load!.departure_rate_fps, 600); // with what the dead one still did
});

Deno.test("load: VRIs come and go; only running ones are told", () => {
  const meter = new LoadMeter();
  const standby = rowOf(2, 0, { id: "vr1.2", running: false });
  meter.measure(sample(0, vrOf(0), [rowOf(1, 0), standby]));
  const [first] = meter.measure(sample(1, vrOf(500), [rowOf(1, 500), standby]));
  deepEqual(first!.vris.map((vri) => vri.id), ["vr1.1"]);
  const both = [rowOf(1, 800), rowOf(2, 200, { id: "vr1.2" })];
  const [second] = meter.measure(sample(2, vrOf(1000), both));
  deepEqual(second!.vris.map((vri) => vri.departure_rate_fps), [300, 200]);
  const [third] = meter.measure(sample(3, vrOf(1500), [rowOf(2, 700, { id: "vr1.2" })]));
  deepEqual(third!.vris.map((vri) => vri.departure_rate_fps), [500]);
});

Deno.test("load: a VR's total never runs backwards: then it is another VR's", () => {
  const meter = new LoadMeter();
  meter.measure(sample(0, vrOf(1e6), []));
  equal(meter.measure(sample(1, vrOf(300), []))[0]!.mean_arrival_rate_fps, 300);
});

Deno.test("load: the same snapshot twice is the same load", () => {
  const meter = new LoadMeter();
  meter.measure(sample(0, vrOf(0), []));
  const once = meter.measure(sample(1, vrOf(300), []));
  deepEqual(meter.measure(sample(1, vrOf(300), [])), once);
});

Deno.test("load: what a VRI says of its busy time stays within the time", () => {
  const meter = new LoadMeter();
  meter.measure(sample(0, vrOf(0), [rowOf(1, 0), rowOf(2, 0, { busyNs: 1e12 })]));
  const rows = [rowOf(1, 500, { busyNs: 1e15 }), rowOf(2, 500, { busyNs: 1e11 })];
  const [load] = meter.measure(sample(1, vrOf(1000), rows));
  deepEqual(load!.vris.map((vri) => vri.busy_fraction), [1, 0]);
  ok(Number.isNaN(load!.vris[1]!.service_rate_fps));
});

Deno.test("load: a service rate once seen lasts through idle periods", () => {
  const meter = new LoadMeter();
  meter.measure(sample(0, vrOf(0), [rowOf(1, 0)]));
  meter.measure(sample(1, vrOf(100), [rowOf(1, 100, { busyNs: 5e7 })]));
  const [load] = meter.measure(sample(2, vrOf(100), [rowOf(1, 100, { busyNs: 5e7 })]));
  equal(load!.vris[0]!.service_rate_fps, 2000);
  equal(load!.vris[0]!.busy_fraction, 0);
});

Deno.test("load: read from a snapshot's memory", () => {
  const memory = new ArrayBuffer(layout.Snapshot.size);
  const words = new BigUint64Array(memory);
  const set = (offset: number, value: number) => words[offset / 8] = BigInt(value);
  const vr = layout.Snapshot.vrs + layout.VrCounters.size;
  const vri = layout.Snapshot.vris + 5 * layout.VriCounters.size;
  const meter = new LoadMeter();
  const rows = [[], [{ id: "vr2.1", vri: 5, life: 77, running: true }]];
  const reader = new SnapshotReader(memory);
  set(layout.Snapshot.clock_ns, 1e9);
  meter.measure(readSample(reader, rows));
  set(layout.Snapshot.clock_ns, 1.5e9);
  set(vr + layout.VrCounters.received_frames, 60);
  set(vr + layout.VrCounters.sent_frames, 40);
  set(vr + layout.VrCounters.arrival_rate_millifps, 130_500);
  set(vr + layout.VrCounters.arrival_rate_bps, 9000);
  set(vr + layout.VrCounters.dropped_frames, 19);
  set(vr + layout.VrCounters.drops + 8 * Drop.queue_full, 6);
  set(vr + layout.VrCounters.drops + 8 * Drop.arena_full, 4);
  set(vr + layout.VrCounters.drops + 8 * Drop.too_long, 2);
  set(vr + layout.VrCounters.drops + 8 * Drop.no_route, 7);
  set(vri + layout.VriCounters.received_frames, 50);
  set(vri + layout.VriCounters.sent_frames, 40);
  set(vri + layout.VriCounters.queue_frames, 10);
  set(vri + layout.VriCounters.busy_ns, 0.25e9);
  const [none, load] = meter.measure(readSample(reader, rows));
  deepEqual(none!.vris, []);
  deepEqual(load, {
    arrival_rate_fps: 130.5,
    arrival_rate_Bps: 9000,
    mean_arrival_rate_fps: 120,
    departure_rate_fps: 94, // 80 sent, 14 without a route
    queue_full_drops_fps: 20,
    vris: [{
      id: "vr2.1",
      queue_frames: 10,
      service_rate_fps: 160,
      busy_fraction: 0.5,
      departure_rate_fps: 80,
    }],
  });
});
