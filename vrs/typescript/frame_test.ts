/** Frames over an arena of our own, against the layout that lvrm writes. */
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { Drop, limits, word } from "./abi.gen.ts";
import { Frame, Words } from "./frame.ts";

const slot_bytes = 2048;
const slots = 8;

function rig(): { arena: Uint8Array<ArrayBuffer>; words: Words; frame: Frame; given: bigint[] } {
  const arena = new Uint8Array(slots * slot_bytes);
  const words = new Words(2);
  const given: bigint[] = [];
  const give = (frame: Frame) => {
    const out = new Words(1);
    frame.copyTo(out, 0);
    given.push(out.both[0]!);
  };
  return {
    arena,
    words,
    frame: new Frame({ bytes: arena, slot_bytes }, words, false, give),
    given,
  };
}

/** A word by the layout alone. */
function pack(fields: Partial<Record<keyof typeof word, number>>): bigint {
  return Object.entries(fields).reduce((sum, [name, value]) => {
    const { at, bits } = word[name as keyof typeof word];
    ok(value < 2 ** bits, name);
    return sum | (BigInt(value) << BigInt(at));
  }, 0n);
}

function field(value: bigint, name: keyof typeof word): number {
  const { at, bits } = word[name];
  return Number((value >> BigInt(at)) & ((1n << BigInt(bits)) - 1n));
}

Deno.test("whatever is in a word, a frame reads it and changes only what it should", () => {
  const any = (name: keyof typeof word) => fc.nat(2 ** word[name].bits - 1);
  fc.assert(fc.property(
    fc.nat(2 ** 22 - 1),
    fc.nat(limits.max_frame_bytes),
    any("offset"),
    any("input_port"),
    any("output"),
    any("output"),
    fc.boolean(),
    (slot, length, offset, input_port, old, output, dropped) => {
      const { words, frame, given } = rig();
      const all = { slot, length, offset, input_port, present: 1 };
      words.both[1] = pack({ ...all, output: old, dropped: 1 });
      frame.pointTo(1);
      deepEqual([frame.length, frame.headroom, frame.inputPort], [length, offset * 2, input_port]);
      if (dropped) frame.drop(output);
      else frame.send(output);
      ok(frame.leaves());
      equal(words.both[1], pack({ ...all, output, dropped: dropped ? 1 : 0 }));
      deepEqual([words.both[0], given], [0n, []]);
    },
  ));
});

Deno.test("growing and shrinking keeps a frame's bytes, and stays within its slot", () => {
  fc.assert(fc.property(
    fc.array(
      fc.tuple(fc.constantFrom("grow", "shrink", "resize"), fc.integer({ min: -4, max: 2100 })),
    ),
    (steps) => {
      const { arena, words, frame } = rig();
      arena.forEach((_, i) => arena[i] = i % 251);
      words.both[0] = pack({ slot: 3, length: 60, offset: 33, present: 1 });
      frame.pointTo(0);
      for (const [step, bytes] of steps) {
        const before = [frame.headroom, frame.length];
        const done = step === "grow"
          ? frame.growFront(bytes)
          : step === "shrink"
          ? frame.shrinkFront(bytes)
          : frame.resize(bytes);
        if (!done) deepEqual([frame.headroom, frame.length], before);
        ok(frame.headroom % 2 === 0 && frame.headroom <= 510);
        ok(frame.headroom + frame.length + frame.tailroom <= slot_bytes);
        if (frame.length > 0) equal(frame.u8(0), (3 * slot_bytes + frame.headroom) % 251);
      }
      frame.send(1);
      equal(field(words.both[0]!, "length"), frame.length);
      equal(field(words.both[0]!, "offset") * 2, frame.headroom);
    },
  ));
});

Deno.test("numbers are in network order, and nothing outside of a frame is touched", () => {
  const { arena, words, frame } = rig();
  words.both[0] = pack({ slot: 1, length: 8, offset: 33 });
  frame.pointTo(0);
  frame.setU8(0, 0x112);
  frame.setU16(1, 0x12345);
  frame.setU32(4, 0xfedcba98);
  deepEqual([...frame.bytes], [0x12, 0x23, 0x45, 0, 0xfe, 0xdc, 0xba, 0x98]);
  deepEqual([frame.u8(0), frame.u16(1), frame.u32(4)], [0x12, 0x2345, 0xfedcba98]);
  frame.set(2, new Uint8Array([1, 2]));
  deepEqual([...frame.slice(1, 4)], [0x23, 1, 2]);
  const outside = [
    () => frame.u8(8),
    () => frame.u8(-1),
    () => frame.u16(7),
    () => frame.u32(5),
    () => frame.setU8(8, 0),
    () => frame.setU16(-1, 0),
    () => frame.setU32(6, 0),
    () => frame.set(7, new Uint8Array(2)),
    () => frame.set(0, new Uint8Array(40)),
    () => frame.slice(4, 9),
  ];
  const before = arena.slice();
  for (const access of outside) throws(access, RangeError);
  deepEqual(arena, before);
});

Deno.test("a frame is settled once; a kept one has a life of its own; a forgotten one is dropped", () => {
  const { words, frame, given } = rig();
  words.both[0] = pack({ slot: 1, length: 60 });
  words.both[1] = pack({ slot: 2, length: 70 });
  frame.pointTo(0);
  const kept = frame.keep();
  ok(!frame.leaves());
  throws(() => frame.send(1), /already/);
  frame.pointTo(1);
  ok(frame.leaves());
  throws(() => frame.keep(), /already/);
  equal(kept.length, 60);
  kept.send(5);
  throws(() => kept.drop(), /already/);
  equal(words.both[1], pack({ slot: 2, length: 70, output: Drop.other, dropped: 1 }));
  deepEqual(given, [pack({ slot: 1, length: 60, output: 5 })]);
});
