import { deepEqual, equal, ok } from "node:assert/strict";
import { EventKind } from "../../ffi/abi.gen.ts";
import { maxWaitingEvents } from "../config/sizes.ts";
import type { ControlEvent } from "../routing/mod.ts";
import { Outbox } from "./outbox.ts";

const event = (kind: number): ControlEvent => ({ kind, payload: new Uint8Array(0) });

/** An outbox whose library takes `room` events at a time. */
function boxed(room: { left: number }): { box: Outbox; sent: number[] } {
  const sent: number[] = [];
  const box = new Outbox(() => [event(101), event(102), event(EventKind.synchronised)], (e) => {
    if (room.left === 0) return false;
    room.left--;
    sent.push(e.kind);
    return true;
  });
  return { box, sent };
}

Deno.test("the snapshot goes first, changes after it, each once and in order", () => {
  const room = { left: 0 };
  const { box, sent } = boxed(room);
  box.add([event(201)]); // before the snapshot: part of it
  ok(box.flush());
  box.open();
  box.add([event(202)]);
  while (!box.flush()) room.left = 1;
  box.add([event(203)]);
  room.left = 10;
  ok(box.flush());
  deepEqual(sent, [101, 102, EventKind.synchronised, 202, 203]);
});

Deno.test("an overflow becomes flush and a fresh snapshot", () => {
  const room = { left: 4 };
  const { box, sent } = boxed(room);
  box.open();
  box.add([event(201), event(202)]);
  ok(!box.flush());
  box.add(Array.from({ length: maxWaitingEvents + 1 }, () => event(203)));
  room.left = 100;
  ok(box.flush());
  const { synchronised, flush } = EventKind;
  deepEqual(sent, [101, 102, synchronised, 201, flush, 101, 102, synchronised]);
});

Deno.test("stop comes after all else, also without a snapshot", () => {
  const { box, sent } = boxed({ left: 100 });
  box.stop();
  ok(box.flush());
  deepEqual(sent, [EventKind.stop]);
  equal(box.opened, false);
});
