/** Looks at a running lvrm's accounts again and again, while something else happens to it. */
import type { Lvrm } from "./lvrm.ts";
import { imbalance, type Status } from "./status.ts";

/** Everything that only ever grows. */
function counters({ totals, dispatchers, interfaces, vrs }: Status): Map<string, number> {
  const all = new Map<string, number>();
  const add = (of: string, what: object): void => {
    for (const [name, value] of Object.entries(what)) {
      if (typeof value === "number") all.set(`${of} ${name}`, value);
    }
  };
  const { in_flight_frames: _, drops, batches, ...ends } = totals;
  add("totals", ends);
  add("totals", drops);
  add("totals batch", batches);
  for (const [i, it] of dispatchers.entries()) {
    add(`dispatcher ${i}`, { received: it.received_frames, sent: it.sent_frames });
  }
  for (const it of interfaces) add(it.name, it);
  for (const it of vrs) {
    const { name, received_frames, sent_frames, dropped_frames } = it;
    add(name, { received_frames, sent_frames, dropped_frames });
    add(name, it.drops);
  }
  return all;
}

/** Ends with an error where, in any look, an account was not exact or a counter ran backwards. */
export class Watch implements AsyncDisposable {
  readonly #lvrm: Lvrm;
  readonly #client: Deno.HttpClient;
  readonly #looking: Promise<void>;
  #stopped = false;
  #looks = 0;
  #failure: string | null = null;

  private constructor(lvrm: Lvrm) {
    this.#lvrm = lvrm;
    this.#client = Deno.createHttpClient({ proxy: { transport: "unix", path: lvrm.socket } });
    this.#looking = this.#look();
  }

  /** Begins to look at it. */
  static start(lvrm: Lvrm): Watch {
    return new Watch(lvrm);
  }

  async #look(): Promise<void> {
    let before = new Map<string, number>();
    while (!this.#stopped && this.#failure === null) {
      try {
        const answer = await fetch("http://lvrm/status", { client: this.#client });
        const status: Status = await answer.json();
        const now = counters(status);
        this.#failure = wrong(status, before, now);
        this.#looks++;
        before = now;
      } catch (error) {
        if (!this.#lvrm.process.ended) this.#failure = String(error);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** How often it looked; throws what was wrong. */
  async stop(): Promise<number> {
    await this[Symbol.asyncDispose]();
    if (this.#failure !== null) throw new Error(this.#failure);
    return this.#looks;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.#looking;
    this.#client.close();
  }
}

function wrong(
  status: Status,
  before: Map<string, number>,
  now: Map<string, number>,
): string | null {
  const off = imbalance(status);
  if (off !== 0) return `the account is ${off} frames off: ${JSON.stringify(status.totals)}`;
  for (const [name, value] of before) {
    const later = now.get(name) ?? 0;
    if (later < value) return `${name} ran backwards, from ${value} to ${later}`;
  }
  return null;
}
