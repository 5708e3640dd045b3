/** `lvrm gen --find-limit`: the highest rates from one interface to another, by trials of both. */
import { join } from "node:path";
import { ExitCode, Failure } from "../config/mod.ts";
import { runtimeDirectory } from "../runtime/mod.ts";
import { Child, sleep } from "./command.ts";
import { combine, highestRate, lossMax, type Trial } from "./search.ts";

/** What was asked for: words of `lvrm-gen send`, and where its frames arrive. */
export interface FindLimit {
  readonly words: readonly string[];
  readonly sink: string;
}

/** Reads the words behind `lvrm gen`; null when they ask for something else. Throws Failure. */
export function findLimitOf(args: readonly string[]): FindLimit | null {
  if (!args.includes("--find-limit")) return null;
  const words = args.filter((word) => word !== "--find-limit");
  const at = words.indexOf("--sink");
  const [, sink] = at < 0 ? [] : words.splice(at, 2);
  const wrong = (message: string) => new Failure(ExitCode.usage, `--find-limit: ${message}`);
  if (sink === undefined) throw wrong("name where the frames arrive: --sink INTERFACE");
  if (!words.includes("--interface")) {
    throw wrong("name where the frames are sent: --interface INTERFACE");
  }
  for (const word of ["--rate", "--count", "--run", "--speed", "--loops"]) {
    if (words.includes(word)) throw wrong(`it chooses ${word} itself; give --seconds of a trial`);
  }
  if (!words.includes("--seconds")) throw wrong("give the length of a trial: --seconds S");
  if (words.includes("--trace")) words.push("--loops", "0");
  return { words, sink };
}

const steps = 12;

/** The highest rate with at most 2 % lost (the paper, III-A), and without loss. Throws Failure. */
export async function runFindLimit(
  { words, sink }: FindLimit,
  print: (text: string) => void,
  progress: (line: string) => void,
): Promise<void> {
  const program = join(runtimeDirectory(), "bin", "lvrm-gen");
  const attempt = async (rate_fps: number) => {
    const trial = await tryOnce(program, words, sink, rate_fps);
    const { sent_fps, loss } = trial;
    progress(`${Math.round(sent_fps)} frames/s: ${(100 * loss).toFixed(3)} % lost`);
    return trial;
  };
  const limits = [];
  for (const loss_max of [lossMax, 0]) {
    const best = await highestRate(attempt, steps, loss_max);
    limits.push({ loss_max, frames_per_second: best?.received_fps ?? 0, loss: best?.loss ?? null });
  }
  print(`${JSON.stringify({ limits })}\n`);
}

let runs = 0;

async function tryOnce(
  program: string,
  words: readonly string[],
  sinkName: string,
  rate_fps: number,
): Promise<Trial> {
  const run = ["--run", `${1 + (Deno.pid + runs++) % 65_000}`];
  await using sink = new Child([
    ...[program, "sink", "--interface", sinkName, "--seconds", "3600", ...run],
  ]);
  while (!sink.out.includes("ready") && !sink.ended) await sleep(5);
  if (sink.ended) await sink.finish();
  const rate = rate_fps > 0 ? ["--rate", `${Math.max(1, Math.round(rate_fps))}`] : [];
  await using sender = new Child([program, "send", ...words, ...run, ...rate]);
  const sent = await lastLine<{ numbered_frames: number; seconds: number }>(sender);
  await sleep(150); // what is on its way
  const seen = await lastLine<{ different_frames: number; missed_frames: number }>(sink);
  if (seen.missed_frames > 0) {
    throw new Failure(
      ExitCode.failed,
      `the sink on ${sinkName} could not follow: too much else runs on this machine to measure`,
    );
  }
  const { numbered_frames: sent_frames, seconds } = sent;
  if (sent_frames === 0) {
    throw new Failure(
      ExitCode.failed,
      "no frame of the trace has room for a number: none to count",
    );
  }
  return combine([{ sent_frames, seconds, received_frames: seen.different_frames }], 0);
}

async function lastLine<T>(child: Child): Promise<T> {
  return JSON.parse((await child.finish()).trim().split("\n").pop()!) as T;
}
