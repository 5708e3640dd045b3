/**
 * `click`: packets per second of the Click VR on one core, from memory to discard, for the
 * configurations under vrs/click/examples/bench. They are plain Click, so that anybody can run them
 * with another implementation beside this one.
 */
import { join } from "node:path";
import { ExitCode, Failure } from "../config/mod.ts";
import { Child } from "./command.ts";
import { median } from "./statistics.ts";
import type { BenchContext } from "./types.ts";

/** One row of the result. */
export interface ClickRow {
  readonly experiment: "click";
  readonly configuration: string;
  readonly packets: number;
  /** Per second of processor time. */
  readonly packets_per_second: number;
  /** What issue 7 asks for. */
  readonly target_packets_per_second: number;
}

interface Configuration {
  readonly name: string;
  /** Each makes so many packets. */
  readonly sources: number;
  readonly target_packets_per_second: number;
}

const configurations: readonly Configuration[] = [
  { name: "counter", sources: 1, target_packets_per_second: 25e6 },
  { name: "chain", sources: 1, target_packets_per_second: 14e6 },
  { name: "router", sources: 2, target_packets_per_second: 9e6 },
];
/** Of each source. */
const packets = 10_000_000, quickPackets = 100_000;
/** How many may be on their way when the sources end. */
const onTheirWay = 200;

/**
 * Seconds of processor time that the run took, start and end left out (`-t`): on a machine with
 * nothing else to do, what the clock says. Throws Failure when packets don't get through.
 */
async function run(runtime: string, { name }: Configuration, limit: number): Promise<number> {
  const file = join(runtime, "lib", `click_${name}.click`);
  const args = ["-t", "-h", "counted.count", file, `LIMIT=${limit}`];
  const child = new Child([join(runtime, "bin/lvrm-click"), ...args]);
  const out = await child.finish();
  const [, user, system, counted] = /^([\d.]+)u ([\d.]+)s .*\n(\d+)$/.exec(out.trim()) ?? [];
  const arrived = Number(counted);
  if (arrived <= limit && arrived >= limit - onTheirWay) return Number(user) + Number(system);
  const reason = child.err.trim() || `${counted} of ${limit} packets came`;
  throw new Failure(ExitCode.failed, `click ${name}: ${reason}`);
}

/** The configurations, one after another. */
export async function benchClick(context: BenchContext): Promise<ClickRow[]> {
  const { runtime, timing, quick, progress } = context;
  const limit = quick ? quickPackets : packets;
  const rows: ClickRow[] = [];
  for (const configuration of configurations) {
    const { name, sources, target_packets_per_second } = configuration;
    const rates: number[] = [];
    for (let i = 0; i < timing.samples; i++) {
      const seconds = await run(runtime, configuration, limit);
      rates.push(sources * limit / Math.max(seconds, 1e-3));
    }
    const packets_per_second = Math.round(median(rates));
    rows.push({
      experiment: "click",
      configuration: name,
      packets: sources * limit,
      packets_per_second,
      target_packets_per_second,
    });
    const reached = packets_per_second >= target_packets_per_second ? "reached" : "missed";
    progress(
      `${name}: ${(packets_per_second / 1e6).toFixed(1)} Mpps, ` +
        `target ${target_packets_per_second / 1e6} Mpps: ${reached}`,
    );
  }
  return rows;
}
