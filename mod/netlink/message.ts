/**
 * Netlink messages as bytes: headers, attributes, errors with the kernel's words (Linux
 * `netlink(7)`, RFC 3549 section 2.3). Pure. Integers are in host order, little-endian on every
 * machine that Deno runs on; network order where a function says so.
 */

/** Bytes of `struct nlmsghdr`. */
export const headerBytes = 16;

/** Control message types and header flags. */
export const Nlmsg = {
  ERROR: 2,
  DONE: 3,
  F_REQUEST: 0x1,
  F_MULTI: 0x2,
  F_ACK: 0x4,
  F_DUMP_INTR: 0x10,
  F_REPLACE: 0x100,
  F_EXCL: 0x200,
  F_DUMP: 0x300,
  F_CREATE: 0x400,
  F_APPEND: 0x800,
  F_CAPPED: 0x100,
  F_ACK_TLVS: 0x200,
} as const;

const attributeTypeMask = 0x3fff;
const nestedFlag = 0x8000;
const errorMessageAttribute = 1;

/** One decoded message; `payload` is what follows the header. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** Attributes by type; of a type that comes twice, the last. */
export type Attributes = Map<number, Uint8Array>;

function align(bytes: number): number {
  return (bytes + 3) & ~3;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Messages of one datagram. Ends at the first header that does not fit what is there. */
export function decodeMessages(datagram: Uint8Array): Message[] {
  const view = viewOf(datagram);
  const messages: Message[] = [];
  let at = 0;
  while (at + headerBytes <= datagram.length) {
    const length = view.getUint32(at, true);
    if (length < headerBytes || at + length > datagram.length) break;
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      payload: datagram.subarray(at + headerBytes, at + length),
    });
    at += align(length);
  }
  return messages;
}

/** Attributes in order, without the flag bits of their types; ends at the first malformed one. */
export function listAttributes(bytes: Uint8Array): [number, Uint8Array][] {
  const list: [number, Uint8Array][] = [];
  const view = viewOf(bytes);
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > bytes.length) break;
    const type = view.getUint16(at + 2, true) & attributeTypeMask;
    list.push([type, bytes.subarray(at + 4, at + length)]);
    at += align(length);
  }
  return list;
}

/** Attributes by type. */
export function decodeAttributes(bytes: Uint8Array): Attributes {
  return new Map(listAttributes(bytes));
}

/** u32 of an attribute, or null where it is absent or too short. */
export function readU32(attributes: Attributes, type: number): number | null {
  const value = attributes.get(type);
  return value && value.length >= 4 ? viewOf(value).getUint32(0, true) : null;
}

/** u32 in network order, or null. */
export function readBe32(attributes: Attributes, type: number): number | null {
  const value = attributes.get(type);
  return value && value.length >= 4 ? viewOf(value).getUint32(0) : null;
}

/** Text of an attribute up to its terminating zero; empty where it is absent. */
export function readText(attributes: Attributes, type: number): string {
  return textOf(attributes.get(type) ?? new Uint8Array(0));
}

/** Bytes up to the first zero, as text. */
export function textOf(value: Uint8Array): string {
  const end = value.indexOf(0);
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end));
}

/** An error reply: positive errno (0 = acknowledged) and the kernel's words, if any. */
export interface ErrorReply {
  readonly errno: number;
  readonly reason: string;
}

/** Decodes the payload of an NLMSG_ERROR message; `flags` are its header's. */
export function decodeError(payload: Uint8Array, flags: number): ErrorReply {
  if (payload.length < 4) return { errno: 22, reason: "malformed error reply" };
  const view = viewOf(payload);
  const errno = 0 - view.getInt32(0, true);
  if (!(flags & Nlmsg.F_ACK_TLVS) || payload.length < 4 + headerBytes) return { errno, reason: "" };
  const request = flags & Nlmsg.F_CAPPED ? headerBytes : view.getUint32(4, true);
  const attributes = decodeAttributes(payload.subarray(4 + align(request)));
  return { errno, reason: readText(attributes, errorMessageAttribute) };
}

/** Builds netlink messages, one after another, into one datagram. */
export class MessageWriter {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #start = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Starts a message; `finish` ends it. */
  begin(type: number, flags: number, sequence: number): this {
    this.#start = this.#length;
    const at = this.#take(headerBytes);
    this.#view.setUint16(at + 4, type, true);
    this.#view.setUint16(at + 6, flags, true);
    this.#view.setUint32(at + 8, sequence, true);
    return this;
  }

  /** Ends the message: fills in its length and pads it. */
  finish(): this {
    this.#view.setUint32(this.#start, this.#length - this.#start, true);
    this.#take(align(this.#length) - this.#length);
    return this;
  }

  /** Appends bytes as they are (a family header). */
  raw(bytes: Uint8Array): this {
    const at = this.#take(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Appends an attribute. Throws RangeError beyond the 65,535 bytes that its length can say. */
  attribute(type: number, value: Uint8Array): this {
    const length = 4 + value.length;
    if (length > 0xffff) throw new RangeError(`Netlink attribute ${type} is too long: ${length}`);
    const at = this.#take(align(length));
    this.#view.setUint16(at, length, true);
    this.#view.setUint16(at + 2, type, true);
    this.#bytes.set(value, at + 4);
    return this;
  }

  /** u32 in host order. */
  u32(type: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    return this.attribute(type, bytes);
  }

  /** u32 in network order, as nf_tables wants it. */
  be32(type: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    return this.attribute(type, bytes);
  }

  /** Zero-terminated text. */
  text(type: number, value: string): this {
    return this.attribute(type, new TextEncoder().encode(`${value}\0`));
  }

  /** An attribute that holds the attributes that `fill` writes. */
  nested(type: number, fill: (writer: this) => void): this {
    const at = this.#take(4);
    fill(this);
    const length = this.#length - at;
    if (length > 0xffff) throw new RangeError(`Netlink attribute ${type} is too long: ${length}`);
    this.#view.setUint16(at, length, true);
    this.#view.setUint16(at + 2, type | nestedFlag, true);
    return this;
  }

  /** The datagram: a copy. */
  datagram(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #take(bytes: number): number {
    const at = this.#length;
    this.#length += bytes;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}
