/**
 * A virtual router in TypeScript: subclass `VirtualRouter`, then `serve` it. Frames come in batches
 * and stay in shared memory; a batch costs three calls of liblvrm_vr, a frame none.
 */
import { setImmediate } from "node:timers";
import { abiHash, EventKind, layout, limits, symbols } from "./abi.gen.ts";
import { type Arena, batch_frames, Frame, Words } from "./frame.ts";
import { type Family, parseEvent, type VrEvent } from "./events.ts";

const allSymbols = {
  ...symbols,
  // The same, on a thread of Deno's own.
  sleep: { ...symbols.lvrm_vr_wait, name: "lvrm_vr_wait", nonblocking: true },
} as const;

type Library = Deno.DynamicLibrary<typeof allSymbols>;

/** Timers and I/O get a turn so often at least. */
const turn_ms = 1;
/** Idle for so long, it leaves this thread to them, and is woken up some 30 µs later for it. */
const patience_ms = 1;
/** Longest sleep; the library limits it further, since our heart must beat. */
const sleep_ms = 1000;
const outOfQueue = -11; // -EAGAIN

/** What a VR may say about itself. */
export interface VirtualRouterOptions {
  /** Frames beyond those for the gateway, of all ports: `Wants.…`, or several of them added up. */
  readonly wants?: number;
  /** Path of liblvrm_vr.so; by default lvrm tells it (LVRM_VR_LIBRARY). */
  readonly library?: string;
}

/** Where one comes from; throws an Error of one line. */
function openLibrary(path: string | undefined): Library {
  if (path === undefined || Deno.env.get("LVRM_LINK") === undefined) {
    throw new Error(
      "LVRM_LINK or LVRM_VR_LIBRARY is not set: a VR is started by lvrm " +
        "(lvrm --vr SUBNET='deno run -A this-file.ts')",
    );
  }
  return Deno.dlopen(path, allSymbols);
}

/** One VRI. There is one for each process. */
export abstract class VirtualRouter {
  readonly #symbols: Library["symbols"];
  readonly #link: Deno.PointerValue;
  readonly #arena: Arena;
  readonly #wants: number;
  readonly #batch = new Words(batch_frames);
  readonly #frame: Frame;
  // Frames that were kept, or are our own, on their way back.
  readonly #returned = new Words(batch_frames);
  #returnedCount = 0;
  #isForwarding = false;
  readonly #header = new Uint8Array(layout.event_header.size);
  readonly #headerView = new DataView(this.#header.buffer);
  readonly #payload = new Uint8Array(limits.max_event_bytes);
  #isStopping = false;

  /** Attaches to the lvrm that started this process. Throws an Error of one line. */
  constructor(options: VirtualRouterOptions = {}) {
    const library = openLibrary(options.library ?? Deno.env.get("LVRM_VR_LIBRARY"));
    this.#symbols = library.symbols;
    this.#wants = options.wants ?? 0;
    this.#link = this.#symbols.lvrm_vr_attach_as(abiHash);
    if (this.#link === null) {
      throw new Error(Deno.UnsafePointerView.getCString(this.#symbols.lvrm_vr_error()!));
    }
    // struct lvrm_vr: arena, slot_bytes, arena_bytes.
    const view = new Deno.UnsafePointerView(this.#link);
    const arena_bytes = Number(view.getBigUint64(16));
    const memory = Deno.UnsafePointerView.getArrayBuffer(view.getPointer(0)!, arena_bytes);
    this.#arena = { bytes: new Uint8Array(memory), slot_bytes: Number(view.getBigUint64(8)) };
    this.#frame = new Frame(this.#arena, this.#batch, false, this.#giveBack);
  }

  /** Decides about a frame: `send`, `drop` or `keep`. One that it leaves alone is dropped. */
  protected abstract forward(frame: Frame): void;

  /** Hears of ports, routes, neighbours and siblings, between batches. */
  protected onEvent(_event: VrEvent): void {}

  /** What siblings know this VRI by. */
  get number(): number {
    return this.#symbols.lvrm_vr_number(this.#link);
  }

  /** A frame of the VR's own making: length 0, the usual headroom. Null: there is none now. */
  originate(): Frame | null {
    const words = new Words(1);
    if (this.#symbols.lvrm_vr_take_empty(this.#link, words.both, 1n) === 0n) return null;
    const frame = new Frame(this.#arena, words, true, this.#giveBack);
    frame.pointTo(0);
    return frame;
  }

  /** Asks for a next hop's MAC; it comes as an event. Limit how often you ask. False: not now. */
  needNeighbour(port: number, family: Family, address: Uint8Array): boolean {
    return this.#ask(EventKind.need_neighbour, port, family, address);
  }

  /** Says that a stale neighbour is in use. False: not now. */
  renewNeighbour(port: number, family: Family, address: Uint8Array): boolean {
    return this.#ask(EventKind.renew_neighbour, port, family, address);
  }

  #ask(kind: number, port: number, family: Family, address: Uint8Array): boolean {
    const at = layout.neighbour_request;
    const request = new Uint8Array(at.size);
    request[at.port] = port;
    request[at.family] = family;
    request.set(address.subarray(0, 16), at.address);
    return this.#sent(this.#symbols.lvrm_vr_send_event(this.#link, kind, request, BigInt(at.size)));
  }

  /**
   * This VRI was busy for so many milliseconds more: for a VR whose frames take time that it
   * doesn't spend. From the first call on this goes instead of lvrm's own account.
   */
  addBusy(ms: number): void {
    this.#symbols.lvrm_vr_add_busy(this.#link, BigInt(Math.round(Math.max(0, ms) * 1e6)));
  }

  /** Says something to all other VRIs of this VR. False: the queue is full, try later. */
  tellSiblings(payload: Uint8Array<ArrayBuffer>): boolean {
    return this.sendEvent(EventKind.siblings, payload);
  }

  /**
   * Sends an event of a kind that there is no function for; lvrm_vr.h tells which a VR may send,
   * and `EventKind` has their numbers. Others quarantine the VRI. False: the queue is full.
   */
  sendEvent(kind: number, payload: Uint8Array<ArrayBuffer>): boolean {
    const { length } = payload;
    return this.#sent(this.#symbols.lvrm_vr_send_event(this.#link, kind, payload, BigInt(length)));
  }

  /** Says something to one sibling, by the number that its events come from. */
  tellSibling(number: number, payload: Uint8Array<ArrayBuffer>): boolean {
    const { length } = payload;
    return this.#sent(
      this.#symbols.lvrm_vr_send_sibling(this.#link, number, payload, BigInt(length)),
    );
  }

  #sent(code: number): boolean {
    if (code !== 0 && code !== outOfQueue) {
      throw new RangeError(`An event has at most ${limits.max_event_bytes} bytes`);
    }
    return code === 0;
  }

  /** Serves until lvrm says stop or is gone. */
  async run(): Promise<void> {
    const { lvrm_vr_alive, lvrm_vr_receive, lvrm_vr_wait, sleep } = this.#symbols;
    const link = this.#link;
    let turned_ms = performance.now();
    let idleSince_ms: number | null = null;
    while (lvrm_vr_alive(link)) {
      this.#serveEvents();
      if (this.#isStopping) return;
      const count = Number(lvrm_vr_receive(link, this.#batch.both, BigInt(batch_frames)));
      if (count > 0) this.#forwardAll(count);
      const now_ms = performance.now();
      if (now_ms - turned_ms >= turn_ms) {
        await new Promise<void>((done) => setImmediate(done));
        turned_ms = performance.now();
      }
      if (count > 0) {
        idleSince_ms = null;
        continue;
      }
      idleSince_ms ??= now_ms;
      if (now_ms - idleSince_ms < patience_ms) {
        lvrm_vr_wait(link, patience_ms);
      } else {
        // Meanwhile timers may send: the library allows it.
        await sleep(link, sleep_ms);
        idleSince_ms = null;
        turned_ms = performance.now();
      }
    }
  }

  #serveEvents(): void {
    const { lvrm_vr_receive_event, lvrm_vr_ready } = this.#symbols;
    const at = layout.event_header;
    while (lvrm_vr_receive_event(this.#link, this.#header, this.#payload)) {
      const bytes = this.#headerView.getUint16(at.bytes, true);
      const event = parseEvent(
        this.#headerView.getUint16(at.kind, true),
        this.#headerView.getUint32(at.source, true),
        this.#payload.subarray(0, bytes),
      );
      this.onEvent(event);
      if (event.is === "synchronised") lvrm_vr_ready(this.#link, this.#wants, null);
      if (event.is === "stop") this.#isStopping = true;
    }
  }

  #forwardAll(count: number): void {
    const frame = this.#frame;
    let leaving = 0;
    this.#isForwarding = true;
    for (let i = 0; i < count; i++) {
      frame.pointTo(i);
      this.forward(frame);
      if (!frame.leaves()) continue;
      if (leaving !== i) frame.copyTo(this.#batch, leaving);
      leaving++;
    }
    this.#isForwarding = false;
    if (leaving > 0) this.#symbols.lvrm_vr_send(this.#link, this.#batch.both, BigInt(leaving));
    if (this.#returnedCount > 0) this.#flush();
  }

  readonly #giveBack = (frame: Frame): void => {
    frame.copyTo(this.#returned, this.#returnedCount++);
    // What was decided within a batch leaves together.
    if (!this.#isForwarding || this.#returnedCount === batch_frames) this.#flush();
  };

  #flush(): void {
    const count = BigInt(this.#returnedCount);
    this.#returnedCount = 0;
    this.#symbols.lvrm_vr_send(this.#link, this.#returned.both, count);
  }
}

/**
 * Runs a VR as the whole program: exits with 0 when it was told to stop, 4 when it could not
 * attach, 1 when it threw; what it threw is on standard error, the message last.
 */
export async function serve(make: () => VirtualRouter): Promise<never> {
  let code = 4;
  try {
    const router = make();
    code = 1;
    await router.run();
    Deno.exit(0);
  } catch (error) {
    if (code === 1 && error instanceof Error) console.error(error.stack);
    console.error(`vr: ${error instanceof Error ? error.message : error}`);
    Deno.exit(code);
  }
}
