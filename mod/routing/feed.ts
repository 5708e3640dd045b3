/**
 * What a group of VRs is told of routes: those of one table of the kernel's, or a list of its own.
 * Links, addresses and neighbours are the same for all VRs; the mirror has them. Pure.
 */
import { EventKind } from "../../ffi/abi.gen.ts";
import type { NexthopMessage, RouteMessage } from "../netlink/rtnetlink.ts";
import { Rtn } from "../netlink/rtnetlink_constants.ts";
import { encodeRoute } from "./encode.ts";
import { type LinkFlags, prefixKey, prefixOfKey, RouteTable } from "./routes.ts";
import { tell } from "./tell.ts";
import type { ControlEvent, RouteSource, RoutingPort, StaticRouteSource } from "./types.ts";

type Payload = Uint8Array<ArrayBuffer>;

/** What routes are encoded with. */
export interface Surroundings {
  readonly linkFlags: LinkFlags;
  readonly portOf: (ifindex: number) => number | null;
  readonly ports: readonly RoutingPort[];
}

/** Routes of one source, and what was told of them. */
export interface RouteFeed {
  /** The kernel's table, null where it has none to do with it. */
  readonly table: RouteTable | null;
  readonly sent: ReadonlyMap<string, Payload>;
  /** Whether `tellChanges` may have something to tell. */
  readonly isDirty: boolean;
  /** Links or ports changed: all is to be looked at. */
  markAll(): void;
  /** Adds the events of what changed. */
  tellChanges(around: Surroundings, events: ControlEvent[]): void;
}

class TableFeed implements RouteFeed {
  readonly table: RouteTable;
  readonly sent = new Map<string, Payload>();

  constructor(table: number, nexthops: ReadonlyMap<number, NexthopMessage>) {
    this.table = new RouteTable(table, nexthops);
  }

  get isDirty(): boolean {
    return this.table.dirty.size > 0;
  }

  markAll(): void {
    this.table.markAll();
  }

  tellChanges({ linkFlags, portOf }: Surroundings, events: ControlEvent[]): void {
    for (const key of this.table.dirty) {
      const best = this.table.best(key, linkFlags);
      const wanted = best === null ? null : encodeRoute(prefixOfKey(key), best, portOf);
      tell(EventKind.route, key, this.sent, wanted, events);
    }
    this.table.dirty.clear();
  }
}

/**
 * Static routes stay whatever happens to their interface: frames find it down then, instead of
 * following a shorter prefix out of another one. Without their interface they are gone.
 */
class StaticFeed implements RouteFeed {
  readonly table = null;
  readonly sent = new Map<string, Payload>();
  readonly #routes: StaticRouteSource["routes"];
  isDirty = true;

  constructor(routes: StaticRouteSource["routes"]) {
    this.#routes = routes;
  }

  markAll(): void {
    this.isDirty = true;
  }

  tellChanges({ ports }: Surroundings, events: ControlEvent[]): void {
    if (!this.isDirty) return;
    this.isDirty = false;
    for (const { prefix, port, gateway } of this.#routes) {
      const found = ports.find((it) => it.interface === port.name && it.vlan === port.vlan);
      const hop = { ifindex: 0, gateway, weight: 1, flags: 0 };
      const route = { kind: Rtn.UNICAST, mtu: 0, hops: [hop] };
      const wanted = found === undefined ? null : encodeRoute(prefix, route, () => found.port);
      const key = prefixKey(prefix.address, prefix.length);
      tell(EventKind.route, key, this.sent, wanted, events);
    }
  }
}

/** The feed of a source. `nexthops`: the kernel's nexthop objects, as they are at any time. */
export function makeFeed(
  source: RouteSource,
  nexthops: ReadonlyMap<number, NexthopMessage>,
): RouteFeed {
  if ("routes" in source) return new StaticFeed(source.routes);
  return new TableFeed(source.table, nexthops);
}

/** Whether VRs of this feed would need a route that they are not told. */
export function misses(feeds: readonly RouteFeed[], route: RouteMessage): boolean {
  return feeds.some((feed) => feed.table?.misses(route) === true);
}
