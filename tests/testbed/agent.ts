/** The TypeScript side of `agent.py`: one persistent helper process inside a namespace. */
import { Output, within } from "./process.ts";

const AGENT = new URL("./agent.py", import.meta.url).pathname;

/** One ICMP error that a ping received; type -1 with an errno as code: sending itself failed. */
export interface PingError {
  type: number;
  code: number;
  mtu: number;
  from: string;
}

/** What a ping found. */
export interface PingResult {
  sent: number;
  received: number;
  duplicates: number;
  corrupt: number;
  rtt_us: number[];
  errors: PingError[];
}

/** How to ping; sizes are ICMP payload bytes. */
export interface PingOptions {
  count?: number;
  size?: number;
  interval_ms?: number;
  timeout_ms?: number;
  linger_ms?: number;
  ttl?: number;
  source?: string;
  dont_fragment?: boolean;
}

/** One hop of a traced path; type -1 when nobody answered. */
export interface Hop {
  from: string;
  type: number;
  code: number;
}

/** What a TCP transfer carried; all of it was compared. */
export interface TransferResult {
  up_bytes: number;
  down_bytes: number;
  seconds: number;
}

/** What became of one UDP datagram per size. */
export interface SizesResult {
  returned: number;
  corrupt: number[];
  missing: number[];
  sent_again: number;
}

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** Calls operations of `agent.py` in one namespace. */
export class Agent implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #errors: Output;
  readonly #waiting = new Map<number, Waiting>();
  readonly #reading: Promise<void>;
  #next = 1;

  constructor(namespace: string) {
    this.#child = new Deno.Command("ip", {
      args: ["netns", "exec", namespace, python(), AGENT],
      env: { PYTHONDONTWRITEBYTECODE: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#errors = new Output(this.#child.stderr);
    this.#reading = this.#read();
  }

  get pid(): number {
    return this.#child.pid;
  }

  async #read(): Promise<void> {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const part of this.#child.stdout) {
      const lines = (rest + decoder.decode(part, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#answer(JSON.parse(line));
    }
    for (const waiting of this.#waiting.values()) {
      waiting.reject(new Error(`Agent ended: ${this.#errors.text.slice(-2000)}`));
    }
    this.#waiting.clear();
  }

  #answer(message: { id: number; result?: unknown; error?: string }): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error !== undefined) waiting?.reject(new Error(message.error));
    else waiting?.resolve(message.result);
  }

  /** Calls one operation by its name in `agent.py`. */
  async call<T>(op: string, args: object = {}, timeout_ms = 120_000): Promise<T> {
    const id = this.#next++;
    const result = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    const request = JSON.stringify({ id, op, arguments: args }) + "\n";
    await this.#writer.write(new TextEncoder().encode(request));
    const timer = setTimeout(() => {
      this.#waiting.get(id)?.reject(new Error(`Agent: ${op} took over ${timeout_ms} ms`));
      this.#waiting.delete(id);
    }, timeout_ms);
    try {
      return await result as T;
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // End of its input ends the agent; one that is stuck is killed.
    await this.#writer.close().catch(() => {});
    if (!(await within(this.#child.status, 1000))) {
      this.#child.kill("SIGKILL");
      await this.#child.status;
    }
    await within(Promise.all([this.#reading, this.#errors.ended]), 2000);
  }
}

/** The system's python where there is one: shims of version managers start slowly. */
function python(): string {
  try {
    Deno.statSync("/usr/bin/python3");
    return "/usr/bin/python3";
  } catch {
    return "python3";
  }
}
