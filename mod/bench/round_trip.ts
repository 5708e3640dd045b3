/** Experiment 1b: the round trip of a ping through the gateway, beside the kernel's forwarding. */
import { ExitCode, Failure } from "../config/mod.ts";
import { type Contestant, contestants, during, nameOf, rotated } from "./contestants.ts";
import { softirq_ns, threads_ns } from "./processor.ts";
import { median } from "./statistics.ts";
import type { Row } from "./table.ts";
import { pairs, Testbed } from "./testbed.ts";
import type { BenchContext } from "./types.ts";

/** The paper's 400,000 echo requests, in parts. */
const full = { repeats: 4, pings: 100_000 };
const quick = { repeats: 1, pings: 200 };

/** An echo request on the wire: 56 bytes and headers, check sequence, preamble and gap. */
const wire_bytes = 56 + 8 + 20 + 14 + 24;

interface Sample {
  readonly round_trips_us: readonly number[];
  readonly loss: number;
  readonly cpu_ns_per_frame: number;
  readonly frames_per_second: number;
}

/** Rows in the order of contestants. Throws Failure. */
export async function benchRoundTrip(context: BenchContext): Promise<Row[]> {
  const { repeats, pings } = context.quick ? quick : full;
  const samples = new Map<string, Sample[]>();
  await using bed = await Testbed.create(context.runtime);
  const all = contestants(context);
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const who of rotated(all, repeat)) {
      await during(bed, who, async (pids) => {
        const sample = await ping(bed, pids, pings);
        samples.set(nameOf(who), [...samples.get(nameOf(who)) ?? [], sample]);
        const middle_us = median(sample.round_trips_us);
        context.progress(`${nameOf(who)}: ${middle_us.toFixed(1)} µs`);
      });
    }
  }
  const middle = (who: Contestant, of: (it: Sample) => number) =>
    median((samples.get(nameOf(who)) ?? []).map(of));
  const half_us = (it: Sample) => median(it.round_trips_us);
  return all.map((who) => ({
    experiment: "1b",
    ...who,
    wire_bytes,
    frames_per_second: middle(who, (it) => it.frames_per_second),
    loss: middle(who, (it) => it.loss),
    cpu_ns_per_frame: middle(who, (it) => it.cpu_ns_per_frame),
    ratio_to_kernel: middle(who, half_us) / middle(all[0]!, half_us),
    p50_us: middle(who, half_us),
    p99_us: middle(who, (it) => quantile(it.round_trips_us, 0.99)),
  }));
}

/** The value that this part of all values does not exceed. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)]!;
}

/** Echo requests, the next as soon as one has come back. */
async function ping(bed: Testbed, pids: readonly number[], count: number): Promise<Sample> {
  const { sender, receiverAddress } = pairs[0]!;
  const before_ns = softirq_ns() + threads_ns(pids);
  const start_ms = performance.now();
  await using child = bed.spawn(sender, [
    ...["ping", "-n", "-A", "-W", "1", "-c", String(count), receiverAddress],
  ]);
  const text = await child.finish();
  const seconds = (performance.now() - start_ms) / 1000;
  const cpu_ns = softirq_ns() + threads_ns(pids) - before_ns;
  const round_trips_us = readPing(text);
  if (round_trips_us.length === 0) {
    throw new Failure(ExitCode.failed, "bench: no ping came back: is it iputils' ping?");
  }
  return {
    round_trips_us,
    loss: 1 - round_trips_us.length / count,
    cpu_ns_per_frame: cpu_ns / (2 * round_trips_us.length),
    frames_per_second: 2 * round_trips_us.length / seconds,
  };
}

/** Round trips that `ping` printed, without repeated ones. */
export function readPing(text: string): number[] {
  const lines = text.split("\n").filter((line) => !line.includes("DUP!"));
  return lines.flatMap((line) => {
    const found = / time=([\d.]+) ms/.exec(line);
    return found === null ? [] : [Number(found[1]) * 1000];
  });
}
