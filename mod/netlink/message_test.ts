import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeAttributes,
  decodeError,
  decodeMessages,
  listAttributes,
  MessageWriter,
  Nlmsg,
  readBe32,
  readText,
  readU32,
} from "./message.ts";

Deno.test("a request has the bytes of netlink(7)", () => {
  const writer = new MessageWriter();
  writer.begin(18, 0x301, 7).raw(new Uint8Array(16)).text(3, "lo").u32(29, 1).finish();
  const wanted = [
    [48, 0, 0, 0, 18, 0, 1, 3, 7, 0, 0, 0, 0, 0, 0, 0],
    new Array(16).fill(0),
    [7, 0, 3, 0, 0x6c, 0x6f, 0, 0],
    [8, 0, 29, 0, 1, 0, 0, 0],
  ].flat();
  assert.deepEqual([...writer.datagram()], wanted);
});

Deno.test("an error reply carries the kernel's words", () => {
  const words = "No such device";
  const writer = new MessageWriter();
  writer.begin(Nlmsg.ERROR, Nlmsg.F_CAPPED | Nlmsg.F_ACK_TLVS, 3);
  writer.raw(Uint8Array.of(0xed, 0xff, 0xff, 0xff)).raw(new Uint8Array(16)).text(1, words).finish();
  const [message] = decodeMessages(writer.datagram());
  assert.deepEqual(decodeError(message!.payload, message!.flags), { errno: 19, reason: words });
  assert.deepEqual(decodeError(new Uint8Array(20), 0), { errno: 0, reason: "" });
  assert.equal(decodeError(new Uint8Array(2), 0).errno, 22);
});

const attribute = fc.tuple(fc.integer({ min: 1, max: 0x3fff }), fc.uint8Array({ maxLength: 40 }));
const message = fc.record({
  type: fc.integer({ min: 16, max: 0xffff }),
  flags: fc.integer({ min: 0, max: 0xffff }),
  sequence: fc.integer({ min: 0, max: 0xffffffff }),
  header: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  attributes: fc.array(attribute, { maxLength: 6 }),
  nested: fc.array(attribute, { maxLength: 4 }),
});

Deno.test("what is written reads back, several messages in one datagram", () => {
  fc.assert(fc.property(fc.array(message, { maxLength: 5 }), (messages) => {
    const writer = new MessageWriter();
    for (const { type, flags, sequence, header, attributes, nested } of messages) {
      writer.begin(type, flags, sequence).raw(header);
      for (const [kind, value] of attributes) writer.attribute(kind, value);
      writer.nested(99, (inner) => {
        for (const [kind, value] of nested) inner.attribute(kind, value);
      }).finish();
    }
    const decoded = decodeMessages(writer.datagram());
    assert.equal(decoded.length, messages.length);
    decoded.forEach((found, i) => {
      const wanted = messages[i]!;
      assert.equal(found.type, wanted.type);
      assert.equal(found.flags, wanted.flags);
      assert.equal(found.sequence, wanted.sequence);
      assert.deepEqual([...found.payload.subarray(0, 4)], [...wanted.header]);
      const list = listAttributes(found.payload.subarray(4));
      const [type, value] = list.pop()!;
      assert.equal(type, 99);
      const plain = (pairs: [number, Uint8Array][]) => pairs.map(([k, v]) => [k, ...v]);
      assert.deepEqual(plain(list), plain(wanted.attributes));
      assert.deepEqual(plain(listAttributes(value)), plain(wanted.nested));
    });
  }));
});

Deno.test("any bytes decode without an error, within their bounds", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    for (const { payload } of decodeMessages(bytes)) assert.ok(payload.length <= bytes.length);
    const attributes = decodeAttributes(bytes);
    for (const type of attributes.keys()) {
      readU32(attributes, type);
      readBe32(attributes, type);
      readText(attributes, type);
    }
  }));
});

Deno.test("an attribute longer than its length field is refused", () => {
  const writer = new MessageWriter();
  assert.throws(() => writer.attribute(1, new Uint8Array(65_532)), RangeError);
  assert.throws(
    () => writer.nested(1, (inner) => inner.raw(new Uint8Array(65_532))),
    RangeError,
  );
});
