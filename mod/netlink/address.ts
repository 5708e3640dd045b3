/**
 * IP addresses and prefixes as bytes: parse, format, compare, mask. Pure; used by the mirror of the
 * kernel's routing state and by the ingress table.
 */

/** Address family by its version number: 4 or 6. */
export type Family = 4 | 6;

/** An IP prefix: `address` has 4 or 16 bytes, in network order, zero beyond `length` bits. */
export interface Prefix {
  readonly family: Family;
  readonly address: Uint8Array;
  readonly length: number;
}

/** Bytes of an address of this family. */
export function addressBytes(family: Family): number {
  return family === 4 ? 4 : 16;
}

/** Zeroes the bits beyond `length`. Returns a copy. */
export function maskAddress(address: Uint8Array, length: number): Uint8Array {
  const masked = address.slice();
  for (let i = 0; i < masked.length; i++) {
    const bits = Math.min(8, Math.max(0, length - 8 * i));
    masked[i] = masked[i]! & (0xff00 >> bits) & 0xff;
  }
  return masked;
}

/** Lexicographic comparison: negative, zero, positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}

/** Whether both hold the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return compareBytes(a, b) === 0;
}

/** `192.0.2.1`, or RFC 5952 text of an IPv6 address (longest run of zeroes as `::`). */
export function formatAddress(address: Uint8Array): string {
  if (address.length === 4) return address.join(".");
  const words: number[] = [];
  for (let i = 0; i < 16; i += 2) words.push((address[i]! << 8) | address[i + 1]!);
  let best = { start: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && words[i + n] === 0) n++;
    if (n > best.length) best = { start: i, length: n };
    i += n;
  }
  const hex = (part: number[]) => part.map((w) => w.toString(16)).join(":");
  if (best.start < 0) return hex(words);
  return `${hex(words.slice(0, best.start))}::${hex(words.slice(best.start + best.length))}`;
}

/** `192.0.2.0/24`. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.address)}/${prefix.length}`;
}

function parseIpv4(text: string): Uint8Array | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  const bytes = parts.map((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) ? Number(part) : 256);
  return bytes.every((byte) => byte < 256) ? Uint8Array.from(bytes) : null;
}

function parseIpv6(text: string): Uint8Array | null {
  let head = text;
  const tail = /(^|:)([0-9]+\.[0-9.]+)$/.exec(text);
  if (tail) {
    const v4 = parseIpv4(tail[2]!);
    if (!v4) return null;
    const hex = (i: number) => ((v4[i]! << 8) | v4[i + 1]!).toString(16);
    head = text.slice(0, text.length - tail[2]!.length) + `${hex(0)}:${hex(2)}`;
  }
  const halves = head.split("::");
  if (halves.length > 2) return null;
  const words = halves.map((half) => half === "" ? [] : half.split(":"));
  const count = words.reduce((sum, part) => sum + part.length, 0);
  if (halves.length === 1 ? count !== 8 : count > 7) return null;
  const gap = new Array<string>(8 - count).fill("0");
  const all = [...words[0]!, ...(halves.length === 2 ? gap : []), ...(words[1] ?? [])];
  if (!all.every((word) => /^[0-9a-fA-F]{1,4}$/.test(word))) return null;
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  all.forEach((word, i) => view.setUint16(2 * i, parseInt(word, 16)));
  return bytes;
}

/** Bytes of an IPv4 or IPv6 address in text, or null when it is none. */
export function parseAddress(text: string): Uint8Array | null {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** Prefix of `ADDRESS/LENGTH` or of one address; host bits are zeroed. Null when malformed. */
export function parsePrefix(text: string): Prefix | null {
  const slash = text.indexOf("/");
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (!address) return null;
  const bits = address.length * 8;
  const tail = slash < 0 ? String(bits) : text.slice(slash + 1);
  if (!/^[0-9]{1,3}$/.test(tail) || Number(tail) > bits) return null;
  return makePrefix(address, Number(tail));
}

/** Prefix of an address (4 or 16 bytes) and a length in bits; host bits are zeroed. */
export function makePrefix(address: Uint8Array, length: number): Prefix {
  return {
    family: address.length === 4 ? 4 : 6,
    address: maskAddress(address, length),
    length,
  };
}
