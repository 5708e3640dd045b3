import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { EventKind, layout, limits } from "./abi.gen.ts";
import { parseEvent } from "./events.ts";

const filled = (...parts: (readonly number[])[]) => new Uint8Array(parts.flat());
const zeroes = (count: number) => Array<number>(count).fill(0);

Deno.test("a route has its next hops; one that is cut off is not taken for one", () => {
  const bytes = filled(
    [4, 24, 0, 1, 2, 0, 0, 0, 0xdc, 5, 0, 0, 0, 0, 0, 0, 10, 0, 1, 0],
    zeroes(12),
    [3, 4, 1, 0, 0, 0, 0, 0, 10, 0, 0, 9],
    zeroes(12),
    [255, 0, 2, 0, 0, 0, 0, 0],
    zeroes(16),
  );
  deepEqual(parseEvent(EventKind.route, 0, bytes), {
    is: "route",
    removed: false,
    family: 4,
    prefix: new Uint8Array([10, 0, 1, 0]),
    prefixLength: 24,
    kind: "unicast",
    mtu: 1500,
    nextHops: [
      { port: 3, gateway: new Uint8Array([10, 0, 0, 9]), weight: 1 },
      { port: null, gateway: null, weight: 2 },
    ],
  });
  equal(parseEvent(EventKind.route, 0, bytes.subarray(0, bytes.length - 1)).is, "other");
});

Deno.test("a link has its name and tag, a neighbour its MAC or none", () => {
  const name = [...new TextEncoder().encode("eth1"), ...zeroes(12)];
  const head = [2, 1, 0, 1, 0xdc, 5, 0, 0, 9, 0, 0, 0, 100, 0, 2, 0, 0, 0, 0, 1];
  const event = parseEvent(EventKind.link, 0, filled(head, name));
  ok(event.is === "link");
  deepEqual([event.port, event.up, event.mtu, event.vlan, event.name], [
    2,
    true,
    1500,
    100,
    "eth1",
  ]);
  const neighbour = (removed: number) =>
    parseEvent(
      EventKind.neighbour,
      0,
      filled([1, 4, removed, 1, 0, 0, 2, 0, 0, 0, 0, 7, 10, 0, 0, 1], zeroes(12)),
    );
  const there = { is: "neighbour", port: 1, family: 4, stale: true } as const;
  const address = new Uint8Array([10, 0, 0, 1]);
  deepEqual(neighbour(0), { ...there, address, mac: new Uint8Array([2, 0, 0, 0, 0, 7]) });
  deepEqual(neighbour(1), { ...there, address, mac: null });
});

Deno.test("no bytes make it throw or read beyond them", () => {
  const kinds = fc.oneof(fc.constantFrom(...Object.values(EventKind)), fc.nat(65535));
  const payloads = fc.uint8Array({ maxLength: layout.route_event.size + 3 * layout.next_hop.size });
  fc.assert(
    fc.property(kinds, fc.nat(), payloads, (kind, source, payload) => {
      const event = parseEvent(kind, source, new Uint8Array(payload));
      if (event.is === "route") ok(event.nextHops.length <= limits.max_next_hops);
      if (event.is === "other") deepEqual(event.payload, new Uint8Array(payload));
    }),
    { numRuns: 2000 },
  );
});
