import assert from "node:assert/strict";
import fc from "fast-check";
import { EventKind, layout, limits } from "../../ffi/abi.gen.ts";
import { formatAddress, formatPrefix, makePrefix, parseAddress } from "../netlink/address.ts";
import type { LinkMessage, RouteSocketEvent } from "../netlink/rtnetlink.ts";
import { Flag, Nud, Rtn } from "../netlink/rtnetlink_constants.ts";
import { decodeNeighbourQuery } from "./encode.ts";
import { Mirror } from "./mirror.ts";
import type { ControlEvent } from "./types.ts";

const upFlags = Flag.IFF_UP | Flag.IFF_LOWER_UP;

function link(ifindex: number, change: Partial<LinkMessage> = {}): RouteSocketEvent {
  const value: LinkMessage = {
    ifindex,
    name: `eth${ifindex}`,
    type: 1,
    flags: upFlags,
    mac: Uint8Array.of(2, 0, 0, 0, 0, ifindex),
    mtu: 1500,
    master: 0,
    lower: 0,
    kind: "",
    vlan: null,
    ...change,
  };
  return { object: "link", removed: false, value };
}

function address(ifindex: number, text: string, removed = false): RouteSocketEvent {
  const bytes = parseAddress(text)!;
  const family = bytes.length === 4 ? 4 : 6;
  return {
    object: "address",
    removed,
    value: { ifindex, family, address: bytes, prefixLength: 24 },
  };
}

function neighbour(
  ifindex: number,
  text: string,
  state: number,
  removed = false,
): RouteSocketEvent {
  const bytes = parseAddress(text)!;
  const mac = state & (Nud.FAILED | Nud.INCOMPLETE)
    ? new Uint8Array(0)
    : Uint8Array.of(2, 0, 0, 0, 1, bytes[3]!);
  const family = bytes.length === 4 ? 4 : 6;
  return {
    object: "neighbour",
    removed,
    value: { ifindex, family, address: bytes, mac, state, flags: 0 },
  };
}

function route(third: number, ifindex: number, metric: number, removed = false): RouteSocketEvent {
  const value = {
    family: 4 as const,
    destination: Uint8Array.of(10, 0, third, 0),
    prefixLength: 24,
    sourceLength: 0,
    tos: 0,
    table: 254,
    type: Rtn.UNICAST,
    flags: 0,
    metric,
    mtu: 0,
    nexthopId: 0,
    hops: [{ ifindex, gateway: null, weight: 1, flags: 0 }],
  };
  return { object: "route", removed, flags: 0x400, value };
}

const ports = [
  { port: 0, ifindex: 1, interface: "eth1", vlan: null },
  { port: 1, ifindex: 2, interface: "eth2", vlan: null },
  { port: 2, ifindex: 2, interface: "eth2", vlan: 100 },
];

/** What a VRI knows after these events: the last payload of each thing that was not removed. */
class Vri {
  readonly known = new Map<string, string>();
  take(events: readonly ControlEvent[]): void {
    for (const { kind, payload } of events) {
      const at = {
        [EventKind.link]: [layout.LinkEvent.port, 1],
        [EventKind.address]: [layout.AddressEvent.address, 16],
        [EventKind.route]: [layout.RouteEvent.prefix, 16],
        [EventKind.neighbour]: [layout.NeighbourEvent.address, 16],
      }[kind];
      if (!at) continue;
      const [offset, size] = at as [number, number];
      const port = kind === EventKind.route ? "" : payload[0];
      const key = `${kind} ${port} ${payload.slice(offset, offset + size)}`;
      if (payload[2] === 1 && kind !== EventKind.address || (kind === 2 && payload[3] === 1)) {
        this.known.delete(key);
      } else this.known.set(key, payload.join(" "));
    }
  }
}

Deno.test("neighbours: usable, stale, failed, gone", () => {
  const mirror = new Mirror([{ table: 254 }]);
  mirror.setPorts(ports);
  mirror.apply(link(1));
  mirror.takeChanges();
  const at = layout.NeighbourEvent;
  const step = (state: number, removed = false) => {
    mirror.apply(neighbour(1, "10.0.1.9", state, removed));
    return mirror.takeChanges().events[0]!.map((
      { payload },
    ) => [payload[at.removed], payload[at.stale]]);
  };
  assert.deepEqual(step(Nud.INCOMPLETE), []);
  assert.deepEqual(step(Nud.FAILED), [[1, 0]], "told though never known: frames may wait");
  assert.deepEqual(step(Nud.REACHABLE), [[0, 0]]);
  assert.deepEqual(step(Nud.REACHABLE), []);
  assert.deepEqual(step(Nud.STALE), [[0, 1]]);
  assert.deepEqual(step(Nud.DELAY), [[0, 0]]);
  assert.deepEqual(step(Nud.PROBE), []);
  assert.deepEqual(step(Nud.FAILED), [[1, 0]], "once");
  assert.deepEqual(step(Nud.PERMANENT), [[0, 0]]);
  assert.deepEqual(step(Nud.PERMANENT, true), [[1, 0]]);
});

Deno.test("a tagged port has the addresses of its VLAN device, if there is one", () => {
  const mirror = new Mirror([{ table: 254 }]);
  mirror.apply(link(2));
  mirror.apply(address(7, "10.0.7.1"));
  mirror.setPorts(ports);
  const first = mirror.takeChanges().events[0]!;
  assert.deepEqual(first.map((e) => [e.kind, e.payload[0]]), [[1, 1], [1, 2]]);
  const view = new DataView(first[1]!.payload.buffer);
  assert.equal(view.getUint16(layout.LinkEvent.vlan, true), 100);
  assert.equal(mirror.deviceOf(2), null);
  mirror.apply(link(7, { lower: 2, vlan: 100, kind: "vlan", mtu: 1400 }));
  const second = mirror.takeChanges().events[0]!;
  assert.deepEqual(second.map((e) => [e.kind, e.payload[0]]), [[1, 2], [2, 2]]);
  assert.equal(mirror.deviceOf(2), 7);
});

Deno.test("a route out of an interface that is no port says so", () => {
  const mirror = new Mirror([{ table: 254 }]);
  mirror.setPorts(ports);
  mirror.apply(link(1));
  mirror.apply(route(9, 44, 0));
  const [, event] = mirror.takeChanges().events[0]!;
  assert.equal(event!.payload[layout.RouteEvent.size], limits.no_port);
});

Deno.test("local prefixes: the local table and what is always the gateway's", () => {
  const mirror = new Mirror([{ table: 254 }]);
  assert.equal(mirror.takeChanges().local, false);
  const own = route(1, 1, 0) as RouteSocketEvent & { object: "route" };
  const value = { ...own.value, table: 255, type: Rtn.LOCAL, prefixLength: 32 };
  mirror.apply({ ...own, value });
  assert.equal(mirror.takeChanges().local, true);
  mirror.apply({ ...own, value });
  assert.equal(mirror.takeChanges().local, false);
  const texts = mirror.localPrefixes().map(formatPrefix);
  for (const text of ["10.0.1.0/32", "224.0.0.0/4", "255.255.255.255/32", "ff00::/8"]) {
    assert.ok(texts.includes(text), text);
  }
  mirror.apply({ ...own, removed: true, value });
  assert.equal(mirror.takeChanges().local, true);
  assert.ok(!mirror.localPrefixes().map(formatPrefix).includes("10.0.1.0/32"));
});

Deno.test("local prefixes: those of other tables too, but not everything", () => {
  const mirror = new Mirror([{ table: 254 }]);
  const own = route(1, 1, 0) as RouteSocketEvent & { object: "route" };
  const texts = () => mirror.localPrefixes().map(formatPrefix);
  const inVrf = { ...own.value, table: 10, type: Rtn.LOCAL, prefixLength: 32 };
  const inOther = { ...inVrf, table: 11, type: Rtn.BROADCAST };
  mirror.apply({ ...own, value: inVrf });
  mirror.apply({ ...own, value: inOther });
  assert.ok(texts().includes("10.0.1.0/32"));
  mirror.apply({ ...own, removed: true, value: inVrf });
  assert.ok(texts().includes("10.0.1.0/32"), "the other VRF has it still");
  mirror.apply({ ...own, removed: true, value: inOther });
  assert.ok(!texts().includes("10.0.1.0/32"));
  const all = { ...inVrf, destination: new Uint8Array(4), prefixLength: 0 };
  mirror.apply({ ...own, value: all });
  mirror.apply({ ...own, value: { ...inVrf, type: Rtn.UNICAST } });
  assert.deepEqual(texts().filter((text) => /^(0.0.0.0.0|10)/.test(text)), []);
});

const step: fc.Arbitrary<RouteSocketEvent> = fc.oneof(
  fc.record({
    i: fc.integer({ min: 1, max: 3 }),
    on: fc.boolean(),
    mtu: fc.constantFrom(1400, 1500),
  })
    .map(({ i, on, mtu }) => link(i, { flags: on ? upFlags : 0, mtu })),
  fc.integer({ min: 1, max: 3 }).map((i) => ({ ...link(i), removed: true }) as RouteSocketEvent),
  fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(3), fc.boolean())
    .map(([i, n, removed]) => address(i, `10.0.${i}.${n}`, removed)),
  fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 4 }), fc.nat(2), fc.boolean())
    .map(([third, i, metric, removed]) => route(third, i, metric, removed)),
  fc.tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.nat(3),
    fc.constantFrom(...Object.values(Nud)),
    fc.boolean(),
  ).map(([i, n, state, removed]) => neighbour(i, `10.0.${i}.${n}`, state, removed)),
);

Deno.test("a VRI that followed every event knows what a new one is told", () => {
  fc.assert(
    fc.property(fc.array(fc.array(step, { maxLength: 5 }), { maxLength: 12 }), (batches) => {
      const mirror = new Mirror([{ table: 254 }]);
      const old = new Vri();
      mirror.setPorts(ports.slice(0, 2));
      batches.forEach((batch, i) => {
        for (const event of batch) mirror.apply(event);
        if (i === 5) mirror.setPorts(ports);
        old.take(mirror.takeChanges().events[0]!);
      });
      const fresh = new Vri();
      const snapshot = mirror.snapshot(0);
      assert.equal(snapshot.at(-1)!.kind, EventKind.synchronised);
      fresh.take(snapshot);
      assert.deepEqual([...old.known].sort(), [...fresh.known].sort());
    }),
  );
});

Deno.test("a resynchronisation tells only what differs", () => {
  const mirror = new Mirror([{ table: 254 }]);
  mirror.setPorts(ports);
  const all = [link(1), link(2), address(1, "10.0.1.1"), neighbour(1, "10.0.1.9", Nud.REACHABLE)];
  for (const event of all) mirror.apply(event);
  mirror.replaceRoutes([(route(1, 1, 0) as RouteSocketEvent & { object: "route" }).value]);
  assert.equal(mirror.takeChanges().events[0]!.length, 6);
  mirror.clear();
  for (const event of all.slice(0, 3)) mirror.apply(event);
  mirror.replaceRoutes([(route(1, 1, 0) as RouteSocketEvent & { object: "route" }).value]);
  const events = mirror.takeChanges().events[0]!;
  assert.deepEqual(events.map((e) => e.kind), [EventKind.neighbour]);
  assert.equal(events[0]!.payload[layout.NeighbourEvent.removed], 1);
});

Deno.test("what a VRI asks for is checked", () => {
  const payload = new Uint8Array(layout.NeighbourRequest.size);
  assert.equal(decodeNeighbourQuery(payload), null);
  payload.set([3, 4], 0);
  payload.set([10, 0, 0, 9], layout.NeighbourRequest.address);
  const query = decodeNeighbourQuery(payload)!;
  assert.equal(query.port, 3);
  assert.equal(formatPrefix(makePrefix(query.address, 32)), "10.0.0.9/32");
  payload[1] = 6;
  assert.equal(formatAddress(decodeNeighbourQuery(payload)!.address), "a00:9::");
  assert.equal(decodeNeighbourQuery(payload.subarray(1)), null);
});
