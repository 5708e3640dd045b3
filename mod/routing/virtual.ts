/**
 * Routing state of ports that are no interfaces (adapters `memory` and `pcap`): what `RouteMonitor`
 * is for those of the kernel. It follows from the number of ports alone and never changes.
 *
 * Port n has the addresses 198.51.100.(4n+1)/30 and 2001:db8:0:n::1/64 (documentation prefixes),
 * and behind it is one neighbour, .(4n+2) and ::2, that answers for every address: whoever is asked
 * for on port n has its MAC address, 02:00:00:00:01:n+1. All that is not on a link goes to the
 * neighbour behind the second port, or the only one; a VR with static routes has those instead.
 */
import { EventKind, RouteKind } from "../../ffi/abi.gen.ts";
import { type Family, makePrefix, type Prefix } from "../netlink/address.ts";
import { encodeAddress, encodeLink, encodeNeighbour, encodeRoute } from "./encode.ts";
import { alwaysLocal } from "./local.ts";
import type { RouteMonitor } from "./monitor.ts";
import type {
  ControlEvent,
  Link,
  NeighbourQuery,
  RouteSource,
  RoutingPort,
  StaticRouteSource,
} from "./types.ts";

/** What the gateway needs to know of routes. */
export type RoutingSource = Pick<
  RouteMonitor,
  | "close"
  | "ignoresSourceRoutes"
  | "links"
  | "localPrefixes"
  | "onEvents"
  | "onLinksChange"
  | "onLocalChange"
  | "poll"
  | "renewNeighbour"
  | "requestNeighbour"
  | "setPorts"
  | "snapshot"
>;

/** A port, as VRs are told of it. */
export interface VirtualLink {
  readonly port: number;
  readonly name: string;
  readonly ifindex: number;
  readonly mac: Uint8Array;
  readonly mtu: number;
}

const empty = new Uint8Array(0);

/** MAC address of port `port`, where nobody chose one. */
export function portMac(port: number): Uint8Array {
  return new Uint8Array([2, 0, 0, 0, 0, port + 1]);
}

/** MAC address of the neighbour behind port `port`. */
export function neighbourMac(port: number): Uint8Array {
  return new Uint8Array([2, 0, 0, 0, 1, port + 1]);
}

/** Address `host` (1: the port's own, 2: its neighbour's) on the link of port `port`. */
export function linkAddress(family: Family, port: number, host: number): Uint8Array {
  if (family === 4) return new Uint8Array([198, 51, 100, 4 * port + host]);
  const address = new Uint8Array(16);
  address.set([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, port]);
  address[15] = host;
  return address;
}

const linkLength = (family: Family) => family === 4 ? 30 : 64;
const families = [4, 6] as const;

/** Routing state of virtual ports; see above. */
export class VirtualRoutes implements RoutingSource {
  readonly #links: readonly VirtualLink[];
  readonly #sources: readonly RouteSource[];
  readonly #listeners: Parameters<RouteMonitor["onEvents"]>[0][] = [];

  /** `links`: at most 64, at least one. `sources`: lists of routes; of tables there are none. */
  constructor(links: readonly VirtualLink[], sources: readonly RouteSource[]) {
    this.#links = links;
    this.#sources = sources;
  }

  /** All that VRIs of this source are told; ends with `synchronised`. */
  snapshot(number = 0): ControlEvent[] {
    const own = this.#links.flatMap((link) => [
      { kind: EventKind.link, payload: this.#link(link) },
      ...families.flatMap((family) => this.#onLink(link, family)),
    ]);
    const source = this.#sources[number];
    const routes = source !== undefined && "routes" in source
      ? source.routes.map((route) => this.#static(route))
      : families.flatMap((family) => this.#learned(family));
    return [...own, ...routes, { kind: EventKind.synchronised, payload: empty }];
  }

  #link({ port, mtu, ifindex, mac, name }: VirtualLink): Uint8Array<ArrayBuffer> {
    return encodeLink({ port, up: true, rpFilter: 0, mtu, ifindex, vlan: null, mac, name });
  }

  /** Address and neighbour of a port. */
  #onLink({ port }: VirtualLink, family: Family): ControlEvent[] {
    const address = linkAddress(family, port, 1);
    const payload = encodeAddress(port, family, address, linkLength(family));
    const neighbour = { port, family, address: linkAddress(family, port, 2) };
    return [{ kind: EventKind.address, payload }, this.#neighbour(neighbour)];
  }

  /** The links' own routes and the default one. */
  #learned(family: Family): ControlEvent[] {
    const connected = this.#links.map(({ port, ifindex }) => {
      const prefix = makePrefix(linkAddress(family, port, 1), linkLength(family));
      return this.#route(prefix, ifindex, null);
    });
    const { port, ifindex } = this.#links[1] ?? this.#links[0]!;
    const all = makePrefix(new Uint8Array(family === 4 ? 4 : 16), 0);
    return [...connected, this.#route(all, ifindex, linkAddress(family, port, 2))];
  }

  /** A route as the configuration has it; its port exists. */
  #static({ prefix, port, gateway }: StaticRouteSource["routes"][number]): ControlEvent {
    const { ifindex } = this.#links.find((link) => link.name === port.name)!;
    return this.#route(prefix, ifindex, gateway);
  }

  #route(prefix: Prefix, ifindex: number, gateway: Uint8Array | null): ControlEvent {
    const hops = [{ ifindex, gateway, weight: 1, flags: 0 }];
    const portOf = (index: number) => this.#links.find((l) => l.ifindex === index)?.port ?? null;
    const payload = encodeRoute(prefix, { kind: RouteKind.unicast, mtu: 0, hops }, portOf);
    return { kind: EventKind.route, payload };
  }

  #neighbour(query: NeighbourQuery): ControlEvent {
    const payload = encodeNeighbour({ ...query, mac: neighbourMac(query.port), stale: false });
    return { kind: EventKind.neighbour, payload };
  }

  /** Every address on a port's link is its neighbour's. False: there is no such port. */
  requestNeighbour(_vr: string | number, query: NeighbourQuery): boolean {
    if (!this.#links.some((link) => link.port === query.port)) return false;
    const events = [this.#neighbour(query)];
    for (const listener of this.#listeners) {
      for (const source of this.#sources.keys()) listener(events, source);
    }
    return true;
  }

  renewNeighbour(vr: string | number, query: NeighbourQuery): boolean {
    return this.requestNeighbour(vr, query);
  }

  onEvents(listener: (events: ControlEvent[], source: number) => void): void {
    this.#listeners.push(listener);
  }

  /** The ports' own addresses, and what no router forwards. */
  localPrefixes(): Prefix[] {
    const own = this.#links.flatMap(({ port }) =>
      families.map((family) => makePrefix(linkAddress(family, port, 1), family === 4 ? 32 : 128))
    );
    return [...alwaysLocal, ...own];
  }

  // Nothing changes, and no interface of the kernel is among the ports.
  setPorts(_ports: readonly RoutingPort[]): void {}
  onLocalChange(_listener: () => void): void {}
  onLinksChange(_listener: () => void): void {}
  poll(): void {}
  links(): Link[] {
    return [];
  }
  ignoresSourceRoutes(): boolean {
    return false;
  }
  close(): void {}
}
