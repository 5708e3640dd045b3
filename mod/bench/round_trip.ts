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
  readonly p50_us: number;
  readonly p99_us: number;
  readonly loss: number;
  readonly cpu_ns_per_frame: number;
  readonly frames_per_second: number;
}

/** Rows in the order of contestants. Throws Failure. */
export async function benchRoundTrip(context: BenchContext): Promise<Row[]> {
  const usual = context.quick ? quick : full;
  const repeats = context.only.repeats ?? usual.repeats;
  const pings = Math.ceil(usual.repeats * usual.pings / repeats);
  const samples = new Map<string, Sample[]>();
  await using bed = await Testbed.create(context.runtime);
  const all = contestants(context);
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const who of rotated(all, repeat)) {
      await during(bed, who, async (pids) => {
        const sample = await ping(bed, pids, pings);
        samples.set(nameOf(who), [...samples.get(nameOf(who)) ?? [], sample]);
        context.progress(`${nameOf(who)}: ${sample.p50_us.toFixed(1)} µs`);
      });
    }
  }
  const middle = (who: Contestant, of: (it: Sample) => number) =>
    median((samples.get(nameOf(who)) ?? []).map(of));
  const half_us = (it: Sample) => it.p50_us;
  return all.map((who) => ({
    experiment: "1b",
    ...who,
    wire_bytes,
    frames_per_second: middle(who, (it) => it.frames_per_second),
    loss: middle(who, (it) => it.loss),
    cpu_ns_per_frame: middle(who, (it) => it.cpu_ns_per_frame),
    ratio_to_kernel: middle(who, half_us) / middle(all[0]!, half_us),
    p50_us: middle(who, half_us),
    p99_us: middle(who, (it) => it.p99_us),
  }));
}

/** What `lvrm-gen ping` tells. */
interface PingResult {
  readonly sent_frames: number;
  readonly received_frames: number;
  readonly round_trip_p50_ns: number;
  readonly round_trip_p99_ns: number;
  readonly seconds: number;
}

/** Echo requests, the next as soon as one has come back. Throws Failure. */
async function ping(bed: Testbed, pids: readonly number[], count: number): Promise<Sample> {
  const { sender, receiverAddress } = pairs[0]!;
  const before_ns = softirq_ns() + threads_ns(pids);
  await using child = bed.generator(sender, [
    ...["ping", "--destination", receiverAddress, "--count", String(count)],
  ]);
  const told = JSON.parse(await child.finish()) as PingResult;
  const cpu_ns = softirq_ns() + threads_ns(pids) - before_ns;
  const { sent_frames, received_frames, seconds } = told;
  if (received_frames === 0) throw new Failure(ExitCode.failed, "bench: no ping came back");
  return {
    p50_us: told.round_trip_p50_ns / 1000,
    p99_us: told.round_trip_p99_ns / 1000,
    loss: 1 - received_frames / sent_frames,
    cpu_ns_per_frame: cpu_ns / (2 * received_frames),
    frames_per_second: 2 * received_frames / seconds,
  };
}
