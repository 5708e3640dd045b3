/** Control events as bytes, laid out as `ffi/abi.gen.ts` says. Pure. */
import { EventKind, layout, limits } from "../../ffi/abi.gen.ts";
import type { Family, Prefix } from "../netlink/address.ts";
import type { BestRoute } from "./routes.ts";
import type { ControlEvent, NeighbourQuery } from "./types.ts";

/** Fields of a link event. */
export interface LinkFields {
  readonly port: number;
  readonly up: boolean;
  readonly rpFilter: number;
  readonly mtu: number;
  readonly ifindex: number;
  readonly vlan: number | null;
  readonly mac: Uint8Array;
  readonly name: string;
}

/** Fields of a neighbour event; `removed` ones need no MAC. */
export interface NeighbourFields {
  readonly port: number;
  readonly family: Family;
  readonly address: Uint8Array;
  readonly mac: Uint8Array;
  readonly stale: boolean;
}

type Payload = Uint8Array<ArrayBuffer>;

function make(bytes: number): [Payload, DataView] {
  const payload = new Uint8Array(bytes);
  return [payload, new DataView(payload.buffer)];
}

/** LinkEvent. The name is cut to what 16 bytes and their terminating zero hold. */
export function encodeLink(link: LinkFields): Payload {
  const at = layout.LinkEvent;
  const [payload, view] = make(at.size);
  payload[at.port] = link.port;
  payload[at.up] = link.up ? 1 : 0;
  payload[at.rp_filter] = link.rpFilter;
  view.setUint32(at.mtu, link.mtu, true);
  view.setUint32(at.ifindex, link.ifindex, true);
  view.setUint16(at.vlan, link.vlan ?? limits.no_vlan, true);
  payload.set(link.mac.subarray(0, 6), at.mac);
  const name = new TextEncoder().encode(link.name);
  payload.set(name.subarray(0, limits.interface_name_bytes - 1), at.name);
  return payload;
}

/** AddressEvent. */
export function encodeAddress(
  port: number,
  family: Family,
  address: Uint8Array,
  prefixLength: number,
): Payload {
  const at = layout.AddressEvent;
  const [payload] = make(at.size);
  payload[at.port] = port;
  payload[at.family] = family;
  payload[at.prefix_length] = prefixLength;
  payload.set(address, at.address);
  return payload;
}

/** RouteEvent with its NextHops; `portOf` gives a port or null. At most 64 hops. */
export function encodeRoute(
  prefix: Prefix,
  route: BestRoute,
  portOf: (ifindex: number) => number | null,
): Payload {
  const at = layout.RouteEvent;
  const hop = layout.NextHop;
  const hops = route.hops.slice(0, limits.max_next_hops);
  const [payload, view] = make(at.size + hops.length * hop.size);
  payload[at.family] = prefix.family;
  payload[at.prefix_length] = prefix.length;
  payload[at.kind] = route.kind;
  payload[at.next_hops] = hops.length;
  view.setUint32(at.mtu, route.mtu, true);
  payload.set(prefix.address, at.prefix);
  hops.forEach((next, i) => {
    const base = at.size + i * hop.size;
    payload[base + hop.port] = portOf(next.ifindex) ?? limits.no_port;
    payload[base + hop.family] = next.gateway === null ? 0 : next.gateway.length === 4 ? 4 : 6;
    view.setUint16(base + hop.weight, next.weight, true);
    if (next.gateway) payload.set(next.gateway, base + hop.gateway);
  });
  return payload;
}

/** NeighbourEvent. */
export function encodeNeighbour(neighbour: NeighbourFields): Payload {
  const at = layout.NeighbourEvent;
  const [payload] = make(at.size);
  payload[at.port] = neighbour.port;
  payload[at.family] = neighbour.family;
  payload[at.stale] = neighbour.stale ? 1 : 0;
  payload.set(neighbour.mac.subarray(0, 6), at.mac);
  payload.set(neighbour.address, at.address);
  return payload;
}

const removedOffset: Readonly<Record<number, number>> = {
  [EventKind.link]: layout.LinkEvent.removed,
  [EventKind.address]: layout.AddressEvent.removed,
  [EventKind.route]: layout.RouteEvent.removed,
  [EventKind.neighbour]: layout.NeighbourEvent.removed,
};

/** The event that takes back what `payload` said. */
export function encodeRemoval(kind: number, payload: Payload): ControlEvent {
  const removal = kind === EventKind.route
    ? payload.slice(0, layout.RouteEvent.size)
    : payload.slice();
  if (kind === EventKind.route) removal[layout.RouteEvent.next_hops] = 0;
  removal[removedOffset[kind]!] = 1;
  return { kind, payload: removal };
}

/** Decodes NeighbourRequest, which a VRI wrote: null where malformed. */
export function decodeNeighbourQuery(payload: Uint8Array): NeighbourQuery | null {
  const at = layout.NeighbourRequest;
  const family = payload[at.family];
  if (payload.length !== at.size || (family !== 4 && family !== 6)) return null;
  const address = payload.slice(at.address, at.address + (family === 4 ? 4 : 16));
  return { port: payload[at.port]!, family, address };
}
