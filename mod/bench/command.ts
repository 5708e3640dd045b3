/** Programs that experiments in network namespaces start. */
import { ExitCode, Failure } from "../config/mod.ts";

/** A running program; its output is collected. Disposal ends it. */
export class Child implements AsyncDisposable {
  readonly pid: number;
  out = "";
  err = "";
  #ended = false;
  #inputOpen = true;
  readonly #child: Deno.ChildProcess;
  readonly #done: Promise<number>;

  /** `words`: the program and its arguments. Its standard input stays open until `finish`. */
  constructor(readonly words: readonly string[]) {
    this.#child = new Deno.Command(words[0]!, {
      args: words.slice(1),
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    const { stdout, stderr } = this.#child;
    this.#done = Promise.all([
      collect(stdout, (text) => this.out += text),
      collect(stderr, (text) => this.err += text),
      this.#child.status,
    ]).then(([, , { code }]) => {
      this.#ended = true;
      return code;
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Ends its input, with this text in it, and waits. Throws Failure when it fails. */
  async finish(input = ""): Promise<string> {
    if (input !== "") {
      const writer = this.#child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(input));
      writer.releaseLock();
    }
    await this.#closeInput();
    if (await this.#done === 0) return this.out;
    const words = this.words.slice(0, 6).join(" ");
    throw new Failure(ExitCode.failed, `${words} failed: ${this.err.trim() || this.out}`);
  }

  async #closeInput(): Promise<void> {
    if (!this.#inputOpen) return;
    this.#inputOpen = false;
    await this.#child.stdin.close().catch(() => {}); // it ended before
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#closeInput();
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      if (this.#ended) break;
      try {
        this.#child.kill(signal);
      } catch {
        break; // it has ended
      }
      await Promise.race([this.#done, sleep(8000)]);
    }
    await this.#done;
  }
}

async function collect(stream: ReadableStream<Uint8Array>, add: (text: string) => void) {
  const decoder = new TextDecoder();
  for await (const part of stream) add(decoder.decode(part, { stream: true }));
}

export const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Program and first words that run this very lvrm again, packed or not. */
export function ownCommand(): string[] {
  const words = Deno.readTextFileSync("/proc/self/cmdline").split("\0").slice(0, -1);
  return [Deno.execPath(), ...words.slice(1, words.length - Deno.args.length)];
}
