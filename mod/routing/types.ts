/** What the mirror of the kernel's routing state shows to the rest of the control plane. */
import type { Family, Prefix } from "../netlink/address.ts";

/** A port of lvrm, as the mirror needs it. `vlan`: the tag, or null for untagged frames. */
export interface RoutingPort {
  readonly port: number;
  readonly ifindex: number;
  readonly interface: string;
  readonly vlan: number | null;
}

/** Routes of a VR's own. */
export interface StaticRouteSource {
  readonly routes: readonly {
    readonly prefix: Prefix;
    readonly port: { readonly name: string; readonly vlan: number | null };
    /** Null: the destination is on the link. */
    readonly gateway: Uint8Array | null;
  }[];
}

/** Where the routes of some VRs come from: a table of the kernel's, 254 the main one, or a list. */
export type RouteSource = { readonly table: number } | StaticRouteSource;

/** One control event for VRIs: `kind` of EventKind, payload laid out as `abi.gen.ts` says. */
export interface ControlEvent {
  readonly kind: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** A network interface of the kernel. */
export interface Link {
  readonly ifindex: number;
  readonly name: string;
  /** ARPHRD type: 1 is Ethernet, 772 loopback. */
  readonly type: number;
  /** Six bytes where Ethernet. */
  readonly mac: Uint8Array;
  readonly mtu: number;
  /** Administratively up. */
  readonly up: boolean;
  /** Has carrier (IFF_LOWER_UP). */
  readonly carrier: boolean;
  /** Index of the bridge or bond that this is a port of, 0 for none. */
  readonly master: number;
  /** Interface below (IFLA_LINK) in this namespace, 0 for none. */
  readonly lower: number;
  /** Tag of a VLAN device, else null. */
  readonly vlan: number | null;
  /** `veth`, `bridge`, `vlan`, …; empty for plain devices. */
  readonly kind: string;
}

/** An address of an interface. */
export interface InterfaceAddress {
  readonly ifindex: number;
  readonly family: Family;
  readonly address: Uint8Array;
  readonly prefixLength: number;
}

/** Who to resolve: the payload of need_neighbour and renew_neighbour, decoded. */
export interface NeighbourQuery {
  readonly port: number;
  readonly family: Family;
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
}

/** Whether the kernel itself forwards, as its sysctl says (`null`: family absent). */
export interface ForwardingState {
  readonly ipv4: boolean;
  readonly ipv6: boolean | null;
}
