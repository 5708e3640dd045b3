/**
 * Experiment 1e: a control event from one VRI through the dispatcher to its sibling and back. The
 * VRIs are `lvrm-echo`, which measures by itself; under load they relay frames meanwhile.
 */
import { join } from "node:path";
import { manifest } from "../../ffi/abi.gen.ts";
import { ExitCode, Failure } from "../config/mod.ts";
import { BenchGateway } from "./gateway.ts";
import { trace_frames } from "./throughput.ts";
import type { BenchContext } from "./types.ts";

/** One row of the result. */
export interface ControlRow {
  readonly experiment: "1e";
  readonly queue: string;
  readonly event_bytes: number;
  readonly load: "none" | "full";
  /** Whether each VRI and the dispatcher had a core. If not, `full` is no claim. */
  readonly own_cores: boolean;
  readonly events: number;
  /** Half the way there and back. */
  readonly one_way_mean_us: number;
  readonly one_way_p50_us: number;
  readonly round_trip_p50_us: number;
  readonly round_trip_p99_us: number;
  readonly round_trip_max_us: number;
}

const eventSizes_bytes = [64, 128, 256, 512, 1024, 2048, 4096] as const;
const deadline_ms = 60_000;
const vriCores = 2;
const captured_bytes = 60;

interface Printed {
  readonly bytes: number;
  readonly events: number;
  readonly mean_ps: number;
  readonly p50_ps: number;
  readonly p99_ps: number;
  readonly max_ps: number;
}

async function lines(gateway: BenchGateway): Promise<Printed[]> {
  const deadline = performance.now() + deadline_ms;
  const isDone = () => gateway.lines.some((line) => line.includes('"done"'));
  while (!isDone()) {
    await gateway.checkVris();
    if (performance.now() > deadline) {
      throw new Failure(ExitCode.failed, "bench 1e: the VRIs do not come to an end");
    }
    await new Promise((done) => setTimeout(done, 20));
  }
  return gateway.lines.filter((line) => line.includes('"bytes"'))
    .map((line) => JSON.parse(line) as Printed);
}

const us = (ps: number) => Math.round(ps / 1000) / 1000;

async function measure(context: BenchContext, load: "none" | "full"): Promise<ControlRow[]> {
  const { core, runtime, machine, quick } = context;
  const queue = context.queue ?? manifest.queues[0];
  const cores = machine.used_cores.slice(0, 1 + vriCores);
  const sizes = quick ? [64, 4096] : eventSizes_bytes;
  const rounds = quick ? 200 : load === "none" ? 20_000 : 2_000;
  await using gateway = await BenchGateway.start(core, {
    executable: join(runtime, "bin", "lvrm-echo"),
    args: [sizes.join(","), String(rounds)],
    queue: manifest.queues.findIndex((name) => name === queue),
    balancer: 0,
    byFrame: false,
    vrs: 1,
    vrisPerVr: vriCores,
    routes: 0,
    cores,
    busyPoll: false,
    replay: {
      captured_bytes,
      trace_frames,
      flows: trace_frames,
      window_frames: context.window_frames,
      // Without load, one frame in a while, so that the port is the same.
      rate_fps: load === "none" ? 1 : 0,
      stamps: false,
    },
  }, runtime);
  const rows = (await lines(gateway)).map((p): ControlRow => ({
    experiment: "1e",
    queue,
    event_bytes: p.bytes,
    load,
    own_cores: cores.length > vriCores,
    events: p.events,
    one_way_mean_us: us(p.mean_ps / 2),
    one_way_p50_us: us(p.p50_ps / 2),
    round_trip_p50_us: us(p.p50_ps),
    round_trip_p99_us: us(p.p99_ps),
    round_trip_max_us: us(p.max_ps),
  }));
  for (const row of rows) {
    context.progress(
      `${row.event_bytes} bytes, load ${load}: p50 ${row.one_way_p50_us} µs one way`,
    );
  }
  return rows;
}

/** Without load, then with the dispatcher at full rate. */
export async function benchControl(context: BenchContext): Promise<ControlRow[]> {
  if (context.machine.used_cores.length <= vriCores) {
    context.progress(
      `1e: only ${context.machine.used_cores.length} cores: the two VRIs share one, and the ` +
        `figures under load are of that, not of lvrm where each has its own`,
    );
  }
  return [...await measure(context, "none"), ...await measure(context, "full")];
}
