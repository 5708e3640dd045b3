import assert from "node:assert/strict";
import fc from "fast-check";
import {
  compareBytes,
  formatAddress,
  formatPrefix,
  maskAddress,
  parseAddress,
  parsePrefix,
} from "./address.ts";

Deno.test("IPv6 text follows RFC 5952", () => {
  const cases = {
    "::": "::",
    "::1": "::1",
    "2001:0DB8:0:0:1:0:0:1": "2001:db8::1:0:0:1",
    "2001:db8:0:1:1:1:1:1": "2001:db8:0:1:1:1:1:1",
    "fe80:0:0:0:0:0:0:0": "fe80::",
    "::ffff:192.0.2.1": "::ffff:c000:201",
    "1:2:3:4:5:6:7::": "1:2:3:4:5:6:7:0",
  };
  for (const [text, wanted] of Object.entries(cases)) {
    assert.equal(formatAddress(parseAddress(text)!), wanted, text);
  }
});

Deno.test("malformed addresses and prefixes are refused", () => {
  const addresses = ["", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4.5", ":", ":::", "1::2::3"];
  addresses.push("1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "g::", "12345::", "::1.2.3", "1.2.3.4::");
  addresses.push("1:2:3:4:5:6:7::8");
  for (const text of addresses) assert.equal(parseAddress(text), null, text);
  for (const text of ["1.2.3.4/33", "::/129", "1.2.3.4/", "1.2.3.4/-1", "1.2.3.4/8/8", "/8"]) {
    assert.equal(parsePrefix(text), null, text);
  }
  assert.equal(formatPrefix(parsePrefix("10.1.2.3/9")!), "10.0.0.0/9");
});

const address = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 })
    .map((bytes) => Uint8Array.from(bytes)),
);

Deno.test("what is formatted parses to the same address", () => {
  fc.assert(fc.property(address, (bytes) => {
    assert.deepEqual(parseAddress(formatAddress(bytes)), Uint8Array.from(bytes));
  }));
});

Deno.test("masking keeps the first bits and zeroes the others", () => {
  fc.assert(fc.property(address, fc.nat(128), (bytes, n) => {
    const length = Math.min(n, bytes.length * 8);
    const bits = (value: Uint8Array) =>
      [...value].map((byte) => byte.toString(2).padStart(8, "0")).join("");
    const wanted = bits(bytes).slice(0, length).padEnd(bytes.length * 8, "0");
    assert.equal(bits(maskAddress(bytes, length)), wanted);
    assert.ok(compareBytes(maskAddress(bytes, length), bytes) <= 0);
  }));
});
