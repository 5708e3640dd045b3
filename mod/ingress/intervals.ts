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

/** The address before this one; of the very first, the very last. */
export function predecessor(address: Uint8Array): Uint8Array {
  const previous = address.slice();
  for (let i = previous.length - 1; i >= 0; i--) {
    previous[i] = (previous[i]! - 1) & 0xff;
    if (previous[i] !== 0xff) break;
  }
  return previous;
}

/** A served prefix, and whether what it decides about is asked for. */
export interface Claim {
  readonly prefix: Prefix;
  readonly wanted: boolean;
}

/**
 * Addresses whose longest prefix is a wanted one: wanted prefixes without the longer ones inside
 * them that are not. Disjoint, in order, both families; as the classifier's tries decide.
 */
export function wantedRanges(claims: readonly Claim[]): AddressRange[] {
  return ([4, 6] as const).flatMap((family) => wantedOfFamily(claims, family));
}

function wantedOfFamily(claims: readonly Claim[], family: Family): AddressRange[] {
  // Prefixes either nest or are apart: those around the current address are a stack.
  const sorted = claims.filter(({ prefix }) => prefix.family === family).sort((a, b) =>
    compareBytes(a.prefix.address, b.prefix.address) || a.prefix.length - b.prefix.length
  );
  const ranges: AddressRange[] = [];
  const stack: Claim[] = [];
  let at: Uint8Array | null = null; // first address not decided yet; null: behind the last
  const decide = (last: Uint8Array) => {
    const inner = stack.at(-1)!;
    if (at === null || compareBytes(at, last) > 0) return;
    const previous = ranges.at(-1);
    const touches = previous !== undefined && compareBytes(successor(previous.last)!, at) === 0;
    if (inner.wanted && touches) ranges[ranges.length - 1] = { ...previous, last };
    else if (inner.wanted) ranges.push({ family, first: at, last });
    at = successor(last);
  };
  const close = (before: Uint8Array | null) => {
    while (stack.length > 0) {
      const last = lastAddress(stack.at(-1)!.prefix);
      if (before !== null && compareBytes(last, before) >= 0) return;
      decide(last);
      stack.pop();
    }
  };
  for (const claim of sorted) {
    const first = claim.prefix.address;
    close(first);
    if (stack.length > 0 && compareBytes(stack.at(-1)!.prefix.address, first) < 0) {
      decide(predecessor(first));
    }
    at = first;
    stack.push(claim);
  }
  close(null);
  return ranges;
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
