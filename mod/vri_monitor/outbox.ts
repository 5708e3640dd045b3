/**
 * Control events on their way to one VRI, in order. The library takes a few at a time; the rest
 * wait here, bounded: a VRI that reads too slowly gets `flush` and a fresh snapshot instead.
 */
import { EventKind } from "../../ffi/abi.gen.ts";
import { maxWaitingEvents } from "../config/sizes.ts";
import type { ControlEvent } from "../routing/mod.ts";

/** Hands one event to the library; false: try again later. */
export type Send = (event: ControlEvent) => boolean;

const empty = new Uint8Array(0);

/** Events for one VRI. */
export class Outbox {
  readonly #snapshot: () => Iterable<ControlEvent>;
  readonly #send: Send;
  #opening: Iterator<ControlEvent> | null = null; // the snapshot, as far as it is not sent
  #waiting: ControlEvent[] = [];
  #blocked: ControlEvent | null = null; // refused once, first to go
  #synchronising = false;

  /** `snapshot`: the routing state as events, ending in `synchronised`. */
  constructor(snapshot: () => Iterable<ControlEvent>, send: Send) {
    this.#snapshot = snapshot;
    this.#send = send;
  }

  /** Whether it has been given a snapshot (changes before that are part of it). */
  get opened(): boolean {
    return this.#synchronising;
  }

  /** Sends the whole routing state; later changes follow it. */
  open(): void {
    this.#synchronising = true;
    this.#opening = this.#snapshot()[Symbol.iterator]();
  }

  /** Queues changes. Before `open` they are ignored: the snapshot will hold them. */
  add(events: readonly ControlEvent[]): void {
    if (!this.#synchronising) return;
    if (this.#waiting.length + events.length <= maxWaitingEvents) {
      this.#waiting.push(...events);
      return;
    }
    this.#waiting = [];
    this.#blocked = { kind: EventKind.flush, payload: empty };
    this.open();
  }

  /** Queues `stop`, after all else. */
  stop(): void {
    this.#waiting.push({ kind: EventKind.stop, payload: empty });
  }

  #next(): ControlEvent | null {
    if (this.#blocked !== null) return this.#blocked;
    if (this.#opening !== null) {
      const next = this.#opening.next();
      if (next.done !== true) return next.value;
      this.#opening = null;
    }
    return this.#waiting.shift() ?? null;
  }

  /** Sends what the library takes. True: all is sent. */
  flush(): boolean {
    for (let event = this.#next(); event !== null; event = this.#next()) {
      this.#blocked = event;
      if (!this.#send(event)) return false;
      this.#blocked = null;
    }
    return true;
  }
}
