/** Prefixes as the disjoint intervals that an nftables interval set needs. Pure. */
import { compareBytes, type Family, type Prefix } from "../netlink/address.ts";
import type { AddressRange } from "./types.ts";

/** Last address of a prefix. */
export function lastAddress(prefix: Prefix): Uint8Array {
  return prefix.address.map((byte, i) => {
    const bits = Math.min(8, Math.max(0, prefix.length - 8 * i));
    return byte | (0xff >> bits);
  });
}

/** The address after this one, or null after the very last. */
export function successor(address: Uint8Array): Uint8Array | null {
  const next = address.slice();
  for (let i = next.length - 1; i >= 0; i--) {
    next[i] = (next[i]! + 1) & 0xff;
    if (next[i] !== 0) return next;
  }
  return null;
}

/** Prefixes of one family, merged: sorted, no two that overlap or touch. */
export function mergePrefixes(prefixes: readonly Prefix[], family: Family): AddressRange[] {
  const sorted = prefixes.filter((prefix) => prefix.family === family)
    .map((prefix) => ({ first: prefix.address, last: lastAddress(prefix) }))
    .sort((a, b) => compareBytes(a.first, b.first));
  const merged: { family: Family; first: Uint8Array; last: Uint8Array }[] = [];
  for (const { first, last } of sorted) {
    const previous = merged.at(-1);
    const next = previous ? successor(previous.last) : null;
    if (previous && (next === null || compareBytes(first, next) <= 0)) {
      if (compareBytes(last, previous.last) > 0) previous.last = last;
    } else {
      merged.push({ family, first, last });
    }
  }
  return merged;
}

/** Whether two ranges have an address in common. */
export function rangesOverlap(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && compareBytes(a.first, b.last) <= 0 &&
    compareBytes(b.first, a.last) <= 0;
}
