/** What the ingress table is told, and what it says about others. */
import type { Family, Prefix } from "../netlink/address.ts";

/** A port whose served frames the kernel must not see. */
export interface IngressPort {
  readonly interface: string;
  /** VLAN tag, or null for untagged frames. */
  readonly vlan: number | null;
  /**
   * Sources whose frames are served also where they are for other hosts' MAC addresses
   * (`--relay`): disjoint, in order. Empty for none.
   */
  readonly promiscuous: readonly AddressRange[];
}

/** The classifier's predicate, as the kernel has to apply it. */
export interface IngressPlan {
  readonly ports: readonly IngressPort[];
  readonly served: readonly Prefix[];
  readonly local: readonly Prefix[];
}

/** Addresses first..last, both included. */
export interface AddressRange {
  readonly family: Family;
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

/** The table of another running lvrm. */
export interface ForeignTable {
  readonly name: string;
  /** Its process id, 0 when the name doesn't say. */
  readonly pid: number;
  readonly ports: readonly { interface: string; vlan: number | null }[];
  readonly served: readonly AddressRange[];
}

/** A chain with rules that served traffic passes by. */
export interface BypassedChain {
  /** `ip`, `ip6`, `inet`, or `iptables`/`ip6tables` for the legacy kind. */
  readonly family: string;
  readonly table: string;
  /** Empty for the legacy kind. */
  readonly chain: string;
  /** `forward`, `prerouting`, `postrouting`; empty for the legacy kind. */
  readonly hook: string;
}

/** Frames that one port's rules dropped. */
export interface IngressDrops {
  readonly interface: string;
  readonly vlan: number | null;
  readonly frames: bigint;
  readonly bytes: bigint;
}
