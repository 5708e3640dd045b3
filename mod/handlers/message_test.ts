import { deepEqual, equal, throws } from "node:assert/strict";
import { EventKind, HandlerOperation, HandlerStatus, layout, limits } from "../../ffi/abi.gen.ts";
import { Assembly, decodeReply, encodeRequest } from "./message.ts";

const at = layout.HandlerEvent;

/** Parts of a reply as a VRI would send them. */
function reply(request: number, status: number, text: string, partBytes = 4000): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset === 0 || offset < bytes.length; offset += partBytes) {
    const part = bytes.subarray(offset, offset + partBytes);
    const payload = new Uint8Array(at.size + part.length);
    const view = new DataView(payload.buffer);
    view.setUint32(at.request, request, true);
    view.setUint32(at.total_bytes, bytes.length, true);
    view.setUint32(at.offset, offset, true);
    view.setUint8(at.code, status);
    payload.set(part, at.size);
    parts.push(payload);
  }
  return parts;
}

Deno.test("a short request is one event: head, name, value", () => {
  const events = encodeRequest(7, { operation: "write", name: "a.b", value: "ü 1" });
  equal(events.length, 1);
  const { kind, payload } = events[0]!;
  equal(kind, EventKind.handler_request);
  const view = new DataView(payload.buffer);
  equal(view.getUint32(at.request, true), 7);
  equal(view.getUint32(at.total_bytes, true), 7);
  equal(view.getUint16(at.name_bytes, true), 3);
  equal(view.getUint8(at.code), HandlerOperation.write);
  equal(new TextDecoder().decode(payload.subarray(at.size)), "a.bü 1");
});

Deno.test("texts around the size of an event, and the longest, go in parts that follow", () => {
  const first = limits.max_event_bytes - at.size;
  for (const bytes of [0, first - 1, first, first + 1, 2 * first, limits.max_handler_bytes]) {
    const name = bytes === 0 ? "" : "x.y";
    const value = "v".repeat(bytes - name.length);
    const events = encodeRequest(1, { operation: "prepare", name, value });
    let at_bytes = 0;
    let text = "";
    for (const { payload } of events) {
      const view = new DataView(payload.buffer);
      equal(view.getUint32(at.offset, true), at_bytes);
      equal(view.getUint32(at.total_bytes, true), bytes);
      text += new TextDecoder().decode(payload.subarray(at.size));
      at_bytes += payload.length - at.size;
    }
    equal(events.length, Math.max(1, Math.ceil(bytes / first)));
    equal(text, name + value);
  }
});

Deno.test("a reply in parts is put together", () => {
  const text = "0123456789".repeat(1000);
  const assembly = new Assembly();
  const said = reply(3, HandlerStatus.count, text).map((it) => assembly.add(decodeReply(it)!));
  deepEqual(said, [null, null, { status: "count", text }]);
  const empty = new Assembly().add(decodeReply(reply(3, HandlerStatus.ok, "")[0]!)!);
  deepEqual(empty, { status: "ok", text: "" });
});

Deno.test("what a VRI makes up is refused", () => {
  const [good] = reply(1, HandlerStatus.ok, "abc");
  const spoilt = (change: (view: DataView) => void) => {
    const copy = good!.slice();
    change(new DataView(copy.buffer));
    return decodeReply(copy);
  };
  equal(decodeReply(good!.subarray(0, at.size - 1)), null);
  equal(spoilt((view) => view.setUint8(at.code, 99)), null);
  equal(spoilt((view) => view.setUint32(at.total_bytes, 2, true)), null);
  equal(spoilt((view) => view.setUint32(at.total_bytes, 0xffffffff, true)), null);
  equal(spoilt((view) => view.setUint32(at.offset, 0xffffffff, true)), null);
  // An endless row of empty parts.
  equal(decodeReply(good!.subarray(0, at.size)), null);
  const parts = reply(1, HandlerStatus.ok, "0123456789", 4).map((it) => decodeReply(it)!);
  const assembly = new Assembly();
  assembly.add(parts[0]!);
  throws(() => assembly.add(parts[2]!), /don't fit together/);
});
