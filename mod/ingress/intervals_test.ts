import assert from "node:assert/strict";
import fc from "fast-check";
import { compareBytes, formatAddress, parseAddress, parsePrefix } from "../netlink/address.ts";
import { lastAddress, mergePrefixes, rangesOverlap, successor, wantedRanges } from "./intervals.ts";

const merged = (...texts: string[]) =>
  ([4, 6] as const).flatMap((family) =>
    mergePrefixes(texts.map((text) => parsePrefix(text)!), family)
      .map(({ first, last }) => `${formatAddress(first)}-${formatAddress(last)}`)
  );

Deno.test("overlapping and adjacent prefixes become one interval", () => {
  assert.deepEqual(merged("10.0.1.0/24", "10.0.0.0/24", "10.0.0.128/25", "10.0.3.0/24"), [
    "10.0.0.0-10.0.1.255",
    "10.0.3.0-10.0.3.255",
  ]);
  assert.deepEqual(merged("0.0.0.0/0", "10.0.0.0/8", "255.255.255.255/32"), [
    "0.0.0.0-255.255.255.255",
  ]);
  assert.deepEqual(merged("128.0.0.0/1", "0.0.0.0/1", "::/0"), [
    "0.0.0.0-255.255.255.255",
    "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  ]);
  assert.deepEqual(merged(), []);
});

Deno.test("the address behind the last there is none", () => {
  assert.equal(successor(parseAddress("255.255.255.255")!), null);
  assert.equal(formatAddress(successor(parseAddress("10.0.255.255")!)!), "10.1.0.0");
});

/** Prefixes within one byte, so that every address can be tried. */
const narrow = fc.tuple(fc.nat(255), fc.integer({ min: 24, max: 32 }))
  .map(([byte, length]) => parsePrefix(`10.0.0.${byte}/${length}`)!);

Deno.test("merged intervals hold the same addresses, apart from each other", () => {
  fc.assert(fc.property(fc.array(narrow, { maxLength: 8 }), (prefixes) => {
    const ranges = mergePrefixes(prefixes, 4);
    for (let byte = 0; byte < 256; byte++) {
      const one = Uint8Array.of(10, 0, 0, byte);
      const wanted = prefixes.some((p) =>
        compareBytes(p.address, one) <= 0 && compareBytes(one, lastAddress(p)) <= 0
      );
      const range = { family: 4 as const, first: one, last: one };
      assert.equal(ranges.some((r) => rangesOverlap(r, range)), wanted);
    }
    for (let i = 1; i < ranges.length; i++) {
      assert.ok(compareBytes(successor(ranges[i - 1]!.last)!, ranges[i]!.first) < 0);
    }
  }));
});

const wanted = (...claims: [string, boolean][]) =>
  wantedRanges(claims.map(([text, wanted]) => ({ prefix: parsePrefix(text)!, wanted })))
    .map(({ first, last }) => `${formatAddress(first)}-${formatAddress(last)}`);

Deno.test("wanted prefixes do without the longer ones of others", () => {
  assert.deepEqual(wanted(["10.0.0.0/8", true], ["10.1.0.0/16", false], ["10.1.2.0/24", true]), [
    "10.0.0.0-10.0.255.255",
    "10.1.2.0-10.1.2.255",
    "10.2.0.0-10.255.255.255",
  ]);
  assert.deepEqual(wanted(["0.0.0.0/0", true], ["255.0.0.0/8", false], ["::/0", false]), [
    "0.0.0.0-254.255.255.255",
  ]);
  assert.deepEqual(wanted(["0.0.0.0/0", false], ["255.0.0.0/8", true]), [
    "255.0.0.0-255.255.255.255",
  ]);
  assert.deepEqual(wanted(["10.0.0.0/24", true], ["10.0.1.0/24", true]), ["10.0.0.0-10.0.1.255"]);
});

Deno.test("wanted ranges hold what the longest prefix says", () => {
  const claim = fc.record({ prefix: narrow, wanted: fc.boolean() });
  const key = ({ prefix }: { prefix: { address: Uint8Array; length: number } }) =>
    `${prefix.address}/${prefix.length}`;
  fc.assert(fc.property(fc.uniqueArray(claim, { selector: key, maxLength: 8 }), (claims) => {
    const ranges = wantedRanges(claims);
    for (let byte = 0; byte < 256; byte++) {
      const one = Uint8Array.of(10, 0, 0, byte);
      const longest = claims.filter(({ prefix: p }) =>
        compareBytes(p.address, one) <= 0 && compareBytes(one, lastAddress(p)) <= 0
      ).sort((a, b) =>
        b.prefix.length - a.prefix.length
      )[0];
      const range = { family: 4 as const, first: one, last: one };
      assert.equal(ranges.some((r) => rangesOverlap(r, range)), longest?.wanted ?? false);
    }
    for (let i = 1; i < ranges.length; i++) {
      assert.ok(compareBytes(successor(ranges[i - 1]!.last)!, ranges[i]!.first) < 0);
    }
  }));
});
