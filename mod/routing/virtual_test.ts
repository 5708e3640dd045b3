import { deepEqual, equal, ok } from "node:assert/strict";
import { EventKind, layout } from "../../ffi/abi.gen.ts";
import { formatPrefix, parsePrefix } from "../netlink/mod.ts";
import type { ControlEvent } from "./types.ts";
import { neighbourMac, portMac, VirtualRoutes } from "./virtual.ts";

const links = [0, 1, 2].map((port) => ({
  port,
  name: `mem${port}`,
  ifindex: 1000 + port,
  mac: portMac(port),
  mtu: 1500,
}));
const table = { table: 254 };
const count = (events: ControlEvent[], kind: number) =>
  events.filter((event) => event.kind === kind).length;

Deno.test("a snapshot has each port's link, addresses, neighbours and routes, and ends", () => {
  const events = new VirtualRoutes(links, [table]).snapshot();
  equal(count(events, EventKind.link), 3);
  equal(count(events, EventKind.address), 6);
  equal(count(events, EventKind.neighbour), 6);
  equal(count(events, EventKind.route), 6 + 2);
  equal(events.at(-1)!.kind, EventKind.synchronised);
  const at = layout.RouteEvent;
  const defaults = events.filter(({ kind, payload }) =>
    kind === EventKind.route && payload[at.prefix_length] === 0
  );
  deepEqual(defaults.map(({ payload }) => payload[at.size + layout.NextHop.port]), [1, 1]);
  const alone = new VirtualRoutes(links.slice(0, 1), [table]).snapshot();
  equal(count(alone, EventKind.route), 2 + 2);
});

Deno.test("every neighbour that is asked for on a port is there, on no other", () => {
  const routes = new VirtualRoutes(links, [table]);
  const heard: ControlEvent[] = [];
  routes.onEvents((events) => heard.push(...events));
  const query = { port: 2, family: 4, address: new Uint8Array([10, 9, 9, 9]) } as const;
  ok(routes.requestNeighbour(0, query));
  ok(!routes.requestNeighbour(0, { ...query, port: 3 }));
  equal(heard.length, 1);
  const { payload } = heard[0]!;
  const at = layout.NeighbourEvent;
  deepEqual(payload.slice(at.mac, at.mac + 6), neighbourMac(2));
  deepEqual(payload.slice(at.address, at.address + 4), query.address);
});

Deno.test("the ports' own addresses are never served", () => {
  const texts = new VirtualRoutes(links, [table]).localPrefixes().map(formatPrefix);
  for (const text of ["198.51.100.1/32", "198.51.100.9/32", "2001:db8:0:2::1/128", "224.0.0.0/4"]) {
    ok(texts.includes(text), text);
  }
});

Deno.test("a VR with static routes has those, and no others", () => {
  const routes = [{
    prefix: parsePrefix("10.9.0.0/16")!,
    port: { name: "mem2", vlan: null },
    gateway: new Uint8Array([198, 51, 100, 10]),
  }];
  const events = new VirtualRoutes(links, [table, { routes }]).snapshot(1);
  const found = events.filter(({ kind }) => kind === EventKind.route);
  equal(found.length, 1);
  const at = layout.RouteEvent;
  const { payload } = found[0]!;
  deepEqual([payload[at.prefix_length], payload[at.size + layout.NextHop.port]], [16, 2]);
  equal(count(events, EventKind.link), 3);
});
