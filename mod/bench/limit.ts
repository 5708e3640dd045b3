/** The machine's own limit (`zig-src/limit.zig`), beside which every figure is put. */
import { join } from "node:path";
import { ExitCode, Failure } from "../config/mod.ts";

/** What to measure the limit of. */
export interface LimitOptions {
  readonly runtime: string;
  /** Two CPUs. */
  readonly cores: readonly number[];
  readonly captured_bytes: number;
  readonly trace_frames: number;
  readonly window_frames: number;
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
  if (options.queue !== undefined) args.push("--queue", options.queue);
  const program = join(options.runtime, "bin", "lvrm-limit");
  const { success, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const text = new TextDecoder().decode(success ? stdout : stderr);
  if (!success) throw new Failure(ExitCode.failed, `bench: ${text.trim()}`);
  return (JSON.parse(text) as { frames_per_second: number }).frames_per_second;
}
