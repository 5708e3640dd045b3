/** What users should know about their gateway before lvrm serves it. Pure. */
import { compareBytes, formatPrefix, makePrefix, maskAddress } from "../netlink/mod.ts";
import type { Prefix } from "../netlink/mod.ts";
import type { BypassedChain } from "../ingress/mod.ts";
import type { ForwardingState, InterfaceAddress } from "../routing/mod.ts";

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

/**
 * With forwarding off, replies from sources that no VR serves go nowhere: names the connected
 * subnets, and the `--vr` that would serve them. Null when all is served or forwarded.
 */
export function forwardingWarning(
  forwarding: ForwardingState,
  served: readonly Prefix[],
  addresses: readonly InterfaceAddress[],
): string | null {
  const families: { family: 4 | 6; name: string; all: string }[] = [];
  if (!forwarding.ipv4) families.push({ family: 4, name: "IPv4", all: "0.0.0.0/0" });
  if (forwarding.ipv6 === false) families.push({ family: 6, name: "IPv6", all: "::/0" });
  const open = families.filter(({ family }) => {
    const everything = makePrefix(new Uint8Array(family === 4 ? 4 : 16), 0);
    return !served.some((prefix) => covers(prefix, everything)) &&
      addresses.some((address) => address.family === family && !isLinkLocal(address));
  });
  if (open.length === 0) return null;
  const unserved = open.flatMap(({ family }) => connected(addresses, family))
    .filter((subnet) => !served.some((prefix) => covers(prefix, subnet)));
  const examples = [...new Set(unserved.map(formatPrefix))].slice(0, 4);
  const from = examples.length === 0 ? "" : ` (${examples.join(", ")})`;
  return `${open.map((f) => f.name).join(" and ")} forwarding is off in the kernel: frames from ` +
    `sources that no VR serves${from}, replies too, go nowhere; to serve them as well add ` +
    `--vr ${open.map((f) => f.all).join(",")}=cppvr`;
}

function isLinkLocal(address: InterfaceAddress): boolean {
  if (address.family === 4) return address.address[0] === 127;
  const [first, second] = address.address;
  if (first === 0xfe && (second! & 0xc0) === 0x80) return true;
  return address.address.every((byte, i) => byte === (i === 15 ? 1 : 0)); // ::1
}

function connected(addresses: readonly InterfaceAddress[], family: 4 | 6): Prefix[] {
  return addresses.filter((a) => a.family === family && !isLinkLocal(a))
    .map((a) => makePrefix(a.address, a.prefixLength));
}
