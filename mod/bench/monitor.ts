/**
 * What the monitors cost per period with a hundred VRs of eight VRIs each: a snapshot of all
 * counters by a real dispatcher, the loads that are made of it, and the decisions. The VRIs' links
 * are there, without processes at their other ends: those would change none of it.
 */
import { manifest } from "../../ffi/abi.gen.ts";
import { SnapshotReader } from "../../ffi/stats.ts";
import { arena, idle, link } from "../config/sizes.ts";
import { LoadMeter, readSample, VrMonitor } from "../vr_monitor/mod.ts";
import { encodePlan, noPorts } from "../vri_monitor/mod.ts";
import { benchCores, verdict } from "./dummy.ts";
import { sleep } from "./command.ts";
import { policyOf } from "./policy.ts";
import { quantile } from "./statistics.ts";
import type { BenchContext, Outcome } from "./types.ts";

/** One part of a period's work. */
export interface MonitorRow {
  readonly experiment: "monitor";
  readonly vrs: number;
  readonly vris_per_vr: number;
  /** `snapshot` (the dispatcher's core, its wake-up too), `loads`, `decisions`, `together`. */
  readonly part: string;
  readonly periods: number;
  readonly p50_us: number;
  readonly p99_us: number;
}

const vris = 8;
/** Each link has a descriptor. */
const sparedDescriptors = 200;

function openFilesLimit(): number {
  const limits = Deno.readTextFileSync("/proc/self/limits");
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1024);
}

/** VRs and links as a gateway makes them, in a plan that is in force. */
function build({ core }: BenchContext, vrs: number): SnapshotReader {
  core.start({ cores: [benchCores()[0]!.core], idle: idle.own, busyPoll: false });
  const reader = new SnapshotReader(core.snapshotMemory());
  for (let vr = 0; vr < vrs; vr++) {
    core.vrCreate({
      vr,
      slotBytes: arena.slot_bytes,
      slotCount: arena.slot_count,
      balancer: 0,
      byFrame: false,
      flowCount: arena.flow_count,
      flowIdleMs: arena.flow_idle_ms,
      loadEstimator: 0,
      loadWeight: 32,
    });
    for (let i = 0; i < vris; i++) {
      core.vriCreate({
        vri: vr * vris + i,
        vr,
        queue: manifest.queues.indexOf("mc_ring_buffer"),
        queueCapacity: link.queue_capacity,
        freeCapacity: link.free_capacity,
        controlCapacity: link.control_capacity_bytes,
      });
    }
  }
  const generation = core.plan(encodePlan({
    ports: [],
    vrs: Array.from({ length: vrs }, (_, vr) => {
      return { vr, wants: 0, wantedPorts: noPorts, permittedPorts: noPorts };
    }),
    vris: Array.from({ length: vrs * vris }, (_, vri) => {
      return { vri, state: "running" as const, idle: idle.own, decidedNs: 0n, pid: null };
    }),
    served: [],
    local: [],
  }));
  do snapshot(core, reader); while (reader.generation() < (generation ?? Infinity));
  return reader;
}

/** Until it is there, microseconds; looks for it, since to be woken would take longer. */
function snapshot(core: BenchContext["core"], reader: SnapshotReader): number {
  const before_us = 1000 * performance.now();
  const asked = core.snapshotRequest();
  while (reader.sequence() < asked);
  return 1000 * performance.now() - before_us;
}

/** Periods of 100 VRs × 8 VRIs, as fast as they come. */
export async function benchMonitor(context: BenchContext): Promise<Outcome> {
  const { core, quick } = context;
  const vrs = Math.min(100, Math.floor((openFilesLimit() - sparedDescriptors) / vris));
  const periods = quick ? 30 : 500;
  const times: Record<string, number[]> = { snapshot: [], loads: [], decisions: [], together: [] };
  const policies = Array.from(
    { length: vrs },
    (_, vr) => policyOf(`vr${vr + 1}`, vris, vr % 2 === 0 ? "dynamic" : "service_rate"),
  );
  const rows = policies.map(({ name }, vr) =>
    Array.from({ length: vris }, (_, i) => {
      const vri = vr * vris + i;
      return { id: `${name}.${i + 1}`, vri, life: vri + 1, running: true };
    })
  );
  try {
    const reader = build(context, vrs);
    const meter = new LoadMeter();
    const monitor = new VrMonitor(policies, { period_ms: 1000, overcommit: false });
    const state = { targets: policies.map(() => vris), broken: policies.map(() => false) };
    for (let period = 0; period < periods; period++) {
      await sleep(1); // the dispatcher has nothing else to do, and sleeps
      const taken_us = snapshot(core, reader);
      const before_us = 1000 * performance.now();
      const loads = meter.measure(readSample(reader, rows));
      const between_us = 1000 * performance.now();
      monitor.period(period * 1000, loads, vrs * vris, state);
      const after_us = 1000 * performance.now();
      times.snapshot!.push(taken_us);
      times.loads!.push(between_us - before_us);
      times.decisions!.push(after_us - between_us);
      times.together!.push(taken_us + after_us - before_us);
    }
  } finally {
    core.stop();
  }
  const found = Object.entries(times).map(([part, all_us]): MonitorRow => ({
    experiment: "monitor",
    vrs,
    vris_per_vr: vris,
    part,
    periods,
    p50_us: quantile(all_us, 0.5),
    p99_us: quantile(all_us, 0.99),
  }));
  const all = found.at(-1)!;
  context.progress(
    `${vrs} VRs × ${vris} VRIs: ${all.p50_us.toFixed(0)} µs per period; target 1 ms: ` +
      verdict(all.p50_us <= 1000),
  );
  return { rows: found, paced: false };
}
