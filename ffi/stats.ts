/**
 * Reads the dispatchers' snapshots: live shared memory in, plain objects out. Each dispatcher has
 * one of its own instant, in which its counters add up, so their sums do. The caller asks for one
 * snapshot at a time and reads it after its sequence number has appeared (`Atomics.load`: what was
 * written before it is there then); until the next is asked for, nobody writes to it. So counters
 * are read as two plain halves, which costs a tenth of an atomic load and its BigInt.
 */
import { ArenaPages, Drop, layout } from "./abi.gen.ts";

/** Frames by drop reason; only reasons that occurred. */
export type Drops = Record<string, number>;

/** Numbers of batches of 1, 2…3, 4…7, 8…15, 16…31, 32…63, 64…127 and more frames. */
export type Batches = readonly number[];

/** Batches of two writers together, or of one over two lives. */
export function addBatches(a: Batches, b: Batches): Batches {
  return a.map((batches, i) => batches + b[i]!);
}

export interface TotalCounters {
  readonly receivedFrames: number;
  readonly originatedFrames: number;
  readonly replicatedFrames: number;
  readonly sentFrames: number;
  readonly droppedFrames: number;
  readonly keptFrames: number;
  readonly inFlightFrames: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Control events from a VRI to a sibling that had gone. */
  readonly eventsLost: number;
  /** Batches received from ports. */
  readonly batches: Batches;
  readonly drops: Drops;
}

export interface PortCounters {
  readonly receivedFrames: number;
  readonly receivedBytes: number;
  readonly missedFrames: number;
  readonly sentFrames: number;
  readonly sentBytes: number;
  readonly keptFrames: number;
  readonly sendDroppedFrames: number;
  readonly receiveErrors: number;
  /** Of the received ones: they lay in their VR's arena already. */
  readonly uncopiedFrames: number;
  /** Of the missed ones: the arena had no slot to receive into. */
  readonly starvedFrames: number;
  /** No more will be received. */
  readonly ended: boolean;
}

/** The counters of one port over two lives of its interface. */
export function addPortCounters(a: PortCounters, b: PortCounters): PortCounters {
  return {
    receivedFrames: a.receivedFrames + b.receivedFrames,
    receivedBytes: a.receivedBytes + b.receivedBytes,
    missedFrames: a.missedFrames + b.missedFrames,
    sentFrames: a.sentFrames + b.sentFrames,
    sentBytes: a.sentBytes + b.sentBytes,
    keptFrames: a.keptFrames + b.keptFrames,
    sendDroppedFrames: a.sendDroppedFrames + b.sendDroppedFrames,
    receiveErrors: a.receiveErrors + b.receiveErrors,
    uncopiedFrames: a.uncopiedFrames + b.uncopiedFrames,
    starvedFrames: a.starvedFrames + b.starvedFrames,
    ended: b.ended,
  };
}

export interface VrCounters {
  readonly receivedFrames: number;
  readonly originatedFrames: number;
  readonly replicatedFrames: number;
  readonly sentFrames: number;
  readonly droppedFrames: number;
  readonly inFlightFrames: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly freeSlots: number;
  /** That the kernel has: to be filled, or with frames on their way out. */
  readonly kernelSlots: number;
  /** Moving averages of what arrives for it, frames and bytes per second. */
  readonly arrivalRateFps: number;
  readonly arrivalRateBps: number;
  /** What its arena lies on: a name of ArenaPages. */
  readonly arenaPages: string;
  readonly drops: Drops;
}

export interface VriCounters {
  readonly receivedFrames: number;
  readonly sentFrames: number;
  readonly droppedFrames: number;
  readonly originatedFrames: number;
  readonly queueFrames: number;
  readonly inFlightFrames: number;
  /** Estimate, in its VR's load estimator's unit; with several dispatchers the highest. */
  readonly load: number;
  /** Empty slots that it has. */
  readonly loanedSlots: number;
  /** Time that it spent with frames, by its own account. */
  readonly busyNs: number;
  /** When it was last chosen to run or to drain, by the snapshot's clock; 0: never. */
  readonly decidedNs: number;
  /** A plan that lets it run was put in force. */
  readonly unparkedNs: number;
  /** The first frame since came back from it; 0: not yet. */
  readonly firstFrameNs: number;
  /** Nothing was left in its hands since it was told to drain; 0: not yet. */
  readonly emptiedNs: number;
  /** Batches handed to it. */
  readonly batches: Batches;
  /** Since its heartbeat last moved. */
  readonly beatAgeMs: number;
  readonly attached: boolean;
  readonly ready: boolean;
  /** Bits of `wants`. */
  readonly wants: number;
  /** A Violation; not 0: it broke the rules. */
  readonly violation: number;
  /** Bitmap over port numbers. */
  readonly wantedPorts: readonly [bigint, bigint, bigint, bigint];
}

/** The few counters of a VR that its load is made of. */
export interface VrLoadCounters {
  readonly receivedFrames: number;
  readonly sentFrames: number;
  readonly droppedFrames: number;
  /** Of the dropped ones: since the VRIs did not keep up (full queues, full arena). */
  readonly fullFrames: number;
  /** Of the dropped ones: before any VRI saw them, for other reasons. */
  readonly refusedFrames: number;
  readonly arrivalRateFps: number;
  readonly arrivalRateBps: number;
}

/** The same of a VRI. */
export type VriLoadCounters = Pick<
  VriCounters,
  "receivedFrames" | "sentFrames" | "droppedFrames" | "originatedFrames" | "queueFrames" | "busyNs"
>;

const fullReasons = [Drop.queue_full, Drop.arena_full];
const refusedReasons = [Drop.no_vri, Drop.too_long, Drop.truncated, Drop.bad_segment];

const dropNames = new Map<number, string>(
  Object.entries(Drop).map(([name, number]) => [number, name]),
);
const pageNames = new Map<number, string>(
  Object.entries(ArenaPages).map(([name, number]) => [number, name]),
);
const dropWords = 64;
const batchBuckets = 8;

/** A view of the snapshots' memory, and of nothing else. */
export class SnapshotReader {
  readonly #words: BigUint64Array;
  readonly #halves: Uint32Array;
  /** How many there are. */
  readonly dispatchers: number;

  /** `memory`: layout.Snapshot.size bytes, 8-byte aligned, for each dispatcher. */
  constructor(memory: ArrayBuffer) {
    this.#words = new BigUint64Array(memory);
    this.#halves = new Uint32Array(memory);
    this.dispatchers = Math.max(1, Math.floor(memory.byteLength / layout.Snapshot.size));
  }

  /** Of one dispatcher. */
  #word(byteOffset: number, dispatcher = 0): bigint {
    return Atomics.load(this.#words, (dispatcher * layout.Snapshot.size + byteOffset) / 8);
  }

  #first(byteOffset: number): number {
    const at = byteOffset / 4;
    return this.#halves[at]! + this.#halves[at + 1]! * 0x1_0000_0000; // little end first
  }

  #each(byteOffset: number): number[] {
    const read = (_: unknown, i: number) => this.#first(i * layout.Snapshot.size + byteOffset);
    return Array.from({ length: this.dispatchers }, read);
  }

  /** Of all dispatchers together. */
  #number(byteOffset: number): number {
    let sum = this.#first(byteOffset);
    for (let i = 1; i < this.dispatchers; i++) {
      sum += this.#first(i * layout.Snapshot.size + byteOffset);
    }
    return sum;
  }

  /** When the first of them saw something happen; 0: none has. */
  #earliest(byteOffset: number): number {
    const times = this.#each(byteOffset).filter((time) => time > 0);
    return times.length === 0 ? 0 : Math.min(...times);
  }

  /** When the last of them did; 0: not all have. */
  #latest(byteOffset: number): number {
    const times = this.#each(byteOffset);
    return times.includes(0) ? 0 : Math.max(...times);
  }

  #drops(byteOffset: number): Drops {
    const drops: Drops = {};
    for (let reason = 0; reason < dropWords; reason++) {
      const frames = this.#number(byteOffset + 8 * reason);
      if (frames > 0) drops[dropNames.get(reason) ?? `reason_${reason}`] = frames;
    }
    return drops;
  }

  #batches(byteOffset: number): Batches {
    const bucket = (_: unknown, i: number) => this.#number(byteOffset + 8 * i);
    return Array.from({ length: batchBuckets }, bucket);
  }

  /** Number of the request that all have answered. */
  sequence(): bigint {
    let least = this.#word(layout.Snapshot.sequence);
    for (let i = 1; i < this.dispatchers; i++) {
      const other = this.#word(layout.Snapshot.sequence, i);
      if (other < least) least = other;
    }
    return least;
  }

  /** When the snapshot was taken, by CLOCK_MONOTONIC. */
  clockNs(): bigint {
    return this.#word(layout.Snapshot.clock_ns);
  }

  /** Generation of the plan that is in force with all, or an earlier one than that. */
  generation(): number {
    return Math.min(...this.#each(layout.Snapshot.generation));
  }

  /** What one dispatcher did. */
  dispatcher(number: number): { readonly receivedFrames: number; readonly sentFrames: number } {
    const at = layout.Totals;
    const read = (field: number) => Number(this.#word(layout.Snapshot.totals + field, number));
    return { receivedFrames: read(at.received_frames), sentFrames: read(at.sent_frames) };
  }

  totals(): TotalCounters {
    const at = layout.Totals;
    const read = (field: number) => this.#number(layout.Snapshot.totals + field);
    return {
      receivedFrames: read(at.received_frames),
      originatedFrames: read(at.originated_frames),
      replicatedFrames: read(at.replicated_frames),
      sentFrames: read(at.sent_frames),
      droppedFrames: read(at.dropped_frames),
      keptFrames: read(at.kept_frames),
      inFlightFrames: read(at.in_flight_frames),
      receivedBytes: read(at.received_bytes),
      sentBytes: read(at.sent_bytes),
      eventsLost: read(at.events_lost),
      batches: this.#batches(layout.Snapshot.totals + at.batches),
      drops: this.#drops(layout.Snapshot.totals + at.drops),
    };
  }

  port(port: number): PortCounters {
    const at = layout.PortCounters;
    const base = layout.Snapshot.ports + port * at.size;
    const read = (field: number) => this.#number(base + field);
    return {
      receivedFrames: read(at.received_frames),
      receivedBytes: read(at.received_bytes),
      missedFrames: read(at.missed_frames),
      sentFrames: read(at.sent_frames),
      sentBytes: read(at.sent_bytes),
      keptFrames: read(at.kept_frames),
      sendDroppedFrames: read(at.send_dropped_frames),
      receiveErrors: read(at.receive_errors),
      uncopiedFrames: read(at.uncopied_frames),
      starvedFrames: read(at.starved_frames),
      ended: read(at.ended) === this.dispatchers,
    };
  }

  vr(vr: number): VrCounters {
    const at = layout.VrCounters;
    const base = layout.Snapshot.vrs + vr * at.size;
    const read = (field: number) => this.#number(base + field);
    return {
      receivedFrames: read(at.received_frames),
      originatedFrames: read(at.originated_frames),
      replicatedFrames: read(at.replicated_frames),
      sentFrames: read(at.sent_frames),
      droppedFrames: read(at.dropped_frames),
      inFlightFrames: read(at.in_flight_frames),
      receivedBytes: read(at.received_bytes),
      sentBytes: read(at.sent_bytes),
      freeSlots: read(at.free_slots),
      kernelSlots: read(at.kernel_slots),
      arrivalRateFps: read(at.arrival_rate_millifps) / 1000,
      arrivalRateBps: read(at.arrival_rate_bps),
      arenaPages: pageNames.get(this.#first(base + at.arena_pages)) ?? "unknown",
      drops: this.#drops(base + at.drops),
    };
  }

  vrLoad(vr: number): VrLoadCounters {
    const at = layout.VrCounters;
    const base = layout.Snapshot.vrs + vr * at.size;
    const read = (field: number) => this.#number(base + field);
    const drops = (reasons: readonly number[]) => {
      let sum = 0;
      for (const reason of reasons) sum += read(at.drops + 8 * reason);
      return sum;
    };
    return {
      receivedFrames: read(at.received_frames),
      sentFrames: read(at.sent_frames),
      droppedFrames: read(at.dropped_frames),
      fullFrames: drops(fullReasons),
      refusedFrames: drops(refusedReasons),
      arrivalRateFps: read(at.arrival_rate_millifps) / 1000,
      arrivalRateBps: read(at.arrival_rate_bps),
    };
  }

  vriLoad(vri: number): VriLoadCounters {
    const at = layout.VriCounters;
    const base = layout.Snapshot.vris + vri * at.size;
    const read = (field: number) => this.#number(base + field);
    return {
      receivedFrames: read(at.received_frames),
      sentFrames: read(at.sent_frames),
      droppedFrames: read(at.dropped_frames),
      originatedFrames: read(at.originated_frames),
      queueFrames: read(at.queue_frames),
      busyNs: this.#first(base + at.busy_ns),
    };
  }

  vri(vri: number): VriCounters {
    const at = layout.VriCounters;
    const base = layout.Snapshot.vris + vri * at.size;
    const read = (field: number) => this.#number(base + field);
    const ports = (word: number) => this.#word(base + at.wanted_ports + 8 * word);
    return {
      receivedFrames: read(at.received_frames),
      sentFrames: read(at.sent_frames),
      droppedFrames: read(at.dropped_frames),
      originatedFrames: read(at.originated_frames),
      queueFrames: read(at.queue_frames),
      inFlightFrames: read(at.in_flight_frames),
      load: Math.max(...this.#each(base + at.load)),
      loanedSlots: read(at.loaned_slots),
      busyNs: this.#first(base + at.busy_ns),
      decidedNs: this.#first(base + at.decided_ns),
      unparkedNs: this.#latest(base + at.unparked_ns),
      firstFrameNs: this.#earliest(base + at.first_frame_ns),
      emptiedNs: this.#latest(base + at.emptied_ns),
      batches: this.#batches(base + at.batches),
      beatAgeMs: Math.min(...this.#each(base + at.beat_age_ns)) / 1e6,
      attached: this.#first(base + at.attached) !== 0,
      ready: this.#first(base + at.ready) !== 0,
      wants: this.#first(base + at.wants),
      violation: Math.max(...this.#each(base + at.violation)),
      wantedPorts: [ports(0), ports(1), ports(2), ports(3)],
    };
  }
}
