/** Processes of the testbed: each with a deadline, bounded output, and killed by its own pid. */

/** What a finished process left. Output beyond 1 MB per stream is cut off. */
export interface Finished {
  code: number;
  signal: string | null;
  stdout: string;
  stderr: string;
}

const OUTPUT_BYTES_MAX = 1 << 20;

/** Collects a stream's text while it lives; what exceeds the bound is read and thrown away. */
export class Output {
  text = "";
  readonly ended: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.ended = this.#collect(stream);
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const part of stream) {
      const text = decoder.decode(part, { stream: true });
      if (this.text.length < OUTPUT_BYTES_MAX) this.text += text;
    }
  }
}

/** A running program, with its output so far. Disposal kills it if it still runs. */
export class Running implements AsyncDisposable {
  readonly pid: number;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly status: Promise<Deno.CommandStatus>;
  ended = false;
  readonly #child: Deno.ChildProcess;

  constructor(program: string, args: string[], options: { env?: Record<string, string> } = {}) {
    this.#child = new Deno.Command(program, {
      args,
      env: { NO_COLOR: "1", ...options.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    this.stdout = new Output(this.#child.stdout);
    this.stderr = new Output(this.#child.stderr);
    this.status = this.#child.status.then((status) => {
      this.ended = true;
      return status;
    });
  }

  /** Sends a signal, unless the process has ended. */
  kill(signal: Deno.Signal = "SIGKILL"): void {
    if (this.ended) return;
    try {
      this.#child.kill(signal);
    } catch (error) {
      // It ended just now.
      if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Waits for the end; kills the process when the deadline passes, and says so. */
  async finish(timeout_ms: number, what: string): Promise<Finished> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.kill();
    }, timeout_ms);
    const status = await this.status;
    clearTimeout(timer);
    // A grandchild may hold the pipes open: the output so far will do.
    await within(Promise.all([this.stdout.ended, this.stderr.ended]), 2000);
    if (late) {
      throw new Error(
        `${what} did not end within ${timeout_ms} ms: ${this.stderr.text.slice(-2000)}`,
      );
    }
    return {
      code: status.code,
      signal: status.signal,
      stdout: this.stdout.text,
      stderr: this.stderr.text,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.status;
    await within(Promise.all([this.stdout.ended, this.stderr.ended]), 2000);
  }
}

/** Resolves to true when `promise` settles in time, else to false. */
export async function within(promise: Promise<unknown>, timeout_ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeout_ms);
  });
  try {
    return await Promise.race([promise.then(() => true, () => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a program to its end; the caller looks at the code. */
export async function run(
  program: string,
  args: string[],
  options: { timeout_ms?: number; env?: Record<string, string> } = {},
): Promise<Finished> {
  await using running = new Running(program, args, options.env ? { env: options.env } : {});
  return await running.finish(options.timeout_ms ?? 20_000, [program, ...args].join(" "));
}

/** Runs a program that must succeed; returns its standard output. */
export async function must(program: string, args: string[]): Promise<string> {
  const done = await run(program, args);
  if (done.code === 0) return done.stdout;
  throw new Error(`${[program, ...args].join(" ")} failed: ${done.stderr.trim()}`);
}

/** Feeds lines to `ip -batch`, in a namespace or in the one we are in. */
export async function ipBatch(lines: string[], namespace?: string): Promise<void> {
  if (lines.length === 0) return;
  const file = await Deno.makeTempFile({ prefix: "lvrm-ip-" });
  try {
    await Deno.writeTextFile(file, lines.join("\n") + "\n");
    await must("ip", [...(namespace ? ["-n", namespace] : []), "-batch", file]);
  } finally {
    await Deno.remove(file);
  }
}

/** Waits until a condition holds, asking every 20 ms; throws with `what` when it never does. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeout_ms = 15_000,
): Promise<void> {
  const deadline_ms = performance.now() + timeout_ms;
  while (!(await condition())) {
    if (performance.now() > deadline_ms) throw new Error(`Not within ${timeout_ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
