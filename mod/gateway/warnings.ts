/** What users should know about their gateway before lvrm serves it. Pure. */
import { EventKind, layout } from "../../ffi/abi.gen.ts";
import { compareBytes, formatPrefix, makePrefix, maskAddress } from "../netlink/mod.ts";
import type { Prefix } from "../netlink/mod.ts";
import type { BypassedChain } from "../ingress/mod.ts";
import type { ControlEvent, ForwardingState, InterfaceAddress } from "../routing/mod.ts";

/** Whether `outer` holds all of `inner`. */
export function covers(outer: Prefix, inner: Prefix): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false;
  return compareBytes(maskAddress(inner.address, outer.length), outer.address) === 0;
}

/** Chains that served traffic passes by, as one warning; null when there are none. */
export function bypassWarning(chains: readonly BypassedChain[]): string | null {
  if (chains.length === 0) return null;
  const names = chains.map((c) => [c.family, c.table, c.chain].filter((n) => n !== "").join(" "));
  return `served traffic passes by the kernel's firewall and NAT, and these have rules: ` +
    `${[...new Set(names)].join("; ")}; what they forbid or translate is not forbidden or ` +
    `translated for it`;
}

/** Prefixes that the gateway reaches through another router, out of the mirror's events. */
export function remotePrefixes(events: Iterable<ControlEvent>): Prefix[] {
  const prefixes: Prefix[] = [];
  for (const { kind, payload } of events) {
    const at = layout.RouteEvent;
    if (kind !== EventKind.route || payload[at.next_hops] === 0) continue;
    const gatewayFamily = payload[at.size + layout.NextHop.family];
    if (gatewayFamily === 0) continue;
    const bytes = payload[at.family] === 4 ? 4 : 16;
    const address = payload.slice(at.prefix, at.prefix + bytes);
    prefixes.push(makePrefix(address, payload[at.prefix_length]!));
  }
  return prefixes;
}

/**
 * With forwarding off, replies from sources that no VR serves go nowhere: names subnets that
 * `sources` come from, and the `--vr` that would serve them. Null when all is served or forwarded.
 */
export function forwardingWarning(
  forwarding: ForwardingState,
  served: readonly Prefix[],
  sources: readonly Prefix[],
): string | null {
  const off = new Set<number>();
  if (!forwarding.ipv4) off.add(4);
  if (forwarding.ipv6 === false) off.add(6);
  const unserved = sources.filter((source) =>
    off.has(source.family) && !served.some((prefix) => covers(prefix, source))
  );
  if (unserved.length === 0) return null;
  const families = [4, 6].filter((family) => unserved.some((p) => p.family === family));
  const names = families.map((family) => family === 4 ? "IPv4" : "IPv6").join(" and ");
  const all = families.map((family) => family === 4 ? "0.0.0.0/0" : "::/0").join(",");
  const texts = [...new Set(unserved.map(formatPrefix))];
  const more = texts.length > 4 ? `, … (${texts.length})` : "";
  return `${names} forwarding is off in the kernel: frames from sources that no VR serves ` +
    `(${texts.slice(0, 4).join(", ")}${more}), replies too, go nowhere; to serve them as well ` +
    `add --vr ${all}=cppvr, or with a configuration file an entry of its vrs`;
}

function isLinkLocal(address: InterfaceAddress): boolean {
  if (address.family === 4) return address.address[0] === 127;
  const [first, second] = address.address;
  if (first === 0xfe && (second! & 0xc0) === 0x80) return true;
  return address.address.every((byte, i) => byte === (i === 15 ? 1 : 0)); // ::1
}

/** Subnets that interfaces are in, without loopback and link-local ones. */
export function connectedPrefixes(addresses: readonly InterfaceAddress[]): Prefix[] {
  return addresses.filter((a) => !isLinkLocal(a))
    .map((a) => makePrefix(a.address, a.prefixLength));
}
