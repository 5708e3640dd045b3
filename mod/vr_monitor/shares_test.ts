import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { share } from "./shares.ts";
import type { Claim } from "./shares.ts";

const claim = (wanted: number, more: Partial<Claim> = {}): Claim => ({
  minimum: 1,
  wanted,
  weight: 1,
  now: 1,
  ...more,
});

const claims = fc.array(
  fc.record({
    minimum: fc.integer({ min: 0, max: 4 }),
    extra: fc.nat(12),
    weight: fc.oneof(
      fc.constantFrom(1, 2, 0.5, 100),
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
    ),
    now: fc.nat(12),
  }).map(({ minimum, extra, weight, now }): Claim => {
    return { minimum, wanted: minimum === 0 ? 0 : minimum + extra, weight, now };
  }),
  { maxLength: 20 },
);
const total = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

Deno.test("shares: all get what they want while there is enough", () => {
  deepEqual(share([claim(3), claim(1), claim(4)], 8), [3, 1, 4]);
});

Deno.test("shares: the poorest for its weight gets the next core", () => {
  deepEqual(share([claim(6), claim(6)], 8), [4, 4]);
  deepEqual(share([claim(9, { weight: 3 }), claim(9)], 8), [6, 2]);
  deepEqual(share([claim(2), claim(9), claim(9)], 12), [2, 5, 5]);
});

Deno.test("shares: minimums come first, and each VR runs even without a core for it", () => {
  deepEqual(share([claim(6, { minimum: 5 }), claim(6)], 6), [5, 1]);
  deepEqual(share([claim(3), claim(3), claim(3)], 2), [1, 1, 1]);
  deepEqual(share([claim(4, { minimum: 4 }), claim(4, { minimum: 4 })], 6), [3, 3]);
  deepEqual(share([claim(2)], 0), [1]);
});

Deno.test("shares: of two that are equally poor, who has the core keeps it", () => {
  deepEqual(share([claim(3), claim(3)], 3), [2, 1]);
  deepEqual(share([claim(3), claim(3, { now: 2 })], 3), [1, 2]);
});

Deno.test("shares: never more than the cores, but for one VRI each; never more than wanted", () => {
  fc.assert(fc.property(claims, fc.nat(64), (all, cores) => {
    const given = share(all, cores);
    equal(given.length, all.length);
    const running = all.filter((it) => it.minimum > 0).length;
    ok(total(given) <= Math.max(cores, running));
    given.forEach((count, i) => {
      ok(Number.isInteger(count) && count <= all[i]!.wanted);
      ok(count >= Math.min(1, all[i]!.minimum));
    });
    if (total(all.map((it) => it.minimum)) <= cores) {
      ok(given.every((count, i) => count >= all[i]!.minimum), "minimum first");
    }
  }));
});

Deno.test("shares: work-conserving: no core is free while a VR wants one", () => {
  fc.assert(fc.property(claims, fc.nat(64), (all, cores) => {
    const given = share(all, cores);
    if (given.some((count, i) => count < all[i]!.wanted)) ok(total(given) >= cores);
  }));
});

Deno.test("shares: envy-free up to weights: who wants more has no less, up to one core", () => {
  fc.assert(fc.property(claims, fc.nat(64), (all, cores) => {
    const given = share(all, cores);
    all.forEach((mine, i) => {
      if (given[i]! >= mine.wanted) return;
      all.forEach((other, j) => {
        if (given[j]! <= Math.max(1, other.minimum)) return; // has its minimum only
        ok((given[j]! - 1) * mine.weight <= given[i]! * other.weight, `${i} envies ${j}`);
      });
    });
  }));
});

Deno.test("shares: stable: once given, the same claims get the same", () => {
  fc.assert(fc.property(claims, fc.nat(64), (all, cores) => {
    const given = share(all, cores);
    const again = share(all.map((it, i) => ({ ...it, now: given[i]! })), cores);
    deepEqual(again, given);
  }));
});

Deno.test("shares: terminates for any number of cores and wishes, also without end", () => {
  deepEqual(share([claim(1e6), claim(1e6)], Infinity), [1e6, 1e6]);
  deepEqual(share([], 5), []);
  deepEqual(share([claim(7, { weight: 1e-9 }), claim(7, { weight: 1e9 })], 8), [1, 7]);
});
