/**
 * Routes of one table as the kernel has them, and which of them is in force for each prefix. Pure.
 */
import { type Family, makePrefix, type Prefix, sameBytes } from "../netlink/address.ts";
import { Nlmsg } from "../netlink/message.ts";
import type { Hop, NexthopMessage, RouteMessage } from "../netlink/rtnetlink.ts";
import { Flag, Rtn } from "../netlink/rtnetlink_constants.ts";

/** What is in force for a prefix: kind is a RouteKind; hops only of unicast routes. */
export interface BestRoute {
  readonly kind: number;
  readonly mtu: number;
  readonly hops: readonly Hop[];
}

/** Flags of an interface's state as RTNH_F_DEAD and RTNH_F_LINKDOWN. */
export type LinkFlags = (ifindex: number) => number;

/** A prefix as a map key: family, length, address. */
export function prefixKey(address: Uint8Array, length: number): string {
  return String.fromCharCode(address.length, length, ...address);
}

/** The prefix of a key. */
export function prefixOfKey(key: string): Prefix {
  const bytes = Uint8Array.from(key.slice(2), (char) => char.charCodeAt(0));
  return makePrefix(bytes, key.charCodeAt(1));
}

// Throw routes end the lookup in this table; with no other table behind, nothing is reached.
const kinds: ReadonlyMap<number, number> = new Map([
  [Rtn.UNICAST, Rtn.UNICAST],
  [Rtn.LOCAL, Rtn.LOCAL],
  [Rtn.BLACKHOLE, Rtn.BLACKHOLE],
  [Rtn.UNREACHABLE, Rtn.UNREACHABLE],
  [Rtn.PROHIBIT, Rtn.PROHIBIT],
  [Rtn.THROW, Rtn.UNREACHABLE],
]);

function hopsOfNexthop(
  id: number,
  nexthops: ReadonlyMap<number, NexthopMessage>,
  depth = 0,
): Hop[] | "blackhole" | null {
  const nexthop = nexthops.get(id);
  if (!nexthop || depth > 2) return null;
  if (nexthop.blackhole) return "blackhole";
  if (nexthop.hop) return [nexthop.hop];
  const hops: Hop[] = [];
  for (const member of nexthop.group) {
    const inner = hopsOfNexthop(member.id, nexthops, depth + 1);
    if (inner === "blackhole") return "blackhole"; // the kernel allows it only alone in a group
    for (const hop of inner ?? []) hops.push({ ...hop, weight: member.weight });
  }
  return hops;
}

/** A route with its nexthop object resolved. */
function resolve(
  route: RouteMessage,
  nexthops: ReadonlyMap<number, NexthopMessage>,
): BestRoute {
  const kind = kinds.get(route.type)!;
  const resolved = route.nexthopId === 0 ? null : hopsOfNexthop(route.nexthopId, nexthops);
  if (resolved === "blackhole") return { kind: Rtn.BLACKHOLE, mtu: route.mtu, hops: [] };
  const hops = kind === Rtn.UNICAST ? resolved ?? route.hops : [];
  return { kind, mtu: route.mtu, hops };
}

function sameHop(a: Hop, b: Hop): boolean {
  return a.ifindex === b.ifindex &&
    (a.gateway === null
      ? b.gateway === null
      : b.gateway !== null && sameBytes(a.gateway, b.gateway));
}

/** IPv6 routes of one metric are one multipath route, whether or not they came in one message. */
function mergeEqual(routes: readonly BestRoute[]): BestRoute {
  const hops: Hop[] = [];
  for (const route of routes) {
    for (const hop of route.hops) if (!hops.some((other) => sameHop(other, hop))) hops.push(hop);
  }
  return { ...routes[0]!, hops };
}

function candidates(
  variants: readonly RouteMessage[],
  nexthops: ReadonlyMap<number, NexthopMessage>,
): BestRoute[] {
  const list = variants
    .filter((route) => kinds.has(route.type) && route.tos === 0)
    .sort((a, b) => a.metric - b.metric);
  const result: BestRoute[] = [];
  for (let i = 0; i < list.length;) {
    const first = list[i]!;
    const group = [resolve(first, nexthops)];
    i++;
    while (first.family === 6 && i < list.length && list[i]!.metric === first.metric) {
      const next = resolve(list[i]!, nexthops);
      if (next.kind === group[0]!.kind) group.push(next);
      i++;
    }
    result.push(mergeEqual(group));
  }
  return result;
}

/**
 * The route in force among all of one prefix: lowest metric first, of IPv4 routes with one metric
 * the first. Dead next hops are left out, and those without carrier too unless there is nothing
 * else: then the route stays and its frames find the link down, as in the kernel, instead of
 * following a shorter prefix out of another interface.
 */
export function bestRoute(
  variants: readonly RouteMessage[],
  nexthops: ReadonlyMap<number, NexthopMessage>,
  linkFlags: LinkFlags = () => 0,
): BestRoute | null {
  let fallback: BestRoute | null = null;
  for (const route of candidates(variants, nexthops)) {
    if (route.kind !== Rtn.UNICAST) return route;
    const state = (hop: Hop) => hop.flags | linkFlags(hop.ifindex);
    const alive = route.hops.filter((hop) => !(state(hop) & Flag.RTNH_F_DEAD));
    const live = alive.filter((hop) => !(state(hop) & Flag.RTNH_F_LINKDOWN));
    if (live.length > 0) return { ...route, hops: live };
    if (alive.length > 0) fallback ??= { ...route, hops: alive };
  }
  return fallback;
}

/** Whether VRs are concerned: link-local and multicast IPv6 destinations are never forwarded. */
function concerns(family: Family, destination: Uint8Array): boolean {
  if (family === 4) return true;
  return destination[0] !== 0xff && !(destination[0] === 0xfe && (destination[1]! & 0xc0) === 0x80);
}

function sameContent(a: RouteMessage, b: RouteMessage): boolean {
  return a.type === b.type && a.nexthopId === b.nexthopId && a.hops.length === b.hops.length &&
    a.hops.every((hop, i) => sameHop(hop, b.hops[i]!));
}

function sameRank(a: RouteMessage, b: RouteMessage): boolean {
  return a.metric === b.metric && a.tos === b.tos;
}

/** IPv4, and routes without hops of their own: each is added and deleted as a whole. */
function applyWhole(
  known: readonly RouteMessage[],
  route: RouteMessage,
  removed: boolean,
  flags: number,
): RouteMessage[] {
  const variants = [...known];
  const same = variants.findIndex((other) => sameRank(other, route) && sameContent(other, route));
  const rank = variants.findIndex((other) => sameRank(other, route));
  if (removed) {
    const at = same >= 0 ? same : rank;
    if (at >= 0) variants.splice(at, 1);
  } else if (same >= 0) {
    variants[same] = route;
  } else if (rank >= 0 && (flags & Nlmsg.F_REPLACE)) {
    variants[rank] = route;
  } else if (rank >= 0 && !(flags & Nlmsg.F_APPEND)) {
    variants.splice(rank, 0, route); // prepended
  } else {
    variants.push(route);
  }
  return variants;
}

/**
 * IPv6: next hops are added to and deleted from the one route of their metric. A notification may
 * tell all of them or only those that came or went.
 */
function applyHops(
  known: readonly RouteMessage[],
  route: RouteMessage,
  removed: boolean,
  replaces: boolean,
): RouteMessage[] {
  const others = known.filter((other) => !sameRank(other, route) || other.type !== route.type);
  const before = known.filter((other) => !others.includes(other));
  const old = before.flatMap((other) => other.hops);
  const stay = old.filter((hop) => !route.hops.some((other) => sameHop(other, hop)));
  if (removed) return stay.length > 0 ? [...others, { ...before[0]!, hops: stay }] : others;
  if (replaces) return [...known.filter((other) => !sameRank(other, route)), route];
  const kept = old.map((hop) => route.hops.find((other) => sameHop(other, hop)) ?? hop);
  const added = route.hops.filter((hop) => !old.some((other) => sameHop(other, hop)));
  return [...others, { ...route, hops: [...kept, ...added] }];
}

/** The routes of one table. `dirty`: prefixes whose best route may have changed. */
export class RouteTable {
  readonly dirty = new Set<string>();
  readonly #nexthops: ReadonlyMap<number, NexthopMessage>;
  #routes = new Map<string, RouteMessage[]>();
  readonly #table: number;

  /** `nexthops`: the kernel's nexthop objects, as they are at any time. */
  constructor(table: number, nexthops: ReadonlyMap<number, NexthopMessage> = new Map()) {
    this.#table = table;
    this.#nexthops = nexthops;
  }

  /** Routes, all variants. */
  get size(): number {
    let size = 0;
    for (const variants of this.#routes.values()) size += variants.length;
    return size;
  }

  /** Whether this route belongs in the table and concerns VRs, which route by destination. */
  holds(route: RouteMessage): boolean {
    return this.#has(route) && route.sourceLength === 0;
  }

  /** Whether VRs would need this route, could they route by source as well. */
  misses(route: RouteMessage): boolean {
    return this.#has(route) && route.sourceLength !== 0;
  }

  #has(route: RouteMessage): boolean {
    return route.table === this.#table && !(route.flags & Flag.RTM_F_CLONED) &&
      concerns(route.family, route.destination);
  }

  /** All routes anew, from a dump. */
  replace(routes: Iterable<RouteMessage>): void {
    this.markAll();
    this.#routes = new Map();
    for (const route of routes) if (this.holds(route)) this.#append(route);
    this.markAll();
  }

  /** A notification; `flags` are its header's: how the route came in. */
  apply(route: RouteMessage, removed: boolean, flags: number): void {
    if (!this.holds(route)) return;
    const key = prefixKey(route.destination, route.prefixLength);
    this.dirty.add(key);
    const known = this.#routes.get(key) ?? [];
    const variants = route.family === 6 && route.hops.length > 0 && route.nexthopId === 0
      ? applyHops(known, route, removed, (flags & Nlmsg.F_REPLACE) !== 0)
      : applyWhole(known, route, removed, flags);
    if (variants.length > 0) this.#routes.set(key, variants);
    else this.#routes.delete(key);
  }

  /** Marks every prefix: links or nexthop objects changed. */
  markAll(): void {
    for (const key of this.#routes.keys()) this.dirty.add(key);
  }

  /** The best route of a prefix. */
  best(key: string, linkFlags: LinkFlags): BestRoute | null {
    const variants = this.#routes.get(key);
    return variants ? bestRoute(variants, this.#nexthops, linkFlags) : null;
  }

  #append(route: RouteMessage): void {
    const key = prefixKey(route.destination, route.prefixLength);
    const variants = this.#routes.get(key);
    if (variants) variants.push(route);
    else this.#routes.set(key, [route]);
  }
}
