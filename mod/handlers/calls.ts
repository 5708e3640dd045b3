/**
 * Requests that are under way, each to one VRI. Every one ends: answered, too late, or with the
 * process that was asked. Nothing here waits for a VRI but the caller of that one request.
 */
import { type ControlEvent } from "../routing/mod.ts";
import { Assembly, decodeReply, encodeRequest } from "./message.ts";
import type { HandlerRequest, Said } from "./message.ts";

/** A VRI's process that can be asked. */
export interface Callee {
  /** `vr1.1`. */
  readonly id: string;
  readonly vri: number;
  /** Of its process: a number may be another one's later. */
  readonly life: object;
  readonly send: (events: readonly ControlEvent[]) => void;
}

interface Call {
  readonly callee: Callee;
  readonly assembly: Assembly;
  readonly end: (said: Said) => void;
}

/** A call whose turn it is not yet. */
interface Waiting {
  readonly callee: Callee;
  readonly asked: HandlerRequest;
  readonly timeout_ms: number;
  readonly resolve: (said: Said) => void;
}

/** Calls at a time to one VRI, and those that wait until one has ended: all that is bounded. */
const maxCalls = 8;
const maxWaiting = 56;

const failed = (text: string): Said => ({ status: "failed", text });

export class Calls {
  readonly #calls = new Map<number, Call>();
  #waiting: Waiting[] = [];
  readonly #wake: () => void;
  #last = 0;

  /** `wake`: what was sent should go now. */
  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /** What a VRI answers within that time, once it is its turn. Never rejects. */
  ask(callee: Callee, asked: HandlerRequest, timeout_ms: number): Promise<Said> {
    const waiting = this.#waiting.filter((it) => it.callee.life === callee.life);
    if (waiting.length >= maxWaiting) {
      const many = maxCalls + maxWaiting;
      return Promise.resolve(failed(`busy: ${many} requests wait for it; try again`));
    }
    return new Promise((resolve) => {
      this.#waiting.push({ callee, asked, timeout_ms, resolve });
      this.#start();
    });
  }

  /** Starts those whose turn it is. */
  #start(): void {
    this.#waiting = this.#waiting.filter((it) => {
      const running = [...this.#calls.values()].filter((of) => of.callee.life === it.callee.life);
      if (running.length >= maxCalls) return true;
      this.#call(it);
      return false;
    });
  }

  #call({ callee, asked, timeout_ms, resolve }: Waiting): void {
    this.#last = this.#last + 1 >>> 0;
    const request = this.#last;
    const timer = setTimeout(() => {
      end(failed(`did not answer within ${timeout_ms / 1000} s`));
    }, timeout_ms);
    const end = (said: Said) => {
      clearTimeout(timer);
      this.#calls.delete(request);
      resolve(said);
      queueMicrotask(() => this.#start());
    };
    this.#calls.set(request, { callee, assembly: new Assembly(), end });
    callee.send(encodeRequest(request, asked));
    this.#wake();
  }

  /** Takes an event of the kind `handler_reply`; what nobody asked for is ignored. */
  receive(vri: number, payload: Uint8Array): void {
    const part = decodeReply(payload);
    const call = part === null ? undefined : this.#calls.get(part.request);
    if (part === null || call === undefined || call.callee.vri !== vri) return;
    try {
      const said = call.assembly.add(part);
      if (said !== null) call.end(said);
    } catch (error) {
      call.end(failed((error as Error).message));
    }
  }

  /** Ends the calls to processes that are gone. */
  sweep(lives: (callee: Callee) => boolean): void {
    const gone = failed("ended before it answered");
    this.#waiting = this.#waiting.filter(({ callee, resolve }) => {
      if (lives(callee)) return true;
      resolve(gone);
      return false;
    });
    for (const { callee, end } of this.#calls.values()) if (!lives(callee)) end(gone);
  }
}
