import { deepEqual, equal, ok } from "node:assert/strict";
import { EventKind, layout } from "../../ffi/abi.gen.ts";
import { formatPrefix, parsePrefix } from "../netlink/mod.ts";
import type { Prefix } from "../netlink/mod.ts";
import { bypassWarning, covers, forwardingWarning, remotePrefixes } from "./warnings.ts";

const prefixes = (...texts: string[]): Prefix[] => texts.map((text) => parsePrefix(text)!);

Deno.test("covers() compares prefixes of one family", () => {
  const [wide, narrow, other] = prefixes("10.0.0.0/8", "10.1.0.0/16", "11.0.0.0/16");
  ok(covers(wide!, narrow!) && covers(wide!, wide!));
  ok(!covers(narrow!, wide!) && !covers(wide!, other!));
  ok(!covers(...prefixes("::/0", "10.0.0.0/8") as [Prefix, Prefix]));
});

Deno.test("forwardingWarning() names the sources and the --vr that would serve them", () => {
  const served = prefixes("10.0.1.0/24");
  const sources = prefixes("10.0.1.0/24", "10.0.2.0/24", "fd00::/64");
  const text = forwardingWarning({ ipv4: false, ipv6: true }, served, sources)!;
  ok(text.includes("(10.0.2.0/24)") && text.includes("--vr 0.0.0.0/0=cppvr"), text);
  const both = forwardingWarning({ ipv4: false, ipv6: false }, served, sources)!;
  ok(both.includes("--vr 0.0.0.0/0,::/0=cppvr"), both);
});

Deno.test("forwardingWarning() is silent where all is served or the kernel forwards", () => {
  const sources = prefixes("10.0.1.0/24", "fd00::/64");
  equal(forwardingWarning({ ipv4: true, ipv6: true }, [], sources), null);
  equal(forwardingWarning({ ipv4: false, ipv6: null }, prefixes("0.0.0.0/0"), sources), null);
  equal(
    forwardingWarning({ ipv4: false, ipv6: false }, prefixes("0.0.0.0/0", "::/0"), sources),
    null,
  );
});

Deno.test("remotePrefixes() finds the routes that lead through a gateway", () => {
  const at = layout.RouteEvent;
  const route = (family: number, length: number, first: number, gateway: number) => {
    const payload = new Uint8Array(at.size + layout.NextHop.size);
    payload[at.family] = family;
    payload[at.prefix_length] = length;
    payload[at.next_hops] = 1;
    payload[at.prefix] = first;
    payload[at.size + layout.NextHop.family] = gateway;
    return { kind: EventKind.route, payload };
  };
  const events = [
    { kind: EventKind.link, payload: new Uint8Array(layout.LinkEvent.size) },
    route(4, 0, 0, 4),
    route(4, 8, 10, 0),
    route(6, 16, 0xfd, 6),
  ];
  deepEqual(remotePrefixes(events).map(formatPrefix), ["0.0.0.0/0", "fd00::/16"]);
});

Deno.test("bypassWarning() names each chain once", () => {
  equal(bypassWarning([]), null);
  const chain = { family: "inet", table: "fw", chain: "fwd", hook: "forward" };
  const legacy = { family: "iptables", table: "filter", chain: "", hook: "" };
  const text = bypassWarning([chain, chain, legacy])!;
  ok(text.includes("inet fw fwd; iptables filter;"), text);
});
