/** What the benchmark measures on one testbed: a rate, round trips, and idle cost. */
import { generated, type Host, type SendResult, Sink, startSending } from "../testbed/mod.ts";
import type { Testbed } from "../testbed/mod.ts";

/** Where generated frames go: behind r1, whose kernel drops them at once and answers nothing. */
export const target = "198.18.0.1";

/** Frames that may be lost at a rate that still counts as carried (the paper, III-A). */
export const lossMax = 0.02;

/** One try at one rate. */
export interface Trial {
  sent_fps: number;
  received_fps: number;
  loss: number;
  reordered_frames: number;
}

/** How long and how often. */
export interface SearchOptions {
  trial_s: number;
  steps: number;
}

/** Makes `target` reachable behind r1, and every neighbour on the way known. */
export async function prepare(bed: Testbed): Promise<void> {
  await bed.gateway.ip(`route add 198.18.0.0/24 via ${bed.r1.link.host4}`);
  const ping = await bed.s1.ping(bed.r1.link.host4, { count: 5, interval_ms: 20 });
  if (ping.received === 0) throw new Error("The testbed does not forward: nothing to measure");
}

let runs = 0;

/** Sends at a rate (0: as fast as it goes) and counts. A try that the sink itself could not follow
 * is void and made again. */
export async function tryRate(
  bed: Testbed,
  rate_fps: number,
  wire_bytes: number,
  seconds: number,
): Promise<Trial> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const trial = await tryOnce(bed, rate_fps, wire_bytes, seconds);
    if (trial !== undefined) return trial;
  }
  throw new Error("The sink cannot follow: too much else runs on this machine to measure");
}

async function tryOnce(
  bed: Testbed,
  rate_fps: number,
  wire_bytes: number,
  seconds: number,
): Promise<Trial | undefined> {
  const run = 1 + runs++ % 65_000;
  await using sink = await Sink.start(bed.r1, { run });
  await using sender = startSending(bed.s1, await bed.gateway.mac("s1"), {
    ...{ source: bed.s1.link.host4, destination: target, seconds, wire_bytes, run },
    ...(rate_fps > 0 ? { rate_fps: Math.round(rate_fps) } : {}),
  });
  const sent = await generated<SendResult>(sender);
  const seen = await sink.stop(150);
  if (seen.missed_frames > 0) return undefined;
  return {
    sent_fps: sent.rate_fps,
    received_fps: seen.different_frames / sent.seconds,
    loss: 1 - seen.different_frames / sent.sent_frames,
    reordered_frames: seen.reordered_frames,
  };
}

/**
 * The highest rate with at most `lossMax` lost, by bisection. A rate that fails is tried once
 * more: a pause of the machine's host is not the forwarder's fault.
 */
export async function highestRate(
  bed: Testbed,
  wire_bytes: number,
  options: SearchOptions,
): Promise<Trial> {
  const carried = async (rate_fps: number): Promise<Trial | undefined> => {
    for (let attempt = 0; attempt < 2; attempt++) {
      const trial = await tryRate(bed, rate_fps, wire_bytes, options.trial_s);
      if (trial.loss <= lossMax) return trial;
    }
    return undefined;
  };
  const flood = await tryRate(bed, 0, wire_bytes, options.trial_s);
  if (flood.loss <= lossMax) return flood;
  let best: Trial | undefined;
  let [low, high] = [flood.received_fps * 0.7, flood.sent_fps];
  for (let step = 0; step < options.steps || best === undefined; step++) {
    const rate_fps = step === 0 ? low : (low + high) / 2;
    const trial = await carried(rate_fps);
    if (trial !== undefined) {
      best = trial;
      low = rate_fps;
    } else if (step === 0 || best === undefined) {
      [low, high] = [rate_fps / 2, rate_fps];
    } else high = rate_fps;
    if (best !== undefined && high - low < 0.02 * high) break;
    if (step > 30) throw new Error("No rate passes: the testbed is broken");
  }
  return best!;
}

/** Median round trip of pings, one at a time, in microseconds. */
export async function roundTrip_us(host: Host, address: string, count: number): Promise<number> {
  const { rtt_us } = await host.agent.call<{ rtt_us: number[] }>("latency", {
    ...{ destination: address, count },
  });
  return median(rtt_us);
}

/** The middle value; the mean of the two in the middle of an even number. */
export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Processor time of all threads of these processes, in milliseconds. */
export function cpuTimes_ms(pids: number[]): number {
  let total_ns = 0;
  for (const pid of pids) {
    for (const task of Deno.readDirSync(`/proc/${pid}/task`)) {
      const text = Deno.readTextFileSync(`/proc/${pid}/task/${task.name}/schedstat`);
      total_ns += Number(text.split(" ")[0]);
    }
  }
  return total_ns / 1e6;
}
