/**
 * The kernel's state as lvrm follows it, and the control events that tell VRIs of its changes.
 * Pure: notifications and dumps go in, events come out; no clock, no socket.
 *
 * `#sent` is what VRIs have been told. A change is told by comparing anew what they should know
 * with it, so that no order of notifications, and no loss followed by a dump, can leave them wrong.
 */
import { EventKind } from "../../ffi/abi.gen.ts";
import { compareBytes, formatAddress, type Prefix } from "../netlink/address.ts";
import type {
  NeighbourMessage,
  NexthopMessage,
  RouteMessage,
  RouteSocketEvent,
} from "../netlink/rtnetlink.ts";
import { Flag, Nud } from "../netlink/rtnetlink_constants.ts";
import { encodeAddress, encodeLink, encodeNeighbour, encodeRemoval } from "./encode.ts";
import { makeFeed, type RouteFeed } from "./feed.ts";
import { LocalTable } from "./local.ts";
import { tell } from "./tell.ts";
import type {
  ControlEvent,
  ForwardingState,
  InterfaceAddress,
  Link,
  NeighbourQuery,
  RouteSource,
  RoutingPort,
} from "./types.ts";

type Payload = Uint8Array<ArrayBuffer>;
/** What all VRs are told alike; routes are told between addresses and neighbours. */
type Category = "link" | "address" | "neighbour";
const categories: readonly Category[] = ["link", "address", "neighbour"];

/** What changed since the last `takeChanges`. */
export interface MirrorChanges {
  /** For each source of routes, in order. */
  readonly events: ControlEvent[][];
  readonly local: boolean;
  readonly links: boolean;
}

const usableStates = Nud.REACHABLE | Nud.STALE | Nud.DELAY | Nud.PROBE | Nud.PERMANENT | Nud.NOARP;
const loopbackType = 772;

/** Mirror of links, addresses, routes, neighbours and per-interface settings. */
export class Mirror {
  readonly feeds: readonly RouteFeed[];
  readonly local = new LocalTable();
  readonly #links = new Map<number, Link>();
  readonly #addresses = new Map<string, InterfaceAddress>();
  readonly #neighbours = new Map<string, NeighbourMessage>();
  readonly #rpFilter = new Map<number, number>();
  readonly #forwarding = new Map<string, boolean>();
  readonly #sent: Record<Category, Map<string, Payload>> = {
    link: new Map(),
    address: new Map(),
    neighbour: new Map(),
  };
  #ports: readonly RoutingPort[] = [];
  #portOf = new Map<number, number>();
  #failed: NeighbourMessage[] = [];
  readonly #nexthops = new Map<number, NexthopMessage>();
  readonly #touched = new Set<Category>();
  #linksChanged = false;

  constructor(sources: readonly RouteSource[]) {
    this.feeds = sources.map((source) => makeFeed(source, this.#nexthops));
  }

  /** The ports that VRIs are told about. */
  setPorts(ports: readonly RoutingPort[]): void {
    this.#ports = [...ports];
    this.#remap();
  }

  /** Takes in one notification. */
  apply(event: RouteSocketEvent): void {
    switch (event.object) {
      case "link":
        return this.#applyLink(event);
      case "address": {
        const { ifindex, address } = event.value;
        const key = `${ifindex} ${formatAddress(address)}/${event.value.prefixLength}`;
        if (event.removed) this.#addresses.delete(key);
        else this.#addresses.set(key, event.value);
        this.#touched.add("address");
        return;
      }
      case "route":
        for (const { table } of this.feeds) {
          table?.apply(event.value, event.removed, event.flags);
        }
        return this.local.apply(event.value, event.removed);
      case "neighbour":
        return this.#applyNeighbour(event.value, event.removed);
      case "nexthop":
        if (event.removed) this.#nexthops.delete(event.value.id);
        else this.#nexthops.set(event.value.id, event.value);
        return this.#touchRoutes();
      case "netconf": {
        const { family, ifindex, forwarding, rpFilter } = event.value;
        if (family === 4 && rpFilter !== null) this.#rpFilter.set(ifindex, rpFilter);
        if (forwarding !== null) this.#forwarding.set(`${family} ${ifindex}`, forwarding);
        if (event.removed) this.#forgetSettings(ifindex);
        this.#touched.add("link");
      }
    }
  }

  /** Forgets everything but routes, before dumps of all else are applied. */
  clear(): void {
    this.#links.clear();
    this.#addresses.clear();
    this.#neighbours.clear();
    this.#rpFilter.clear();
    this.#forwarding.clear();
    this.#nexthops.clear();
    for (const category of categories) this.#touched.add(category);
    this.#linksChanged = true;
    this.#remap();
  }

  /** All routes anew, of every table. */
  replaceRoutes(routes: readonly RouteMessage[]): void {
    for (const { table } of this.feeds) table?.replace(routes);
    this.local.replace(routes);
  }

  /** Events for VRIs, and whether local prefixes or links changed, since the last call. */
  takeChanges(): MirrorChanges {
    const before: ControlEvent[] = [];
    if (this.#touched.has("link")) this.#diff("link", this.#wantedLinks(), before);
    if (this.#touched.has("address")) this.#diff("address", this.#wantedAddresses(), before);
    const routes = this.feeds.map((feed) => this.#routeEvents(feed));
    const after: ControlEvent[] = [];
    if (this.#touched.has("neighbour")) {
      const told = new Set(this.#sent.neighbour.keys());
      this.#diff("neighbour", this.#wantedNeighbours(), after);
      for (const failed of this.#failed) this.#tellFailed(failed, told, after);
    }
    const events = routes.map((own) => [...before, ...own, ...after]);
    this.#failed = [];
    this.#touched.clear();
    const links = this.#linksChanged;
    this.#linksChanged = false;
    return { events, local: this.local.takeChanged(), links };
  }

  /** All that VRIs of this source have been told so far, ending with `synchronised`. */
  snapshot(source: number): ControlEvent[] {
    const of = (kind: number, told: ReadonlyMap<string, Payload>) =>
      [...told.values()].map((payload) => ({ kind, payload }));
    return [
      ...of(EventKind.link, this.#sent.link),
      ...of(EventKind.address, this.#sent.address),
      ...of(EventKind.route, this.feeds[source]!.sent),
      ...of(EventKind.neighbour, this.#sent.neighbour),
      { kind: EventKind.synchronised, payload: new Uint8Array(0) },
    ];
  }

  /** Links by index. */
  links(): Link[] {
    return [...this.#links.values()].sort((a, b) => a.ifindex - b.ifindex);
  }

  /** Addresses of all interfaces. */
  addresses(): InterfaceAddress[] {
    return [...this.#addresses.values()]
      .sort((a, b) => a.ifindex - b.ifindex || compareBytes(a.address, b.address));
  }

  /** Destinations that are the gateway's own. */
  localPrefixes(): Prefix[] {
    return this.local.prefixes();
  }

  /** Whether the kernel forwards: by its general switch or on any interface but loopback. */
  forwarding(): ForwardingState {
    const of = (family: number) =>
      [...this.#forwarding].filter(([key]) => key.startsWith(`${family} `))
        .filter(([key]) => {
          const ifindex = Number(key.slice(2));
          return ifindex === -1 || (ifindex > 0 && this.#links.get(ifindex)?.type !== loopbackType);
        });
    const ipv6 = of(6);
    return {
      ipv4: of(4).some(([, on]) => on),
      ipv6: ipv6.length === 0 ? null : ipv6.some(([, on]) => on),
    };
  }

  /** Interface whose addresses and neighbours a port has, or null (a tag without a device). */
  deviceOf(port: number): number | null {
    const found = [...this.#portOf].find(([, number]) => number === port);
    return found ? found[0] : null;
  }

  /** Whether a link is there, up, and has carrier. */
  isUp(ifindex: number): boolean {
    const link = this.#links.get(ifindex);
    return link !== undefined && link.up && link.carrier;
  }

  /** What the kernel knows of a neighbour. */
  neighbour(query: NeighbourQuery): { usable: boolean; event: Payload } | null {
    const ifindex = this.deviceOf(query.port);
    const known = this.#neighbours.get(`${ifindex} ${formatAddress(query.address)}`);
    if (!known) return null;
    return { usable: this.#usable(known), event: this.#encodeNeighbour(query.port, known) };
  }

  #applyLink(event: RouteSocketEvent & { object: "link" }): void {
    const { value } = event;
    const known = this.#links.get(value.ifindex);
    if (event.removed) {
      this.#links.delete(value.ifindex);
      this.#forgetSettings(value.ifindex);
      for (const [key, address] of this.#addresses) {
        if (address.ifindex === value.ifindex) this.#addresses.delete(key);
      }
      for (const [key, neighbour] of this.#neighbours) {
        if (neighbour.ifindex === value.ifindex) this.#neighbours.delete(key);
      }
    } else {
      const { flags, ...rest } = value;
      const up = (flags & Flag.IFF_UP) !== 0;
      const carrier = (flags & Flag.IFF_LOWER_UP) !== 0;
      const link: Link = { ...rest, up, carrier };
      if (known && JSON.stringify(known) === JSON.stringify(link)) return;
      this.#links.set(value.ifindex, link);
    }
    this.#linksChanged = true;
    this.#remap();
  }

  #applyNeighbour(value: NeighbourMessage, removed: boolean): void {
    const multicast = value.family === 4 ? value.address[0]! >= 224 : value.address[0] === 0xff;
    if (multicast || (value.flags & Flag.NTF_PROXY)) return;
    const key = `${value.ifindex} ${formatAddress(value.address)}`;
    if (removed) this.#neighbours.delete(key);
    else this.#neighbours.set(key, value);
    if (!removed && (value.state & Nud.FAILED)) this.#failed.push(value);
    this.#touched.add("neighbour");
  }

  #forgetSettings(ifindex: number): void {
    this.#rpFilter.delete(ifindex);
    this.#forwarding.delete(`4 ${ifindex}`);
    this.#forwarding.delete(`6 ${ifindex}`);
  }

  /** Which interface stands for which port: the VLAN device of a tagged port, if there is one. */
  #remap(): void {
    const map = new Map<number, number>();
    for (const { port, ifindex, vlan } of this.#ports) {
      if (vlan === null) {
        map.set(ifindex, port);
        continue;
      }
      for (const link of this.#links.values()) {
        if (link.vlan === vlan && link.lower === ifindex) map.set(link.ifindex, port);
      }
    }
    this.#portOf = map;
    for (const category of categories) this.#touched.add(category);
    this.#touchRoutes();
  }

  #touchRoutes(): void {
    for (const feed of this.feeds) feed.markAll();
  }

  #linkFlags(ifindex: number): number {
    const link = this.#links.get(ifindex);
    if (!link) return 0;
    return link.up ? (link.carrier ? 0 : Flag.RTNH_F_LINKDOWN) : Flag.RTNH_F_DEAD;
  }

  #wantedLinks(): Map<string, Payload> {
    const wanted = new Map<string, Payload>();
    for (const { port, ifindex, interface: name, vlan } of this.#ports) {
      const device = this.deviceOf(port) ?? ifindex;
      const link = this.#links.get(device) ?? this.#links.get(ifindex);
      if (!link) continue;
      const filter = (index: number) => this.#rpFilter.get(index) ?? 0;
      const payload = encodeLink({
        port,
        up: link.up && link.carrier,
        rpFilter: Math.max(filter(-1), filter(link.ifindex)),
        mtu: link.mtu,
        ifindex: link.ifindex,
        vlan,
        mac: link.mac,
        name,
      });
      wanted.set(String(port), payload);
    }
    return wanted;
  }

  #wantedAddresses(): Map<string, Payload> {
    const wanted = new Map<string, Payload>();
    for (const [key, { ifindex, family, address, prefixLength }] of this.#addresses) {
      const port = this.#portOf.get(ifindex);
      if (port === undefined) continue;
      wanted.set(`${port} ${key}`, encodeAddress(port, family, address, prefixLength));
    }
    return wanted;
  }

  #usable(neighbour: NeighbourMessage): boolean {
    return (neighbour.state & usableStates) !== 0 && neighbour.mac.length === 6;
  }

  #encodeNeighbour(port: number, neighbour: NeighbourMessage): Payload {
    const { family, address, mac, state } = neighbour;
    return encodeNeighbour({ port, family, address, mac, stale: (state & Nud.STALE) !== 0 });
  }

  #wantedNeighbours(): Map<string, Payload> {
    const wanted = new Map<string, Payload>();
    for (const [key, neighbour] of this.#neighbours) {
      const port = this.#portOf.get(neighbour.ifindex);
      if (port === undefined || !this.#usable(neighbour)) continue;
      wanted.set(`${port} ${key}`, this.#encodeNeighbour(port, neighbour));
    }
    return wanted;
  }

  /** A failed neighbour is told even where it was never known: frames may wait for it. */
  #tellFailed(failed: NeighbourMessage, told: ReadonlySet<string>, events: ControlEvent[]): void {
    const port = this.#portOf.get(failed.ifindex);
    const key = `${port} ${failed.ifindex} ${formatAddress(failed.address)}`;
    if (port === undefined || told.has(key) || this.#sent.neighbour.has(key)) return;
    events.push(encodeRemoval(EventKind.neighbour, this.#encodeNeighbour(port, failed)));
  }

  #routeEvents(feed: RouteFeed): ControlEvent[] {
    const events: ControlEvent[] = [];
    if (!feed.isDirty) return events;
    feed.tellChanges({
      linkFlags: (ifindex) => this.#linkFlags(ifindex),
      portOf: (ifindex) => this.#portOf.get(ifindex) ?? null,
      ports: this.#ports,
    }, events);
    return events;
  }

  #diff(category: Category, wanted: Map<string, Payload>, events: ControlEvent[]): void {
    const kind = EventKind[category];
    const sent = this.#sent[category];
    for (const key of [...sent.keys()]) {
      if (!wanted.has(key)) tell(kind, key, sent, null, events);
    }
    for (const [key, payload] of wanted) tell(kind, key, sent, payload, events);
  }
}
