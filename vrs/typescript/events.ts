/** Control events, read from what lvrm writes. */
import { EventKind, layout, limits, RouteKind } from "./abi.gen.ts";

export type Family = 4 | 6;

/** A port: an interface of the gateway's, or an interface and a VLAN tag. */
export interface LinkEvent {
  readonly is: "link";
  readonly port: number;
  /** It is gone; the rest is then of no meaning. */
  readonly removed: boolean;
  readonly up: boolean;
  readonly rpFilter: number;
  readonly mtu: number;
  readonly ifindex: number;
  readonly vlan: number | null;
  readonly mac: Uint8Array<ArrayBuffer>;
  readonly name: string;
}

/** One of the gateway's own addresses. */
export interface AddressEvent {
  readonly is: "address";
  readonly port: number;
  readonly removed: boolean;
  readonly family: Family;
  readonly address: Uint8Array<ArrayBuffer>;
  readonly prefixLength: number;
}

/** One way of a route. */
export interface NextHop {
  /** Null: out of an interface that lvrm doesn't serve. */
  readonly port: number | null;
  /** Null: the destination is on the link itself. */
  readonly gateway: Uint8Array<ArrayBuffer> | null;
  readonly weight: number;
}

/** The best route of a prefix; it replaces an earlier one. */
export interface RouteEvent {
  readonly is: "route";
  readonly removed: boolean;
  readonly family: Family;
  readonly prefix: Uint8Array<ArrayBuffer>;
  readonly prefixLength: number;
  readonly kind: keyof typeof RouteKind | "other";
  /** 0: as the link's. */
  readonly mtu: number;
  readonly nextHops: readonly NextHop[];
}

/** A next hop's MAC. */
export interface NeighbourEvent {
  readonly is: "neighbour";
  readonly port: number;
  readonly family: Family;
  readonly address: Uint8Array<ArrayBuffer>;
  /** Null: it is gone, or did not answer. */
  readonly mac: Uint8Array<ArrayBuffer> | null;
  /** The kernel wants to know whether it is in use. */
  readonly stale: boolean;
}

/** Another VRI of this VR says something. */
export interface SiblingEvent {
  readonly is: "sibling";
  /** Its number. */
  readonly from: number;
  /** Others got it too. */
  readonly toAll: boolean;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** What lvrm or a sibling tells. Addresses have 4 or 16 bytes. */
export type VrEvent =
  | LinkEvent
  | AddressEvent
  | RouteEvent
  | NeighbourEvent
  | SiblingEvent
  /** The snapshot is complete; VirtualRouter says ready. */
  | { readonly is: "synchronised" }
  /** A new snapshot follows; what it doesn't repeat is no longer true. */
  | { readonly is: "flush" }
  /** `run` ends after this. */
  | { readonly is: "stop" }
  /** Of a kind that this module doesn't know, or too short. */
  | { readonly is: "other"; readonly kind: number; readonly payload: Uint8Array<ArrayBuffer> };

const routeKinds = new Map(
  Object.entries(RouteKind).map(([name, kind]) => [kind, name as keyof typeof RouteKind]),
);

/** A payload whose length was looked at. */
class Reader {
  readonly #view: DataView;

  constructor(readonly bytes: Uint8Array<ArrayBuffer>) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(at: number): number {
    return this.#view.getUint8(at);
  }
  u16(at: number): number {
    return this.#view.getUint16(at, true);
  }
  u32(at: number): number {
    return this.#view.getUint32(at, true);
  }
  slice(at: number, length: number): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(at, at + length);
  }
  address(at: number, family: Family): Uint8Array<ArrayBuffer> {
    return this.slice(at, family === 4 ? 4 : 16);
  }
}

const isFamily = (value: number): value is Family => value === 4 || value === 6;

/** Reads an event; `payload` may be written over afterwards. */
export function parseEvent(
  kind: number,
  source: number,
  payload: Uint8Array<ArrayBuffer>,
): VrEvent {
  const known = parseKnown(kind, source, payload);
  return known ?? { is: "other", kind, payload: payload.slice() };
}

function parseKnown(
  kind: number,
  source: number,
  payload: Uint8Array<ArrayBuffer>,
): VrEvent | null {
  const it = new Reader(payload);
  const fits = ({ size }: { readonly size: number }): boolean => payload.length >= size;
  switch (kind) {
    case EventKind.link:
      return fits(layout.link_event) ? link(it) : null;
    case EventKind.address:
      return fits(layout.address_event) ? address(it) : null;
    case EventKind.route:
      return fits(layout.route_event) ? route(it) : null;
    case EventKind.neighbour:
      return fits(layout.neighbour_event) ? neighbour(it) : null;
    case EventKind.synchronised:
      return { is: "synchronised" };
    case EventKind.flush:
      return { is: "flush" };
    case EventKind.stop:
      return { is: "stop" };
    case EventKind.siblings:
    case EventKind.sibling: {
      const toAll = kind === EventKind.siblings;
      return { is: "sibling", from: source, toAll, payload: payload.slice() };
    }
    default:
      return null;
  }
}

function link(it: Reader): LinkEvent {
  const at = layout.link_event;
  const name = it.bytes.subarray(at.name, at.size);
  const end = name.indexOf(0);
  const vlan = it.u16(at.vlan);
  return {
    is: "link",
    port: it.u8(at.port),
    removed: it.u8(at.removed) !== 0,
    up: it.u8(at.up) !== 0,
    rpFilter: it.u8(at.rp_filter),
    mtu: it.u32(at.mtu),
    ifindex: it.u32(at.ifindex),
    vlan: vlan === limits.no_vlan ? null : vlan,
    mac: it.slice(at.mac, 6),
    name: new TextDecoder().decode(end < 0 ? name : name.subarray(0, end)),
  };
}

function address(it: Reader): AddressEvent | null {
  const at = layout.address_event;
  const family = it.u8(at.family);
  if (!isFamily(family)) return null;
  return {
    is: "address",
    port: it.u8(at.port),
    removed: it.u8(at.removed) !== 0,
    family,
    address: it.address(at.address, family),
    prefixLength: it.u8(at.prefix_length),
  };
}

function route(it: Reader): RouteEvent | null {
  const at = layout.route_event;
  const hop = layout.next_hop;
  const family = it.u8(at.family);
  const count = it.u8(at.next_hops);
  if (!isFamily(family) || it.bytes.length < at.size + count * hop.size) return null;
  const nextHops = Array.from({ length: count }, (_, i): NextHop => {
    const from = at.size + i * hop.size;
    const port = it.u8(from + hop.port);
    const gatewayFamily = it.u8(from + hop.family);
    return {
      port: port === limits.no_port ? null : port,
      gateway: isFamily(gatewayFamily) ? it.address(from + hop.gateway, gatewayFamily) : null,
      weight: it.u16(from + hop.weight),
    };
  });
  return {
    is: "route",
    removed: it.u8(at.removed) !== 0,
    family,
    prefix: it.address(at.prefix, family),
    prefixLength: it.u8(at.prefix_length),
    kind: routeKinds.get(it.u8(at.kind) as 1) ?? "other",
    mtu: it.u32(at.mtu),
    nextHops,
  };
}

function neighbour(it: Reader): NeighbourEvent | null {
  const at = layout.neighbour_event;
  const family = it.u8(at.family);
  if (!isFamily(family)) return null;
  return {
    is: "neighbour",
    port: it.u8(at.port),
    family,
    address: it.address(at.address, family),
    mac: it.u8(at.removed) !== 0 ? null : it.slice(at.mac, 6),
    stale: it.u8(at.stale) !== 0,
  };
}
