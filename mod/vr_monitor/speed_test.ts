/** The work of one period at 100 VRs × 8 VRIs. How long it takes is printed, never judged. */
import { equal, ok } from "node:assert/strict";
import { layout } from "../../ffi/abi.gen.ts";
import { SnapshotReader } from "../../ffi/stats.ts";
import { LoadMeter, readSample } from "./load.ts";
import { VrMonitor } from "./monitor.ts";
import { policyWith } from "./testing.ts";

const vrs = 100;
const vris = 8;
const periods = 400;

Deno.test("one period of 100 VRs × 8 VRIs (how long is printed, not judged)", () => {
  const memory = new ArrayBuffer(layout.Snapshot.size);
  const words = new BigUint64Array(memory);
  const add = (offset: number, value: number) => words[offset / 8]! += BigInt(value);
  const kinds = ["dynamic", "service_rate"];
  const policies = Array.from(
    { length: vrs },
    (_, i) => policyWith({ name: `vr${i}`, allocator: kinds[i % 2]!, weight: 1 + i % 4 }),
  );
  const rows = policies.map((policy, vr) =>
    Array.from({ length: vris }, (_, i) => {
      const vri = vr * vris + i;
      return { id: `${policy.name}.${i + 1}`, vri, life: vri + 1, running: true };
    })
  );
  const reader = new SnapshotReader(memory);
  const meter = new LoadMeter();
  const monitor = new VrMonitor(policies, { period_ms: 1000, overcommit: false });
  const state = { targets: policies.map(() => vris), broken: policies.map(() => false) };
  const vrAt = (vr: number, field: number) =>
    layout.Snapshot.vrs + vr * layout.VrCounters.size + field;
  const vriAt = (vri: number, field: number) =>
    layout.Snapshot.vris + vri * layout.VriCounters.size + field;
  const times_ms: number[] = [];
  const looks_ms: number[] = [];
  let decisions = 0;
  for (let period = 0; period < periods; period++) {
    add(layout.Snapshot.clock_ns, 1e9);
    for (let vr = 0; vr < vrs; vr++) {
      const fps = 380_000 + vr * 1000 + (period % 16) * 2000;
      add(vrAt(vr, layout.VrCounters.received_frames), fps);
      words[vrAt(vr, layout.VrCounters.arrival_rate_millifps) / 8] = BigInt(fps * 1000);
      for (let i = 0; i < vris; i++) {
        const vri = vr * vris + i;
        add(vriAt(vri, layout.VriCounters.received_frames), fps / vris);
        add(vriAt(vri, layout.VriCounters.busy_ns), Math.round(1e9 * fps / vris / 60_000));
      }
    }
    const start_ms = performance.now();
    const loads = meter.measure(readSample(reader, rows));
    looks_ms.push(performance.now() - start_ms);
    const result = monitor.period(period * 1000, loads, vrs * vris, state);
    times_ms.push(performance.now() - start_ms);
    equal(loads[vrs - 1]!.vris.length, vris);
    decisions += result.decisions.length;
  }
  ok(decisions > 0);
  const at = (times: readonly number[], share: number) =>
    times.toSorted((a, b) => a - b)[Math.floor(share * periods)]!.toFixed(3);
  console.log(
    `one period of ${vrs} VRs × ${vris} VRIs: ${at(times_ms, 0.5)} ms (median of ${periods}), ` +
      `least ${at(times_ms, 0)} ms, of which reading counters ${at(looks_ms, 0.5)} and ` +
      `${at(looks_ms, 0)} ms; ${(decisions / periods).toFixed(1)} decisions in each`,
  );
});
