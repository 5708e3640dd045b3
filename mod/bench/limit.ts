/** The machine's own limit (`zig-src/limit.zig`), beside which every figure is put. */
import { join } from "node:path";
import { ExitCode, Failure } from "../config/mod.ts";
import type { BenchContext } from "./types.ts";

/** What to measure the limit of. */
export interface LimitOptions {
  readonly runtime: string;
  /** Two CPUs. */
  readonly cores: readonly number[];
  readonly captured_bytes: number;
  readonly trace_frames: number;
  readonly window_frames: number;
  /** From one slot of the arena to the next; the product's where not given. */
  readonly stride_bytes?: number;
  readonly ms: number;
  /** A bare queue of lvrm instead. */
  readonly queue?: string;
}

/** Frames (or words of a bare queue) per second. */
export async function measureLimit(options: LimitOptions): Promise<number> {
  const [first, second] = options.cores;
  const args = [
    ["--cores", `${first},${second ?? first}`],
    ["--bytes", String(options.captured_bytes)],
    ["--trace-frames", String(options.trace_frames)],
    ["--window", String(options.window_frames)],
    ["--milliseconds", String(options.ms)],
  ].flat();
  if (options.stride_bytes !== undefined) args.push("--stride", String(options.stride_bytes));
  if (options.queue !== undefined) args.push("--queue", options.queue);
  return (await runLimit(options.runtime, args) as { frames_per_second: number }).frames_per_second;
}

/**
 * Windows and slot strides that suit the limit: long frames want few on their way, and short ones
 * many, in slots a power of two apart (which don't suit the product, whose VRIs write to frames).
 */
const layouts = [
  { window_frames: 256 },
  { window_frames: 2048 },
  { window_frames: 2048, stride_bytes: 2048 },
] as const;

/** The limit in the best of its layouts: no figure of lvrm's is put beside less. */
export async function measureBestLimit(
  options: Omit<LimitOptions, "window_frames" | "stride_bytes" | "queue">,
): Promise<number> {
  const limits: number[] = [];
  for (const layout of layouts) limits.push(await measureLimit({ ...options, ...layout }));
  return Math.max(...limits);
}

/**
 * What two cores cost before any of lvrm's work, nanoseconds: `futex`, the wake-up of a process
 * that sleeps on one; `sleepers`, of two in turn, the first by a timer; `lines`, a cache line over
 * to the other core and another back.
 */
export async function measureBare(
  what: "futex" | "sleepers" | "lines",
  context: Pick<BenchContext, "runtime" | "machine" | "timing">,
): Promise<{ p50: number; p99: number }> {
  const [first, second] = context.machine.used_cores;
  const args = ["--cores", `${first},${second ?? first}`, `--${what}`, "1"];
  args.push("--milliseconds", String(2 * context.timing.sample_ms));
  return await runLimit(context.runtime, args) as { p50: number; p99: number };
}

/** Nanoseconds per frame of the dispatcher looped back on itself (`zig-src/loopback.zig`). */
export async function measureLoopback(
  runtime: string,
  queue: string,
  vrs: number,
  frames: number,
): Promise<number> {
  const args = ["--vrs", String(vrs), "--frames", String(frames), "--queue", queue];
  const found = await run(join(runtime, "bin", "lvrm-loopback"), args);
  return (found as { ns_per_frame: number }).ns_per_frame;
}

function runLimit(runtime: string, args: readonly string[]): Promise<unknown> {
  return run(join(runtime, "bin", "lvrm-limit"), args);
}

async function run(program: string, args: readonly string[]): Promise<unknown> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args] }).output();
  const text = new TextDecoder().decode(success ? stdout : stderr);
  if (!success) throw new Failure(ExitCode.failed, `bench: ${text.trim()}`);
  return JSON.parse(text);
}
