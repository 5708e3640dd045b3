/** Frames: where a batch's words say they lie. One object stands for one frame after another. */
import { Drop, limits, word } from "./abi.gen.ts";

/** Frames in one batch at most. */
export const batch_frames = 128;

// A word as two halves of 32 bits: no BigInt on a frame's way. The length spans both.
const length_at = word.length.at;
const length_low_bits = 32 - length_at;
const length_low_mask = (1 << length_low_bits) - 1;
const length_high_mask = (1 << (word.length.bits - length_low_bits)) - 1;
const slot_mask = (1 << word.slot.bits) - 1;
const offset_at = word.offset.at - 32;
const byte_mask = 0xff;
const input_at = word.input_port.at - 32;
const output_at = word.output.at - 32;
const dropped_bit = 1 << (word.dropped.at - 32);
const output_mask = (byte_mask << output_at) | dropped_bit;
const place_mask = length_high_mask | (byte_mask << offset_at);
const most_offset = 2 * byte_mask;

/** Words of frames, and the arena that they refer to. */
export class Words {
  readonly both: BigUint64Array<ArrayBuffer>;
  /** Low and high halves in turn. */
  readonly halves: Uint32Array<ArrayBuffer>;

  constructor(frames: number) {
    this.both = new BigUint64Array(frames);
    this.halves = new Uint32Array(this.both.buffer);
  }
}

/** All slots of a VR. */
export interface Arena {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly slot_bytes: number;
}

/**
 * An Ethernet frame in shared memory, without VLAN tag and frame check sequence. `forward` gets the
 * same object for each frame: it is of use until `forward` returns; `keep` makes one that stays.
 *
 * Numbers are in network order, offsets count from the Ethernet header, and what lies outside of
 * the frame is refused with a RangeError.
 */
export class Frame {
  readonly #arena: Arena;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #slot_bytes: number;
  #words: Words;
  #at = 0; // of the low half
  #start = 0;
  #length = 0;
  /** Sent, dropped or kept. */
  #settled = false;
  #kept = false;
  /** Whether it stands for one frame only, whose word is in no batch. */
  readonly #isOwn: boolean;
  readonly #give: (frame: Frame) => void;

  /** For VirtualRouter. `give` takes a frame back that is no part of a batch. */
  constructor(arena: Arena, words: Words, isOwn: boolean, give: (frame: Frame) => void) {
    this.#isOwn = isOwn;
    this.#arena = arena;
    this.#bytes = arena.bytes;
    this.#slot_bytes = arena.slot_bytes;
    this.#words = words;
    this.#give = give;
  }

  /** For VirtualRouter: stands for the word of this number from now on. */
  pointTo(index: number): void {
    const at = index * 2;
    const low = this.#words.halves[at]!;
    const high = this.#words.halves[at + 1]!;
    this.#at = at;
    this.#length = (low >>> length_at) | ((high & length_high_mask) << length_low_bits);
    const offset = ((high >>> offset_at) & byte_mask) * 2;
    this.#start = (low & slot_mask) * this.#slot_bytes + offset;
    this.#settled = false;
    this.#kept = false;
  }

  /** For VirtualRouter: whether its word goes back to lvrm. One that nobody settled is dropped. */
  leaves(): boolean {
    if (!this.#settled) this.drop();
    return !this.#kept;
  }

  /** For VirtualRouter: writes its word. */
  copyTo(words: Words, index: number): void {
    words.halves[index * 2] = this.#words.halves[this.#at]!;
    words.halves[index * 2 + 1] = this.#words.halves[this.#at + 1]!;
  }

  /** Bytes from the Ethernet header on. */
  get length(): number {
    return this.#length;
  }

  /** The port that it came in by; of no meaning for a frame of the VR's own making. */
  get inputPort(): number {
    return (this.#words.halves[this.#at + 1]! >>> input_at) & byte_mask;
  }

  /** Free bytes before it. */
  get headroom(): number {
    return ((this.#words.halves[this.#at + 1]! >>> offset_at) & byte_mask) * 2;
  }

  /** Free bytes behind it. */
  get tailroom(): number {
    const free = this.#slot_bytes - this.headroom - this.#length;
    return Math.max(0, Math.min(free, limits.max_frame_bytes - this.#length));
  }

  /** Its bytes, in place. Makes an object: cheaper are the functions below. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(this.#start, this.#start + this.#length);
  }

  #outside(at: number, bytes: number): never {
    throw new RangeError(`Bytes ${at} to ${at + bytes} are not within a frame of ${this.#length}`);
  }

  u8(at: number): number {
    if (at < 0 || at + 1 > this.#length) this.#outside(at, 1);
    return this.#bytes[this.#start + at]!;
  }

  u16(at: number): number {
    if (at < 0 || at + 2 > this.#length) this.#outside(at, 2);
    const from = this.#start + at;
    return (this.#bytes[from]! << 8) | this.#bytes[from + 1]!;
  }

  u32(at: number): number {
    return this.u16(at) * 0x1_0000 + this.u16(at + 2);
  }

  setU8(at: number, value: number): void {
    if (at < 0 || at + 1 > this.#length) this.#outside(at, 1);
    this.#bytes[this.#start + at] = value;
  }

  setU16(at: number, value: number): void {
    if (at < 0 || at + 2 > this.#length) this.#outside(at, 2);
    const to = this.#start + at;
    this.#bytes[to] = value >>> 8;
    this.#bytes[to + 1] = value;
  }

  setU32(at: number, value: number): void {
    if (at < 0 || at + 4 > this.#length) this.#outside(at, 4);
    this.setU16(at, value >>> 16);
    this.setU16(at + 2, value);
  }

  /** Copies bytes into it. */
  set(at: number, bytes: Uint8Array): void {
    const count = bytes.length;
    if (at < 0 || at + count > this.#length) this.#outside(at, count);
    if (count > 32) return this.#bytes.set(bytes, this.#start + at);
    // A call costs more than some bytes.
    const to = this.#start + at;
    for (let i = 0; i < count; i++) this.#bytes[to + i] = bytes[i]!;
  }

  /** A copy of some of its bytes. */
  slice(from: number, to: number): Uint8Array<ArrayBuffer> {
    if (from < 0 || to < from || to > this.#length) this.#outside(from, to - from);
    return this.#bytes.slice(this.#start + from, this.#start + to);
  }

  /** Makes it longer at its front by an even number of bytes; false when there is no room. */
  growFront(bytes: number): boolean {
    const headroom = this.headroom;
    const length = this.#length + bytes;
    if ((bytes & 1) !== 0 || bytes < 0 || bytes > headroom) return false;
    if (length > limits.max_frame_bytes) return false;
    this.#place(headroom - bytes, length);
    return true;
  }

  /** Takes an even number of bytes away from its front; false when that can't be. */
  shrinkFront(bytes: number): boolean {
    const headroom = this.headroom + bytes;
    if ((bytes & 1) !== 0 || bytes < 0 || bytes > this.#length) return false;
    if (headroom > most_offset) return false;
    this.#place(headroom, this.#length - bytes);
    return true;
  }

  /** Changes its length at its end; false when there is no room. */
  resize(length: number): boolean {
    if (length < 0 || length > this.#length + this.tailroom) return false;
    this.#place(this.headroom, length);
    return true;
  }

  #place(headroom: number, length: number): void {
    const { halves } = this.#words;
    const low = halves[this.#at]!;
    const high = halves[this.#at + 1]!;
    this.#start += headroom - this.headroom;
    this.#length = length;
    halves[this.#at] = (low & slot_mask) | ((length & length_low_mask) << length_at);
    halves[this.#at + 1] = (high & ~place_mask) | (length >>> length_low_bits) |
      ((headroom / 2) << offset_at);
  }

  /** Sends it out of a port. One that this VR may not use quarantines the VRI. */
  send(port: number): void {
    this.#answer((port & byte_mask) << output_at);
  }

  /** Drops it; `lvrm status` counts the reason. */
  drop(reason: number = Drop.other): void {
    this.#answer(((reason & byte_mask) << output_at) | dropped_bit);
  }

  #answer(bits: number): void {
    if (this.#settled) throw new Error("This frame was sent, dropped or kept already");
    const at = this.#at + 1;
    this.#words.halves[at] = (this.#words.halves[at]! & ~output_mask) | bits;
    this.#settled = true;
    if (this.#isOwn) this.#give(this);
  }

  /** A frame object of its own for this frame, to be sent or dropped later. Don't keep many. */
  keep(): Frame {
    if (this.#settled) throw new Error("This frame was sent, dropped or kept already");
    this.#settled = this.#kept = true;
    const own = new Words(1);
    this.copyTo(own, 0);
    const kept = new Frame(this.#arena, own, true, this.#give);
    kept.pointTo(0);
    return kept;
  }
}
