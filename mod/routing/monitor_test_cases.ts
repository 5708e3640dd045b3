/** The cases of `monitor_test.ts`; run in a network namespace of their own, as root. */
import assert from "node:assert/strict";
import { EventKind, layout } from "../../ffi/abi.gen.ts";
import { Core } from "../../ffi/core.ts";
import { formatAddress, formatPrefix, parseAddress } from "../netlink/mod.ts";
import { runtimeDirectory } from "../runtime/mod.ts";
import { type ControlEvent, type NeighbourQuery, RouteMonitor } from "./mod.ts";

const core = Core.load(`${runtimeDirectory()}/lib/liblvrm.so`);

function ip(...lines: string[]): void {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(path, lines.join("\n") + "\n");
    const { success } = new Deno.Command("ip", { args: ["-batch", path] }).outputSync();
    assert.ok(success, lines.slice(0, 5).join("; "));
  } finally {
    Deno.removeSync(path);
  }
}

/** A route event as text, an event of another kind by its name and port. */
function text({ kind, payload }: ControlEvent): string {
  const view = new DataView(payload.buffer);
  const address = (at: number, family: number) =>
    formatAddress(payload.subarray(at, at + (family === 4 ? 4 : 16)));
  if (kind === EventKind.neighbour) {
    const at = layout.NeighbourEvent;
    const state = payload[at.removed] ? "gone" : payload[at.stale] ? "stale" : "usable";
    return `neighbour ${address(at.address, payload[at.family]!)} ${state}`;
  }
  if (kind === EventKind.address) {
    const at = layout.AddressEvent;
    const sign = payload[at.removed] ? "-" : "+";
    return `address ${sign}${address(at.address, payload[at.family]!)}`;
  }
  if (kind === EventKind.link) {
    const at = layout.LinkEvent;
    const state = payload[at.removed] ? "gone" : payload[at.up] ? "up" : "down";
    return `link ${payload[at.port]} ${state} ${view.getUint32(at.mtu, true)} ` +
      `rp${payload[at.rp_filter]}`;
  }
  const at = layout.RouteEvent;
  const prefix = `${address(at.prefix, payload[at.family]!)}/${payload[at.prefix_length]}`;
  if (payload[at.removed]) return `route -${prefix}`;
  let line = `route ${prefix} kind ${payload[at.kind]}`;
  for (let i = 0; i < payload[at.next_hops]!; i++) {
    const base = at.size + i * layout.NextHop.size;
    const family = payload[base + layout.NextHop.family]!;
    const via = family ? address(base + layout.NextHop.gateway, family) : "link";
    const weight = view.getUint16(base + layout.NextHop.weight, true);
    line += `, port ${payload[base]} via ${via} weight ${weight}`;
  }
  return line;
}

ip(
  "link set lo up",
  "link add va type veth peer name vap",
  "link add vb type veth peer name vbp",
  ...["va", "vap", "vb", "vbp"].map((name) => `link set ${name} addrgenmode none up`),
  "address add 10.0.1.1/24 dev va",
  "address add 10.0.2.1/24 dev vb",
  "address add fd00:1::1/64 dev va nodad",
  "address add fd00:2::1/64 dev vb nodad",
);
// The clock stands still: every dump is cheap, also where this machine is busy.
const now_ms = () => 0;
const monitor = new RouteMonitor(core.netlink, { now_ms });
monitor.open();
let events: ControlEvent[] = [];
let localChanges = 0;
let linksChanges = 0;
monitor.onEvents((more) => events.push(...more));
monitor.onLocalChange(() => localChanges++);
monitor.onLinksChange(() => linksChanges++);

/** Events that a change in the kernel makes. */
function change(...lines: string[]): string[] {
  events = [];
  if (lines.length > 0) ip(...lines);
  monitor.poll();
  return events.filter((event) => event.kind !== EventKind.synchronised).map(text);
}

const index = new Map(monitor.links().map((link) => [link.name, link.ifindex]));
monitor.setPorts([
  { port: 0, ifindex: index.get("va")!, interface: "va", vlan: null },
  { port: 1, ifindex: index.get("vb")!, interface: "vb", vlan: null },
]);
assert.deepEqual(monitor.snapshot().map((event) => event.kind).at(-1), EventKind.synchronised);
assert.ok(
  monitor.snapshot().map(text).includes("route fd00:2::/64 kind 1, port 1 via link weight 1"),
);
change();

// Metrics, multipath, types.
assert.deepEqual(change("route add 192.168.1.0/24 via 10.0.2.9"), [
  "route 192.168.1.0/24 kind 1, port 1 via 10.0.2.9 weight 1",
]);
assert.deepEqual(change("route add 192.168.1.0/24 via 10.0.1.9 metric 10"), []);
assert.deepEqual(change("route del 192.168.1.0/24 via 10.0.2.9"), [
  "route 192.168.1.0/24 kind 1, port 0 via 10.0.1.9 weight 1",
]);
const multipath = "192.168.1.0/24 nexthop via 10.0.1.9 weight 3 nexthop via 10.0.2.9 weight 5";
assert.deepEqual(change(`route add ${multipath}`), [
  "route 192.168.1.0/24 kind 1, port 0 via 10.0.1.9 weight 3, port 1 via 10.0.2.9 weight 5",
]);
assert.deepEqual(
  change("route add blackhole 192.168.2.0/24", "route add prohibit 2001:db8:2::/48"),
  ["route 192.168.2.0/24 kind 6", "route 2001:db8:2::/48 kind 8"],
);
assert.deepEqual(change("route add 192.168.9.0/24 via 10.0.1.9 table 100"), []);

// Nexthop objects.
assert.deepEqual(
  change(
    "nexthop add id 1 via 10.0.1.9 dev va",
    "nexthop add id 2 via 10.0.2.9 dev vb",
    "nexthop add id 10 group 1,5/2,7",
    "route add 192.168.6.0/24 nhid 10",
  ),
  ["route 192.168.6.0/24 kind 1, port 0 via 10.0.1.9 weight 5, port 1 via 10.0.2.9 weight 7"],
);
assert.deepEqual(change("nexthop replace id 10 group 2"), [
  "route 192.168.6.0/24 kind 1, port 1 via 10.0.2.9 weight 1",
]);
assert.deepEqual(change("nexthop del id 2"), ["route -192.168.6.0/24"]);

// IPv6 multipath, one next hop after the other.
change("route add 2001:db8::/32 via fd00:1::9 metric 5");
assert.deepEqual(change("route append 2001:db8::/32 via fd00:2::9 metric 5"), [
  "route 2001:db8::/32 kind 1, port 0 via fd00:1::9 weight 1, port 1 via fd00:2::9 weight 1",
]);
assert.deepEqual(change("route del 2001:db8::/32 via fd00:1::9 metric 5"), [
  "route 2001:db8::/32 kind 1, port 1 via fd00:2::9 weight 1",
]);

// Settings, links, addresses: the kernel says nothing of the IPv4 routes that go with them.
Deno.writeTextFileSync("/proc/sys/net/ipv4/conf/va/rp_filter", "1");
assert.deepEqual(change(), ["link 0 up 1500 rp1"]);
const { ipv4 } = monitor.forwarding();
Deno.writeTextFileSync("/proc/sys/net/ipv4/ip_forward", ipv4 ? "0" : "1");
change();
assert.equal(monitor.forwarding().ipv4, !ipv4);
assert.deepEqual(change("link set va mtu 1400"), ["link 0 up 1400 rp1"]);
localChanges = 0;
assert.deepEqual(change("address del 10.0.1.1/24 dev va"), [
  "address -10.0.1.1",
  "route -10.0.1.0/24",
  "route 192.168.1.0/24 kind 1, port 1 via 10.0.2.9 weight 5",
]);
assert.equal(localChanges, 1);
assert.ok(!monitor.localPrefixes().map(formatPrefix).includes("10.0.1.1/32"));
change("address add 10.0.1.1/24 dev va");
assert.ok(monitor.localPrefixes().map(formatPrefix).includes("10.0.1.1/32"));
linksChanges = 0;
assert.ok(change("link set vb down").includes("route -10.0.2.0/24"));
assert.equal(linksChanges, 1);
assert.equal(monitor.links().find((link) => link.name === "vb")!.up, false);
assert.ok(change("link set vb up").includes("link 1 up 1500 rp0"));

// A link made anew within one poll, ports following at once: what is told last is the new one.
const follow = () => {
  const ifindex = monitor.links().find((link) => link.name === "vb")?.ifindex ?? 0;
  monitor.setPorts([
    { port: 0, ifindex: index.get("va")!, interface: "va", vlan: null },
    { port: 1, ifindex, interface: "vb", vlan: null },
  ]);
};
monitor.onLinksChange(follow);
const anew = change(
  "link del vb",
  "link add vb type veth peer name vbp",
  "link set vbp addrgenmode none up",
  "link set vb addrgenmode none up",
  "address add 10.0.2.1/24 dev vb",
);
assert.deepEqual(anew.filter((line) => line.startsWith("link 1")), [
  "link 1 gone 1500 rp0",
  "link 1 up 1500 rp0",
]);
assert.ok(anew.lastIndexOf("address -10.0.2.1") < anew.lastIndexOf("address +10.0.2.1"));
assert.equal(
  anew.filter((line) => line.includes("10.0.2.0/24")).at(-1),
  "route 10.0.2.0/24 kind 1, port 1 via link weight 1",
);

// Neighbours: told, asked for, failed, renewed, limited.
assert.deepEqual(change("neigh add 10.0.1.9 lladdr 02:00:00:00:00:09 nud stale dev va"), [
  "neighbour 10.0.1.9 stale",
]);
const query = (address: string, port = 0): NeighbourQuery => {
  const bytes = parseAddress(address)!;
  return { port, family: bytes.length === 4 ? 4 : 6, address: bytes };
};
assert.ok(monitor.renewNeighbour(1, query("10.0.1.9")));
// The kernel says nothing of DELAY; five seconds later it probes.
const shown = new Deno.Command("ip", { args: ["neigh", "show", "10.0.1.9"] }).outputSync();
assert.match(new TextDecoder().decode(shown.stdout), /DELAY/);
assert.ok(!monitor.renewNeighbour(1, query("10.0.1.9")), "renewed just now");
assert.ok(monitor.renewNeighbour(1, query("10.0.1.10")), "unknown: asked for");
events = [];
assert.ok(monitor.requestNeighbour(1, query("10.0.1.9")));
assert.deepEqual(events.map(text), ["neighbour 10.0.1.9 stale"], "told again");
assert.ok(monitor.requestNeighbour(1, query("10.0.1.77")));
assert.ok(monitor.requestNeighbour(1, query("fd00:1::77")));
assert.ok(!monitor.requestNeighbour(1, query("10.0.1.77", 9)), "no such port");
events = [];
const wanted = ["neighbour 10.0.1.77 gone", "neighbour fd00:1::77 gone"];
const missing = () => wanted.filter((line) => !events.map(text).includes(line));
const deadline_ms = performance.now() + 15_000;
while (missing().length > 0 && performance.now() < deadline_ms) {
  await new Promise((resolve) => setTimeout(resolve, 50));
  monitor.poll();
}
assert.deepEqual(missing(), []);
let granted = 0;
for (let i = 0; i < 300; i++) {
  if (monitor.requestNeighbour(2, query(`10.0.1.${i % 200 + 20}`))) granted++;
}
assert.equal(granted, 100);
ip("link set va down");
change();
assert.ok(!monitor.requestNeighbour(3, query("10.0.1.9")), "its link is down");

// More than the socket holds: all is read anew, and only the difference told.
const small = new RouteMonitor(core.netlink, { receiveBufferBytes: 4096, now_ms });
small.open();
let count = 0;
small.onEvents((more) => count += more.length);
const batch = [];
for (let i = 0; i < 3000; i++) {
  batch.push(`route add blackhole 172.16.${i >> 4}.${(i & 15) * 16}/28`);
}
ip(...batch, "link set vap mtu 1300");
small.poll();
assert.equal(count, 3000);
small.poll();
assert.equal(count, 3000);
const told = small.snapshot().map(text).filter((line) => line.startsWith("route 172.16."));
assert.equal(told.length, 3000);
small.close();
monitor.close();
core.close();
console.log("all cases passed");
