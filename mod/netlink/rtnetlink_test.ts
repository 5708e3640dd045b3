import assert from "node:assert/strict";
import fc from "fast-check";
import { formatAddress, parseAddress } from "./address.ts";
import { MessageWriter } from "./message.ts";
import { decodeEvent, decodeRoute, useNeighbourRequest } from "./rtnetlink.ts";
import { Rtm } from "./rtnetlink_constants.ts";

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.replaceAll(/\s/g, "").match(/../g)!, (pair) => parseInt(pair, 16));
}

Deno.test("an IPv4 multipath route with a gateway of either family", () => {
  // rtmsg: AF_INET, /24, table main, protocol static, scope universe, unicast.
  const payload = bytes(`02180000fe040001 00000000
    08000f00fe000000 0800010 0c0a80100 08000600 0a000000 0c000800 0800020014050000
    30000900
      10000002 03000000 08000500 0a000109
      1c001104 05000000 14001200 0a00 fd000001000000000000000000000009 0000`);
  const route = decodeRoute(payload)!;
  assert.equal(formatAddress(route.destination), "192.168.1.0");
  assert.equal(route.prefixLength, 24);
  assert.equal(route.table, 254);
  assert.equal(route.metric, 10);
  assert.equal(route.mtu, 1300);
  const [first, second] = route.hops;
  assert.deepEqual([first!.ifindex, first!.weight, first!.flags], [3, 3, 0]);
  assert.equal(formatAddress(first!.gateway!), "10.0.1.9");
  assert.deepEqual([second!.ifindex, second!.weight, second!.flags], [5, 5, 0x11]);
});

Deno.test("a neighbour in use is asked for by its link and address", () => {
  const payload = useNeighbourRequest(7, 4, parseAddress("10.0.0.9")!);
  assert.deepEqual([...payload], [...bytes("02000000 07000000 0000 01 00 08000100 0a000009")]);
});

const types = Object.values(Rtm);

Deno.test("any bytes of any type decode to null or an object", () => {
  const payload = fc.uint8Array({ maxLength: 120 });
  const family = fc.constantFrom(0, 2, 7, 10, 28);
  fc.assert(fc.property(fc.constantFrom(...types), family, payload, (type, first, rest) => {
    const message = { type, flags: 0, sequence: 1, payload: Uint8Array.of(first, ...rest) };
    const event = decodeEvent(message);
    assert.ok(event === null || event.removed === (type % 4 === 1));
  }));
});

Deno.test("truncated attributes of a link leave its other fields", () => {
  const writer = new MessageWriter().raw(new Uint8Array(16)).u32(4, 1500).text(3, "eth0");
  const whole = writer.datagram();
  for (let n = 0; n <= whole.length; n++) {
    const event = decodeEvent({ type: 16, flags: 0, sequence: 0, payload: whole.slice(0, n) });
    assert.equal(event === null, n < 24);
  }
});

Deno.test("a link's message without its MTU, or of a wireless driver, says nothing of it", () => {
  const payload = (fill: (writer: MessageWriter) => MessageWriter) =>
    fill(new MessageWriter().raw(new Uint8Array(16)).text(3, "wlan0")).datagram();
  const decode = (type: number, bytes: Uint8Array) =>
    decodeEvent({ type, flags: 0, sequence: 0, payload: bytes });
  const wireless = payload((w) => w.u32(4, 1500).attribute(11, new Uint8Array(8)));
  assert.equal(decode(Rtm.NEWLINK, wireless), null);
  assert.equal(decode(Rtm.NEWLINK, payload((w) => w)), null);
  assert.equal(decode(Rtm.NEWLINK, payload((w) => w.u32(4, 1500)))?.object, "link");
  assert.equal(decode(Rtm.DELLINK, payload((w) => w))?.removed, true);
});
