import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { formatPrefix, makePrefix } from "../netlink/mod.ts";
import { Failure } from "./failure.ts";
import { parseSubnet, sameSubnet } from "./subnet.ts";

function refusal(text: string): string {
  try {
    parseSubnet(text);
  } catch (error) {
    ok(error instanceof Failure);
    equal(error.code, 2);
    ok(error.message.includes(text), error.message);
    return error.message;
  }
  throw new Error(`${text} was taken`);
}

Deno.test("parseSubnet() reads both families", () => {
  deepEqual(parseSubnet("10.0.1.0/24"), {
    family: 4,
    address: Uint8Array.of(10, 0, 1, 0),
    length: 24,
  });
  equal(parseSubnet("0.0.0.0/0").length, 0);
  equal(parseSubnet("::/0").family, 6);
  equal(formatPrefix(parseSubnet("FD00:1:0::/64")), "fd00:1::/64");
});

Deno.test("parseSubnet() refuses what is doubtful and suggests what was meant", () => {
  ok(refusal("10.0.1.7/24").includes("10.0.1.0/24"));
  ok(refusal("10.0.1.7/24").includes("10.0.1.7/32"));
  ok(refusal("fd00::1/64").includes("fd00::/64"));
  ok(refusal("10.0.1.0").includes("10.0.1.0/32"));
  ok(refusal("10.0.1.0/33").includes("0 to 32"));
  ok(refusal("::/129").includes("0 to 128"));
  for (const text of ["10.0.1/24", "010.0.1.0/24", "a.b.c.d/8", "10.0.1.0/", "10.0.1.0/8x"]) {
    refusal(text);
  }
  for (const text of ["10.0.1.0/-1", "/24", "", "10.0.1.0/08", "1:2:3/64", ":::/0"]) refusal(text);
});

Deno.test("parseSubnet() reads every prefix that formatPrefix() writes", () => {
  const prefix = fc.oneof(
    fc.tuple(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.nat(32)),
    fc.tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(128)),
  ).map(([address, length]) => makePrefix(address, length));
  fc.assert(fc.property(prefix, (p) => {
    ok(sameSubnet(parseSubnet(formatPrefix(p)), p));
  }));
});

Deno.test("parseSubnet() throws nothing but Failure", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    try {
      parseSubnet(text);
    } catch (error) {
      throws(() => {
        throw error;
      }, Failure);
    }
  }));
});
