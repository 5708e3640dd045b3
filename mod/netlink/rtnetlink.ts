/**
 * The rtnetlink messages that lvrm reads and writes (Linux `rtnetlink(7)`,
 * `linux/{rtnetlink,neighbour,nexthop,netconf}.h`), to and from plain objects. Pure.
 */
import type { Family } from "./address.ts";
import {
  type Attributes,
  decodeAttributes,
  listAttributes,
  type Message,
  MessageWriter,
  readText,
  readU32,
} from "./message.ts";
import { Af, Flag, Rtm } from "./rtnetlink_constants.ts";

/** A link message. */
export interface LinkMessage {
  readonly ifindex: number;
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly master: number;
  readonly lower: number;
  readonly kind: string;
  readonly vlan: number | null;
}

/** An address message. */
export interface AddressMessage {
  readonly ifindex: number;
  readonly family: Family;
  readonly address: Uint8Array;
  readonly prefixLength: number;
}

/** One next hop of a route; `gateway` null: the destination is on the link. */
export interface Hop {
  /** 0 where the kernel encapsulates (MPLS, segment routing): a VR can't send there. */
  readonly ifindex: number;
  readonly gateway: Uint8Array | null;
  /** 1..256 */
  readonly weight: number;
  /** RTNH_F_* */
  readonly flags: number;
}

/** A route message. */
export interface RouteMessage {
  readonly family: Family;
  readonly destination: Uint8Array;
  readonly prefixLength: number;
  /** Not 0: for packets from a prefix of this length only (IPv6). */
  readonly sourceLength: number;
  readonly tos: number;
  readonly table: number;
  readonly type: number;
  readonly flags: number;
  readonly metric: number;
  /** 0: the link's. */
  readonly mtu: number;
  /** Nexthop object, 0 for none. */
  readonly nexthopId: number;
  readonly hops: readonly Hop[];
}

/** A neighbour message; `mac` is empty while it is unresolved. */
export interface NeighbourMessage {
  readonly ifindex: number;
  readonly family: Family;
  readonly address: Uint8Array;
  readonly mac: Uint8Array;
  readonly state: number;
  readonly flags: number;
}

/** A nexthop object: a group, a blackhole, or one hop. */
export interface NexthopMessage {
  readonly id: number;
  readonly group: readonly { id: number; weight: number }[];
  readonly blackhole: boolean;
  readonly hop: Hop | null;
}

/** Per-interface settings; ifindex -1 is `all`, -2 `default`; null where not told. */
export interface NetconfMessage {
  readonly family: Family;
  readonly ifindex: number;
  readonly forwarding: boolean | null;
  readonly rpFilter: number | null;
}

function familyOf(number: number): Family | null {
  return number === Af.INET ? 4 : number === Af.INET6 ? 6 : null;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Address attribute of the right length, or null. */
function addressOf(attributes: Attributes, type: number, family: Family): Uint8Array | null {
  const value = attributes.get(type);
  return value && value.length === (family === 4 ? 4 : 16) ? value.slice() : null;
}

/**
 * Decodes RTM_NEWLINK or RTM_DELLINK; null for bridge messages, malformed ones, and those that are
 * no description of the link: events of wireless drivers have a name and little else.
 */
export function decodeLink(payload: Uint8Array, removed = false): LinkMessage | null {
  if (payload.length < 16 || payload[0] !== Af.UNSPEC) return null;
  const view = viewOf(payload);
  const attributes = decodeAttributes(payload.subarray(16));
  const mtu = readU32(attributes, 4); // IFLA_MTU
  if (!removed && (mtu === null || attributes.has(11))) return null; // IFLA_WIRELESS
  const info = decodeAttributes(attributes.get(18) ?? new Uint8Array(0)); // IFLA_LINKINFO
  const kind = readText(info, 1);
  const data = decodeAttributes(info.get(2) ?? new Uint8Array(0));
  const tag = kind === "vlan" ? data.get(1) : undefined; // IFLA_VLAN_ID
  // IFLA_LINK of a device in another namespace is an index over there.
  const here = !attributes.has(37); // IFLA_LINK_NETNSID
  return {
    ifindex: view.getInt32(4, true),
    name: readText(attributes, 3),
    type: view.getUint16(2, true),
    flags: view.getUint32(8, true),
    mac: attributes.get(1)?.slice() ?? new Uint8Array(0),
    mtu: mtu ?? 0,
    master: readU32(attributes, 10) ?? 0,
    lower: here ? readU32(attributes, 5) ?? 0 : 0,
    kind,
    vlan: tag && tag.length >= 2 ? viewOf(tag).getUint16(0, true) : null,
  };
}

/** Decodes RTM_NEWADDR or RTM_DELADDR. */
export function decodeAddress(payload: Uint8Array): AddressMessage | null {
  const family = familyOf(payload[0] ?? 0);
  if (payload.length < 8 || family === null) return null;
  const attributes = decodeAttributes(payload.subarray(8));
  // IFA_LOCAL is our end of a point-to-point address; IPv6 has only IFA_ADDRESS otherwise.
  const address = addressOf(attributes, 2, family) ?? addressOf(attributes, 1, family);
  if (!address) return null;
  return {
    ifindex: viewOf(payload).getUint32(4, true),
    family,
    address,
    prefixLength: payload[1]!,
  };
}

const encapsulated = 22; // RTA_ENCAP

/** Gateway of RTA_GATEWAY (5) or RTA_VIA (18: a family, then the address). */
function gatewayOf(attributes: Attributes, family: Family): Uint8Array | null {
  const gateway = addressOf(attributes, 5, family);
  if (gateway) return gateway;
  const via = attributes.get(18);
  if (!via || via.length < 2) return null;
  const viaFamily = familyOf(viewOf(via).getUint16(0, true));
  const address = via.slice(2);
  return viaFamily && address.length === (viaFamily === 4 ? 4 : 16) ? address : null;
}

/** Hops of RTA_MULTIPATH: rtnexthop {len u16, flags u8, hops u8, ifindex i32}, attributes. */
function decodeMultipath(value: Uint8Array, family: Family): Hop[] {
  const hops: Hop[] = [];
  const view = viewOf(value);
  let at = 0;
  while (at + 8 <= value.length) {
    const length = view.getUint16(at, true);
    if (length < 8 || at + length > value.length) break;
    const attributes = decodeAttributes(value.subarray(at + 8, at + length));
    hops.push({
      ifindex: attributes.has(encapsulated) ? 0 : view.getInt32(at + 4, true),
      gateway: gatewayOf(attributes, family),
      weight: value[at + 3]! + 1,
      flags: value[at + 2]!,
    });
    at += (length + 3) & ~3;
  }
  return hops;
}

/** Decodes RTM_NEWROUTE or RTM_DELROUTE of IPv4 and IPv6. */
export function decodeRoute(payload: Uint8Array): RouteMessage | null {
  const family = familyOf(payload[0] ?? 0);
  if (payload.length < 12 || family === null) return null;
  const view = viewOf(payload);
  const attributes = decodeAttributes(payload.subarray(12));
  const flags = view.getUint32(8, true);
  const metrics = decodeAttributes(attributes.get(8) ?? new Uint8Array(0)); // RTA_METRICS
  const multipath = attributes.get(9);
  const ifindex = attributes.has(encapsulated) ? 0 : readU32(attributes, 4);
  const gateway = gatewayOf(attributes, family);
  const hops = multipath
    ? decodeMultipath(multipath, family)
    : ifindex !== null || gateway
    ? [{ ifindex: ifindex ?? 0, gateway, weight: 1, flags: flags & 0xff }]
    : [];
  return {
    family,
    destination: addressOf(attributes, 1, family) ?? new Uint8Array(family === 4 ? 4 : 16),
    prefixLength: payload[1]!,
    sourceLength: payload[2]!,
    tos: payload[3]!,
    table: readU32(attributes, 15) ?? payload[4]!,
    type: payload[7]!,
    flags,
    metric: readU32(attributes, 6) ?? 0,
    mtu: readU32(metrics, 2) ?? 0,
    nexthopId: readU32(attributes, 30) ?? 0,
    hops,
  };
}

/** Decodes RTM_NEWNEIGH or RTM_DELNEIGH of IPv4 and IPv6 (not of bridges). */
export function decodeNeighbour(payload: Uint8Array): NeighbourMessage | null {
  const family = familyOf(payload[0] ?? 0);
  if (payload.length < 12 || family === null) return null;
  const view = viewOf(payload);
  const attributes = decodeAttributes(payload.subarray(12));
  const address = addressOf(attributes, 1, family);
  if (!address) return null;
  return {
    ifindex: view.getInt32(4, true),
    family,
    address,
    mac: attributes.get(2)?.slice() ?? new Uint8Array(0),
    state: view.getUint16(8, true),
    flags: payload[10]!,
  };
}

/** Decodes RTM_NEWNEXTHOP or RTM_DELNEXTHOP. */
export function decodeNexthop(payload: Uint8Array): NexthopMessage | null {
  if (payload.length < 8) return null;
  const attributes = decodeAttributes(payload.subarray(8));
  const id = readU32(attributes, 1);
  if (id === null) return null;
  const members = attributes.get(2) ?? new Uint8Array(0);
  const view = viewOf(members);
  const group: { id: number; weight: number }[] = [];
  for (let at = 0; at + 8 <= members.length; at += 8) {
    group.push({ id: view.getUint32(at, true), weight: members[at + 4]! + 1 });
  }
  const nhaEncap = 8;
  const ifindex = attributes.has(nhaEncap) ? 0 : readU32(attributes, 5);
  const gateway = attributes.get(6)?.slice() ?? null;
  const flags = viewOf(payload).getUint32(4, true);
  return {
    id,
    group,
    blackhole: attributes.has(4),
    hop: ifindex === null ? null : { ifindex, gateway, weight: 1, flags: flags & 0xff },
  };
}

/** Decodes RTM_NEWNETCONF or RTM_DELNETCONF. */
export function decodeNetconf(payload: Uint8Array): NetconfMessage | null {
  const family = familyOf(payload[0] ?? 0);
  if (family === null) return null;
  const attributes = new Map(listAttributes(payload.subarray(4)));
  const ifindex = readU32(attributes, 1);
  if (ifindex === null) return null;
  const forwarding = readU32(attributes, 2);
  return {
    family,
    ifindex: ifindex | 0,
    forwarding: forwarding === null ? null : forwarding !== 0,
    rpFilter: readU32(attributes, 3),
  };
}

/** Payload of a dump request: a header of `bytes` zero bytes but for the family in front. */
export function dumpRequest(family: number, bytes: number): Uint8Array {
  const payload = new Uint8Array(bytes);
  payload[0] = family;
  return payload;
}

/** Payload of RTM_GETLINK for one name. */
export function linkRequest(name: string): Uint8Array {
  return new MessageWriter().raw(new Uint8Array(16)).text(3, name).datagram();
}

/** Payload of RTM_NEWNEIGH with NTF_USE: "I am about to send to it". */
export function useNeighbourRequest(
  ifindex: number,
  family: Family,
  address: Uint8Array,
): Uint8Array {
  const header = new Uint8Array(12);
  header[0] = family === 4 ? Af.INET : Af.INET6;
  new DataView(header.buffer).setInt32(4, ifindex, true);
  header[10] = Flag.NTF_USE;
  return new MessageWriter().raw(header).attribute(1, address).datagram();
}

/** A decoded notification or dump entry. `removed`: it is gone. */
export type RouteSocketEvent =
  | { readonly object: "link"; readonly removed: boolean; readonly value: LinkMessage }
  | { readonly object: "address"; readonly removed: boolean; readonly value: AddressMessage }
  | {
    readonly object: "route";
    readonly removed: boolean;
    readonly flags: number;
    readonly value: RouteMessage;
  }
  | { readonly object: "neighbour"; readonly removed: boolean; readonly value: NeighbourMessage }
  | { readonly object: "nexthop"; readonly removed: boolean; readonly value: NexthopMessage }
  | { readonly object: "netconf"; readonly removed: boolean; readonly value: NetconfMessage };

function wrap<O extends string, V>(object: O, removed: boolean, value: V | null) {
  return value === null ? null : { object, removed, value };
}

/** Decodes any rtnetlink message that lvrm follows; null for all others. */
export function decodeEvent(message: Message): RouteSocketEvent | null {
  const { type, payload } = message;
  switch (type) {
    case Rtm.NEWLINK:
    case Rtm.DELLINK:
      return wrap("link", type === Rtm.DELLINK, decodeLink(payload, type === Rtm.DELLINK));
    case Rtm.NEWADDR:
    case Rtm.DELADDR:
      return wrap("address", type === Rtm.DELADDR, decodeAddress(payload));
    case Rtm.NEWROUTE:
    case Rtm.DELROUTE: {
      const route = wrap("route", type === Rtm.DELROUTE, decodeRoute(payload));
      return route && { ...route, flags: message.flags };
    }
    case Rtm.NEWNEIGH:
    case Rtm.DELNEIGH:
      return wrap("neighbour", type === Rtm.DELNEIGH, decodeNeighbour(payload));
    case Rtm.NEWNEXTHOP:
    case Rtm.DELNEXTHOP:
      return wrap("nexthop", type === Rtm.DELNEXTHOP, decodeNexthop(payload));
    case Rtm.NEWNETCONF:
    case Rtm.DELNETCONF:
      return wrap("netconf", type === Rtm.DELNETCONF, decodeNetconf(payload));
    default:
      return null;
  }
}
