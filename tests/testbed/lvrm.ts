/** A running lvrm in a namespace of the testbed. */
import type { Host } from "./host.ts";
import { isAlive, segments } from "./leftovers.ts";
import { eventually, type Finished, type Running } from "./process.ts";
import { isSettled, standbyPids, type Status, vriPids } from "./status.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** How lvrm is started. */
export interface LvrmOptions {
  /** Variables in its environment. */
  env?: Record<string, string>;
  /** Words before those that run lvrm, such as `env NAME=value`. It must become lvrm itself. */
  wrap?: readonly string[];
  /** What to wait for: all VRIs running (default), the control socket, or nothing. */
  until?: "running" | "answering" | "started";
  timeout_ms?: number;
}

/** Program and first arguments that run lvrm: the packed one where LVRM_TEST_EXECUTABLE names it,
 * else the sources. */
export function lvrmCommand(): [string, string[]] {
  const executable = Deno.env.get("LVRM_TEST_EXECUTABLE");
  if (executable) return [executable, []];
  return [Deno.execPath(), ["run", "-A", "--no-lock", `${ROOT}main.ts`]];
}

let sockets = 0;

/** One lvrm process. Disposal stops it, at the latest by SIGKILL. */
export class Lvrm implements AsyncDisposable {
  readonly #children = new Set<number>();

  private constructor(
    readonly host: Host,
    readonly process: Running,
    readonly socket: string,
  ) {}

  /** Starts lvrm with these arguments and a control socket of its own. */
  static async start(host: Host, args: string[], options: LvrmOptions = {}): Promise<Lvrm> {
    const socket = `/tmp/${host.namespace}-${sockets++}.sock`;
    const [program, first] = lvrmCommand();
    const all = args.includes("--socket") ? args : [...args, "--socket", socket];
    const [head, ...words] = [...options.wrap ?? [], program, ...first, ...all];
    const process = host.spawn(head!, words, options.env);
    const given = all[all.indexOf("--socket") + 1]!;
    const lvrm = new Lvrm(host, process, given);
    try {
      await lvrm.#wait(options.until ?? "running", options.timeout_ms ?? 30_000);
      return lvrm;
    } catch (error) {
      await lvrm[Symbol.asyncDispose]();
      throw new Error(`lvrm did not start: ${process.stderr.text.slice(-3000)}`, { cause: error });
    }
  }

  async #wait(until: "running" | "answering" | "started", timeout_ms: number): Promise<void> {
    if (until === "started") return;
    await eventually(
      async () => {
        if (this.process.ended) throw new Error(`lvrm ended: ${this.log.slice(-2000)}`);
        const status = await this.tryStatus();
        return status !== undefined && (until === "answering" || isSettled(status));
      },
      `lvrm ${until}`,
      timeout_ms,
    );
  }

  get pid(): number {
    return this.process.pid;
  }

  /** All that lvrm wrote to standard error so far. */
  get log(): string {
    return this.process.stderr.text;
  }

  /** Runs an lvrm command such as `status` against this lvrm. */
  command(...words: string[]): Promise<Finished> {
    const [program, first] = lvrmCommand();
    return this.host.exec(program, [...first, ...words, "--socket", this.socket]);
  }

  /** `lvrm status --json`. */
  async status(): Promise<Status> {
    const done = await this.command("status", "--json");
    if (done.code !== 0) throw new Error(`lvrm status: ${done.code}: ${done.stderr.trim()}`);
    const status = JSON.parse(done.stdout) as Status;
    for (const pid of [...vriPids(status), ...standbyPids(status)]) this.#children.add(pid);
    return status;
  }

  /** The status, or undefined while lvrm does not answer. */
  async tryStatus(): Promise<Status | undefined> {
    try {
      Deno.statSync(this.socket);
      return await this.status();
    } catch {
      return undefined;
    }
  }

  /** Waits until a status fulfils a condition; returns that status. */
  async until(
    condition: (status: Status) => boolean,
    what: string,
    timeout_ms = 20_000,
  ): Promise<Status> {
    let last: Status | undefined;
    try {
      await eventually(
        async () => {
          last = await this.tryStatus();
          return last !== undefined && condition(last);
        },
        what,
        timeout_ms,
      );
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`${message}; last ${JSON.stringify(last)}; ${this.log.slice(-2000)}`);
    }
    return last!;
  }

  /** Waits until nothing is in flight; returns that status. */
  atRest(): Promise<Status> {
    return this.until((it) => it.totals.in_flight_frames === 0, "nothing in flight");
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Finished> {
    this.process.kill(signal);
    return await this.process.finish(20_000, `lvrm after ${signal}`);
  }

  /** What this lvrm left behind although it ended: descriptions, empty when nothing. */
  async leftovers(): Promise<string[]> {
    const found = [...this.#children].filter(isAlive).map((pid) => `process ${pid}`);
    for (const it of segments(this.pid)) found.push(`segment ${it.shmid}`);
    for (const name of await this.host.agent.call<string[]>("nft_tables")) {
      found.push(`nft table ${name}`);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.process.ended) {
      this.process.kill("SIGTERM");
      try {
        await this.process.finish(8000, "lvrm after SIGTERM");
      } catch {
        // finish() has killed it.
      }
    }
    await this.process[Symbol.asyncDispose]();
    // SIGKILL leaves the socket and the lock beside it: their next owner would take them over.
    for (const path of [this.socket, `${this.socket}.lock`]) {
      await Deno.remove(path).catch(() => {});
    }
  }
}
