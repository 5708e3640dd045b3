/** Experiment 1a: the highest rate that is forwarded, by size of frame, beside the kernel's. */
import { Failure } from "../config/mod.ts";
import { Child, sleep } from "./command.ts";
import { type Contestant, contestants, during, nameOf, rotated } from "./contestants.ts";
import { softirq_ns, threads_ns } from "./processor.ts";
import { combine, highestRate, type Trial } from "./search.ts";
import { median } from "./statistics.ts";
import type { Row } from "./table.ts";
import { pairs, Testbed } from "./testbed.ts";
import type { BenchContext } from "./types.ts";

interface Amount {
  readonly sizes_bytes: readonly number[];
  readonly repeats: number;
  readonly trial_s: number;
  readonly steps: number;
}

const full: Amount = {
  sizes_bytes: [84, 128, 256, 512, 1024, 1280, 1538],
  ...{ repeats: 3, trial_s: 1, steps: 10 },
};
const quick: Amount = { sizes_bytes: [84, 1538], repeats: 1, trial_s: 0.2, steps: 1 };

/** Rows in the order of contestants and sizes. Throws Failure. */
export async function benchForwarding(context: BenchContext): Promise<Row[]> {
  const usual = context.quick ? quick : full;
  const amount = {
    ...usual,
    sizes_bytes: context.only.sizes_bytes ?? usual.sizes_bytes,
    repeats: context.only.repeats ?? usual.repeats,
  };
  const samples = new Map<string, Trial[]>();
  const keyOf = (who: Contestant, wire_bytes: number) => `${nameOf(who)} ${wire_bytes}`;
  await using bed = await Testbed.create(context.runtime);
  const all = contestants(context);
  for (let repeat = 0; repeat < amount.repeats; repeat++) {
    for (const who of rotated(all, repeat)) {
      await during(bed, who, async (pids) => {
        for (const wire_bytes of amount.sizes_bytes) {
          const attempt = (rate_fps: number) =>
            tryRate(bed, { pids, rate_fps, wire_bytes, seconds: amount.trial_s });
          const best = await highestRate(attempt, amount.steps);
          if (best === null) context.progress(`${nameOf(who)}: loses frames at every rate`);
          const found = best ?? { sent_fps: 0, received_fps: 0, loss: 1, cpu_ns_per_frame: 0 };
          const key = keyOf(who, wire_bytes);
          samples.set(key, [...samples.get(key) ?? [], found]);
          context.progress(`${key} bytes: ${Math.round(found.received_fps)} frames/s`);
        }
      });
    }
  }
  const middle = (who: Contestant, wire_bytes: number, of: (it: Trial) => number) =>
    median((samples.get(keyOf(who, wire_bytes)) ?? []).map(of));
  return all.flatMap((who) =>
    amount.sizes_bytes.map((wire_bytes) => {
      const rate_fps = middle(who, wire_bytes, (it) => it.received_fps);
      return {
        experiment: "1a",
        ...who,
        wire_bytes,
        frames_per_second: rate_fps,
        loss: middle(who, wire_bytes, (it) => it.loss),
        cpu_ns_per_frame: middle(who, wire_bytes, (it) => it.cpu_ns_per_frame),
        ratio_to_kernel: rate_fps / middle(all[0]!, wire_bytes, (it) => it.received_fps),
      };
    })
  );
}

interface Load {
  readonly pids: readonly number[];
  /** Of all pairs together; 0: as fast as it goes. */
  readonly rate_fps: number;
  readonly wire_bytes: number;
  readonly seconds: number;
}

const attemptsMax = 5;

/** A try that a sink itself could not follow is void and made again. Throws Failure. */
async function tryRate(bed: Testbed, load: Load): Promise<Trial> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const trial = await tryOnce(bed, load);
    if (trial !== null) return trial;
  }
  throw new Failure(
    1,
    "bench: the sink cannot follow: too much else runs on this machine to measure",
  );
}

let runs = 0;

/** Both senders at once. */
async function tryOnce(bed: Testbed, load: Load): Promise<Trial | null> {
  const run = 1 + runs++ % 65_000;
  const sinks = pairs.map((pair) =>
    bed.generator(pair.receiver, [
      ...["sink", "--interface", "net0", "--seconds", "600", "--run", `${run}`],
    ])
  );
  const senders: Child[] = [];
  try {
    while (!sinks.every((it) => it.out.includes("ready") || it.ended)) await sleep(5);
    const before_ns = softirq_ns() + threads_ns(load.pids);
    senders.push(...pairs.map((pair) =>
      bed.generator(pair.sender, [
        ...["send", "--interface", "net0", "--allow-default-route"],
        ...["--destination-mac", pair.gatewayMac],
        ...["--source", pair.source, "--destination", pair.destination, "--run", `${run}`],
        ...["--seconds", `${load.seconds}`, "--wire-bytes", `${load.wire_bytes}`],
        ...(load.rate_fps > 0 ? ["--rate", `${Math.round(load.rate_fps / pairs.length)}`] : []),
      ])
    ));
    const sent = await Promise.all(senders.map(lastLine<{ sent_frames: number; seconds: number }>));
    await sleep(150); // what is on its way
    const cpu_ns = softirq_ns() + threads_ns(load.pids) - before_ns;
    const seen = await Promise.all(
      sinks.map(lastLine<{ different_frames: number; missed_frames: number }>),
    );
    if (seen.some((it) => it.missed_frames > 0)) return null;
    return combine(
      sent.map((it, i) => ({ ...it, received_frames: seen[i]!.different_frames })),
      cpu_ns,
    );
  } finally {
    for (const child of [...senders, ...sinks]) await child[Symbol.asyncDispose]();
  }
}

/** Ends a generator's input, waits, and reads what it tells. */
async function lastLine<T>(child: Child): Promise<T> {
  return JSON.parse((await child.finish()).trim().split("\n").pop()!) as T;
}
