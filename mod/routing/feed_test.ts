/** Several sources of routes over one mirror. */
import { deepEqual, equal } from "node:assert/strict";
import { EventKind, layout } from "../../ffi/abi.gen.ts";
import { formatAddress, parseAddress, parsePrefix } from "../netlink/address.ts";
import type { RouteMessage, RouteSocketEvent } from "../netlink/rtnetlink.ts";
import { Flag, Rtn } from "../netlink/rtnetlink_constants.ts";
import { Mirror } from "./mirror.ts";
import type { ControlEvent } from "./types.ts";

const upFlags = Flag.IFF_UP | Flag.IFF_LOWER_UP;

function link(ifindex: number, flags = upFlags, removed = false): RouteSocketEvent {
  const plain = { type: 1, mac: new Uint8Array(6), mtu: 1500, master: 0, lower: 0, kind: "" };
  const value = { ...plain, ifindex, name: `eth${ifindex}`, flags, vlan: null };
  return { object: "link", removed, value };
}

function route(table: number, ifindex: number, gateway: string): RouteMessage {
  const rest = { sourceLength: 0, tos: 0, flags: 0, metric: 0, mtu: 0, nexthopId: 0 };
  return {
    ...rest,
    family: 4,
    destination: Uint8Array.of(10, 0, 0, 0),
    prefixLength: 8,
    table,
    type: Rtn.UNICAST,
    hops: [{ ifindex, gateway: parseAddress(gateway), weight: 1, flags: 0 }],
  };
}

/** Routes among events: `+port gateway` or `-`. */
function routes(events: readonly ControlEvent[]): string[] {
  const at = layout.RouteEvent;
  return events.filter(({ kind }) => kind === EventKind.route).map(({ payload }) => {
    if (payload[at.removed] === 1) return "-";
    const family = payload[at.size + layout.NextHop.family]!;
    const start = at.size + layout.NextHop.gateway;
    const via = family === 0
      ? "link"
      : formatAddress(payload.slice(start, start + (family === 4 ? 4 : 16)));
    return `+${payload[at.size]} ${via}`;
  });
}

const ports = [1, 2].map((n) => ({ port: n - 1, ifindex: n, interface: `eth${n}`, vlan: null }));

Deno.test("each table's routes go to its own VRs, all else to everybody", () => {
  const mirror = new Mirror([{ table: 254 }, { table: 100 }]);
  mirror.setPorts(ports);
  mirror.apply(link(1));
  mirror.apply(link(2));
  mirror.replaceRoutes([route(254, 1, "10.1.0.9"), route(100, 2, "10.2.0.9"), route(7, 1, "::1")]);
  const [main, other] = mirror.takeChanges().events as [ControlEvent[], ControlEvent[]];
  deepEqual([routes(main), routes(other)], [["+0 10.1.0.9"], ["+1 10.2.0.9"]]);
  equal(main.filter(({ kind }) => kind === EventKind.link).length, 2);
  equal(other.filter(({ kind }) => kind === EventKind.link).length, 2);
  deepEqual(routes(mirror.snapshot(0)), ["+0 10.1.0.9"]);
  deepEqual(routes(mirror.snapshot(1)), ["+1 10.2.0.9"]);
  const gone = route(100, 2, "10.2.0.9");
  mirror.apply({ object: "route", removed: true, flags: 0, value: gone });
  deepEqual(mirror.takeChanges().events.map(routes), [[], ["-"]]);
});

Deno.test("nexthop objects hold for every table", () => {
  const mirror = new Mirror([{ table: 254 }, { table: 100 }]);
  mirror.setPorts(ports);
  mirror.apply(link(1));
  const hop = { ifindex: 1, gateway: parseAddress("10.1.0.7")!, weight: 1, flags: 0 };
  const nexthop = { id: 5, blackhole: false, hop, group: [] };
  mirror.apply({ object: "nexthop", removed: false, value: nexthop });
  mirror.replaceRoutes([254, 100].map((it) => ({ ...route(it, 1, "10.1.0.9"), nexthopId: 5 })));
  deepEqual(mirror.takeChanges().events.map(routes), [["+0 10.1.0.7"], ["+0 10.1.0.7"]]);
});

Deno.test("static routes stay while their link is down, and go and come with their port", () => {
  const prefix = parsePrefix("10.0.0.0/8")!;
  const gateway = parseAddress("10.2.0.9")!;
  const far = { prefix, port: { name: "eth2", vlan: null }, gateway };
  const near = { prefix: parsePrefix("fd00::/8")!, port: { name: "eth1", vlan: null } };
  const mirror = new Mirror([{ routes: [far, { ...near, gateway: null }] }, { table: 254 }]);
  mirror.setPorts(ports);
  mirror.apply(link(1));
  mirror.apply(link(2));
  mirror.replaceRoutes([route(254, 1, "10.1.0.9")]);
  deepEqual(mirror.takeChanges().events.map(routes), [
    ["+1 10.2.0.9", "+0 link"],
    ["+0 10.1.0.9"],
  ]);
  mirror.apply(link(2, 0));
  deepEqual(routes(mirror.takeChanges().events[0]!), []);
  mirror.setPorts(ports.slice(0, 1));
  deepEqual(routes(mirror.takeChanges().events[0]!), ["-"]);
  mirror.setPorts(ports);
  deepEqual(routes(mirror.takeChanges().events[0]!), ["+1 10.2.0.9"]);
});
