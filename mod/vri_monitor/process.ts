/**
 * The processes of VRIs: the only `Deno.Command` of the control plane. Spawned from the main
 * thread only, since the launcher's parent-death signal follows the thread that spawned it.
 */
import { dirname, join } from "node:path";
import { keptOutputLines } from "../config/sizes.ts";

/** What to run and what it is told. */
export interface VriCommand {
  /** Path of `lvrm-launch`. */
  readonly launcher: string;
  /** Path of the VR's executable. */
  readonly executable: string;
  readonly args: readonly string[];
  /** CPU numbers that it may run on; empty: all that lvrm may use. */
  readonly cores: readonly number[];
  readonly linkShmid: number;
  /** One for each dispatcher. */
  readonly wakeFds: readonly number[];
  /** Gets each line that the VR prints, without its end. */
  readonly onLine: (line: string) => void;
}

/** A running process. */
export interface VriProcess {
  readonly pid: number;
  /** Resolves when it was reaped, with how it ended: `exited with status 3: last line`. */
  readonly ended: Promise<string>;
  /** The last lines that it printed as errors. */
  readonly lastLines: readonly string[];
  /** SIGKILL; nothing happens when it ended already. */
  kill(): void;
}

/** Variables that a VR inherits beside its link; DENO_DIR is for VRs in TypeScript. */
const inherited = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "DENO_DIR"] as const;
const longestLine = 2000;

/** Starts a VRI. Throws what `Deno.Command.spawn` throws when the launcher can't be run. */
export function spawnVri(command: VriCommand): VriProcess {
  const args = ["--parent", String(Deno.pid)];
  for (const core of command.cores) args.push("--core", String(core));
  for (const fd of command.wakeFds) args.push("--keep-fd", String(fd));
  args.push("--", command.executable, ...command.args);
  const env: Record<string, string> = {
    LVRM_LINK: String(command.linkShmid),
    LVRM_WAKE_FD: command.wakeFds.join(","),
    // For those that can't link it when they are built.
    LVRM_VR_LIBRARY: join(dirname(command.launcher), "../lib/liblvrm_vr.so"),
  };
  for (const name of inherited) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  const child = new Deno.Command(command.launcher, {
    args,
    env,
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lastLines: string[] = [];
  const note = (line: string) => {
    lastLines.push(line);
    if (lastLines.length > keptOutputLines) lastLines.shift();
    command.onLine(line);
  };
  const drained = Promise.all([
    readLines(child.stdout, command.onLine),
    readLines(child.stderr, note),
  ]);
  return {
    pid: child.pid,
    lastLines,
    ended: reap(child, drained, lastLines),
    kill: () => {
      try {
        child.kill("SIGKILL");
      } catch (error) {
        // "Child process has already terminated": what was wanted.
        if (!(error instanceof TypeError)) throw error;
      }
    },
  };
}

/** Runs a program that ends by itself; what it prints is seen. Whether it exited with 0. */
export function runToEnd(executable: string, args: readonly string[]): boolean {
  return new Deno.Command(executable, {
    args: [...args],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).outputSync().success;
}

async function reap(
  child: Deno.ChildProcess,
  drained: Promise<unknown>,
  lastLines: readonly string[],
): Promise<string> {
  const how = await child.status.then(
    (status) => {
      if (status.signal !== null) return `was ended by ${status.signal}`;
      return `exited with status ${status.code}`;
    },
    // Deno has no name for some signals and throws then.
    (error) => `was ended by a signal (${error instanceof Error ? error.message : error})`,
  );
  // Its last words may still be in the pipe; a grandchild may hold the pipe open for ever.
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise((resolve) => timer = setTimeout(resolve, 100));
  await Promise.race([drained, timeout]);
  clearTimeout(timer);
  const last = lastLines.findLast((line) => line.trim() !== "");
  return last === undefined ? how : `${how}: ${last}`;
}

/** Feeds each line of a stream to `onLine`; over-long lines are cut into pieces. */
async function readLines(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): Promise<void> {
  let rest = "";
  const decoder = new TextDecoder();
  const emit = (line: string) => {
    for (let at = 0; at === 0 || at < line.length; at += longestLine) {
      onLine(line.slice(at, at + longestLine));
    }
  };
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(emit);
    if (rest.length < longestLine) continue;
    emit(rest);
    rest = "";
  }
  if (rest !== "") emit(rest);
}
