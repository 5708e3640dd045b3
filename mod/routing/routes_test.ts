import assert from "node:assert/strict";
import fc from "fast-check";
import { formatPrefix, parseAddress, parsePrefix } from "../netlink/address.ts";
import { Nlmsg } from "../netlink/message.ts";
import type { Hop, NexthopMessage, RouteMessage } from "../netlink/rtnetlink.ts";
import { Flag, Rtn } from "../netlink/rtnetlink_constants.ts";
import { bestRoute, prefixKey, prefixOfKey, RouteTable } from "./routes.ts";

function hop(ifindex: number, gateway: string | null = null, flags = 0, weight = 1): Hop {
  return { ifindex, gateway: gateway === null ? null : parseAddress(gateway)!, weight, flags };
}

function route(text: string, change: Partial<RouteMessage> = {}): RouteMessage {
  const prefix = parsePrefix(text)!;
  return {
    family: prefix.family,
    destination: prefix.address,
    prefixLength: prefix.length,
    sourceLength: 0,
    tos: 0,
    table: 254,
    type: Rtn.UNICAST,
    flags: 0,
    metric: 0,
    mtu: 0,
    nexthopId: 0,
    hops: [hop(1)],
    ...change,
  };
}

const noNexthops = new Map<number, NexthopMessage>();
const ifindexes = (best: { hops: readonly Hop[] } | null) => best?.hops.map((h) => h.ifindex);

Deno.test("the lowest metric wins, and of equal IPv4 routes the first", () => {
  const routes = [
    route("10.0.0.0/8", { metric: 20, hops: [hop(1)] }),
    route("10.0.0.0/8", { metric: 10, hops: [hop(2)] }),
    route("10.0.0.0/8", { metric: 10, hops: [hop(3)] }),
  ];
  assert.deepEqual(ifindexes(bestRoute(routes, noNexthops)), [2]);
});

Deno.test("IPv6 routes of one metric are one multipath route", () => {
  const routes = [
    route("2001:db8::/32", { metric: 5, hops: [hop(1, "fd00:1::9")] }),
    route("2001:db8::/32", { metric: 5, hops: [hop(2, "fd00:2::9")] }),
    route("2001:db8::/32", { metric: 5, hops: [hop(1, "fd00:1::9")] }),
    route("2001:db8::/32", { metric: 9, hops: [hop(3, "fd00:3::9")] }),
  ];
  assert.deepEqual(ifindexes(bestRoute(routes, noNexthops)), [1, 2]);
});

Deno.test("dead next hops are left out, and the next metric takes over", () => {
  const { RTNH_F_DEAD: dead, RTNH_F_LINKDOWN: down } = Flag;
  const first = route("10.0.0.0/8", { hops: [hop(1, null, dead), hop(2, null, down), hop(3)] });
  assert.deepEqual(ifindexes(bestRoute([first], noNexthops)), [3]);
  const second = route("10.0.0.0/8", { metric: 10, hops: [hop(4)] });
  const gone = route("10.0.0.0/8", { hops: [hop(1, null, dead)] });
  assert.deepEqual(ifindexes(bestRoute([gone, second], noNexthops)), [4]);
  assert.equal(bestRoute([gone], noNexthops), null);
  const quiet = route("10.0.0.0/8", { hops: [hop(2, null, down)] });
  assert.deepEqual(ifindexes(bestRoute([quiet, second], noNexthops)), [4]);
  assert.deepEqual(ifindexes(bestRoute([quiet], noNexthops)), [2], "stays: frames find it down");
  assert.deepEqual(ifindexes(bestRoute([first], noNexthops, (i) => i === 3 ? dead : 0)), [2]);
});

Deno.test("nexthop objects: single, group, blackhole, unknown", () => {
  const nexthops = new Map<number, NexthopMessage>([
    [1, { id: 1, group: [], blackhole: false, hop: hop(5, "10.1.1.1") }],
    [2, { id: 2, group: [], blackhole: false, hop: hop(6, "10.1.2.1") }],
    [3, { id: 3, group: [], blackhole: true, hop: null }],
    [9, {
      id: 9,
      group: [{ id: 1, weight: 3 }, { id: 2, weight: 7 }],
      blackhole: false,
      hop: null,
    }],
    [8, { id: 8, group: [{ id: 8, weight: 1 }], blackhole: false, hop: null }],
  ]);
  const of = (nexthopId: number) => bestRoute([route("10.0.0.0/8", { nexthopId })], nexthops);
  assert.deepEqual(ifindexes(of(1)), [5]);
  assert.deepEqual(of(9)!.hops.map((h) => [h.ifindex, h.weight]), [[5, 3], [6, 7]]);
  assert.equal(of(3)!.kind, Rtn.BLACKHOLE);
  assert.deepEqual(ifindexes(of(77)), [1], "the route's own hops where the object is unknown");
  assert.equal(of(8), null, "a group of itself ends");
});

Deno.test("other types, other services, other tables", () => {
  const table = new RouteTable(254);
  const key = prefixKey(parseAddress("10.0.0.0")!, 8);
  table.apply(route("10.0.0.0/8", { table: 100 }), false, 0);
  table.apply(route("10.0.0.0/8", { flags: Flag.RTM_F_CLONED }), false, 0);
  table.apply(route("10.0.0.0/8", { tos: 16 }), false, Nlmsg.F_APPEND);
  table.apply(route("10.0.0.0/8", { type: Rtn.BROADCAST }), false, Nlmsg.F_APPEND);
  assert.equal(table.best(key, () => 0), null);
  table.apply(route("10.0.0.0/8", { type: Rtn.THROW, metric: 9 }), false, 0);
  assert.equal(table.best(key, () => 0)!.kind, Rtn.UNREACHABLE);
  table.apply(route("2001:db8::/32", { sourceLength: 64 }), false, 0);
  assert.ok(table.misses(route("2001:db8::/32", { sourceLength: 64 })));
  assert.ok(!table.misses(route("2001:db8::/32", { sourceLength: 64, table: 100 })));
  assert.ok(!table.misses(route("2001:db8::/32")));
  table.apply(route("fe80::/64"), false, 0);
  table.apply(route("ff00::/8"), false, 0);
  assert.deepEqual([...table.dirty].map((k) => formatPrefix(prefixOfKey(k))), ["10.0.0.0/8"]);
});

Deno.test("notifications add, replace, append, prepend and delete as the kernel does", () => {
  const table = new RouteTable(254);
  const key = prefixKey(parseAddress("10.0.0.0")!, 8);
  const of = (ifindex: number) => route("10.0.0.0/8", { hops: [hop(ifindex)] });
  const best = () => ifindexes(table.best(key, () => 0));
  table.apply(of(1), false, Nlmsg.F_CREATE | Nlmsg.F_EXCL);
  table.apply(of(2), false, Nlmsg.F_CREATE | Nlmsg.F_APPEND);
  assert.deepEqual(best(), [1]);
  table.apply(of(3), false, Nlmsg.F_CREATE);
  assert.deepEqual(best(), [3]);
  table.apply(of(4), false, Nlmsg.F_REPLACE);
  assert.deepEqual(best(), [4]);
  table.apply(of(4), true, 0);
  assert.deepEqual(best(), [1]);
  table.apply(of(1), true, 0);
  table.apply(of(2), true, 0);
  assert.equal(best(), undefined);
  assert.equal(table.size, 0);
});

Deno.test("IPv6 next hops come and go one by one, told in part or in full", () => {
  const table = new RouteTable(254);
  const key = prefixKey(parseAddress("2001:db8::")!, 32);
  const of = (...hops: number[]) =>
    route("2001:db8::/32", { metric: 5, hops: hops.map((i) => hop(i, `fd00:${i}::9`)) });
  const best = () => ifindexes(table.best(key, () => 0));
  table.apply(of(1), false, Nlmsg.F_CREATE);
  table.apply(of(2, 1), false, Nlmsg.F_CREATE | Nlmsg.F_APPEND);
  assert.deepEqual(best(), [1, 2]);
  table.apply(of(3), false, Nlmsg.F_CREATE | Nlmsg.F_APPEND);
  assert.deepEqual(best(), [1, 2, 3]);
  table.apply(of(1), true, 0);
  assert.deepEqual(best(), [2, 3]);
  table.apply(of(4, 5), false, Nlmsg.F_REPLACE);
  assert.deepEqual(best(), [4, 5]);
  table.apply(of(4, 5), true, 0);
  assert.equal(best(), undefined);
  const object = { metric: 5, nexthopId: 7, hops: [hop(6)] };
  table.apply(route("2001:db8::/32", object), false, Nlmsg.F_CREATE);
  table.apply(route("2001:db8::/32", { ...object, hops: [] }), true, 0);
  assert.equal(table.size, 0);
});

const anyHop = fc.record({
  ifindex: fc.integer({ min: 1, max: 3 }),
  flags: fc.constantFrom(0, 0, Flag.RTNH_F_DEAD, Flag.RTNH_F_LINKDOWN),
});

/** The rule in plain words, for IPv4 unicast routes. */
function reference(routes: RouteMessage[]): number[] | undefined {
  const byMetric = [...routes].sort((a, b) => a.metric - b.metric);
  for (const wanted of [0, Flag.RTNH_F_LINKDOWN]) {
    for (const candidate of byMetric) {
      const hops = candidate.hops.filter((h) => h.flags === wanted);
      if (hops.length > 0) {
        const unique = hops.map((h) => h.ifindex);
        return [...new Set(unique)];
      }
    }
  }
  return undefined;
}

Deno.test("the best of any routes is what the rule says", () => {
  const anyRoute = fc.record({ metric: fc.nat(4), hops: fc.array(anyHop, { maxLength: 4 }) });
  fc.assert(fc.property(fc.array(anyRoute, { maxLength: 6 }), (list) => {
    const routes = list.map(({ metric, hops }) => {
      // One hop per interface: the kernel has no route with the same hop in two states.
      const distinct = hops.filter((h, i) => hops.findIndex((o) => o.ifindex === h.ifindex) === i);
      return route("10.0.0.0/8", {
        metric,
        hops: distinct.map((h) => hop(h.ifindex, null, h.flags)),
      });
    });
    assert.deepEqual(ifindexes(bestRoute(routes, noNexthops)), reference(routes));
  }));
});

Deno.test("a prefix survives being a key", () => {
  for (const text of ["0.0.0.0/0", "10.1.2.0/24", "::/0", "2001:db8::/32", "255.255.255.255/32"]) {
    const prefix = parsePrefix(text)!;
    assert.equal(formatPrefix(prefixOfKey(prefixKey(prefix.address, prefix.length))), text);
  }
});
