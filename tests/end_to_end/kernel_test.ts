/** lvrm beside the kernel's own forwarding: each frame is served by exactly one of them. */
import { deepEqual, equal, ok } from "node:assert/strict";
import {
  countWith,
  ethernet,
  eventually,
  isAlive,
  mark,
  segments,
  subnetsOf,
  Testbed,
  udpFrame,
  vriPids,
} from "../testbed/mod.ts";

const served = ["--vr", `${subnetsOf("s1", "r1")}=cppvr`];

Deno.test("with forwarding on, no frame and no ICMP error arrives twice", async () => {
  await using bed = await Testbed.create({ forwarding: true, mtu: { s1: 9000 } });
  await bed.startLvrm(served);
  for (const address of [bed.r1.link.host4, bed.r1.link.host6]) {
    equal((await bed.s1.ping(address, { count: 1 })).received, 1);
    const ping = await bed.s1.ping(address, { count: 30, interval_ms: 2, linger_ms: 300 });
    deepEqual([ping.received, ping.duplicates, ping.errors], [30, 0, []]);
    const late = await bed.s1.ping(address, { count: 1, ttl: 1, linger_ms: 500 });
    equal(late.errors.length, 1, `one time-exceeded, not two: ${JSON.stringify(late.errors)}`);
    const options = { count: 1, size: 2000, dont_fragment: true, linger_ms: 500 };
    const big = await bed.s1.ping(address, options);
    equal(big.errors.length, 1, `one too-big, not two: ${JSON.stringify(big.errors)}`);
  }
  const nowhere = await bed.s1.ping("192.0.2.1", { count: 1, linger_ms: 500 });
  equal(nowhere.errors.length, 1, `one unreachable, not two: ${JSON.stringify(nowhere.errors)}`);
});

Deno.test("with forwarding on, other subnets go on by the kernel", async () => {
  await using bed = await Testbed.create({ forwarding: true });
  const lvrm = await bed.startLvrm(served);
  await bed.r2.serve();
  const moved = await bed.s2.transfer(bed.r2.link.host4, { up_bytes: 3_000_000 });
  equal(moved.up_bytes, 3_000_000);
  const ping = await bed.s2.ping(bed.r2.link.host6, { count: 20, linger_ms: 200 });
  deepEqual([ping.received, ping.duplicates], [20, 0]);
  const path = await bed.s2.trace(bed.r2.link.host4);
  deepEqual(path.map((hop) => hop.from), [bed.s2.link.gateway4, bed.r2.link.host4]);
  equal((await lvrm.status()).vrs[0]!.received_frames, 0);
});

Deno.test("after SIGKILL the kernel forwards all again and nothing of lvrm remains", async () => {
  await using bed = await Testbed.create({ forwarding: true });
  const lvrm = await bed.startLvrm(served);
  equal((await bed.s1.ping(bed.r1.link.host4, { count: 5 })).received, 5);
  const pids = vriPids(await lvrm.status());
  equal(pids.length, 1);
  ok((await bed.gateway.agent.call<string[]>("nft_tables")).length > 0, "a table while it runs");
  await lvrm.stop("SIGKILL");
  await eventually(() => !pids.some(isAlive), "VRIs end", 5000);
  await eventually(() => segments(lvrm.pid).length === 0, "segments vanish", 5000);
  deepEqual(await lvrm.leftovers(), []);
  const before = await forwarded(bed);
  const ping = await bed.s1.ping(bed.r1.link.host4, { count: 5, linger_ms: 200 });
  deepEqual([ping.received, ping.duplicates], [5, 0]);
  equal((await forwarded(bed)) - before, 10, "the kernel forwarded requests and replies");
});

async function forwarded(bed: Testbed): Promise<number> {
  const counters = await bed.gateway.agent.call<Record<string, number>>("snmp_counters");
  return counters["Ip.ForwDatagrams"]!;
}

Deno.test("the gateway's own traffic and its fragments stay with the kernel", async () => {
  await using bed = await Testbed.create({ forwarding: true, mtu: { s1: 1500 } });
  const lvrm = await bed.startLvrm(["--vr", "0.0.0.0/0,::/0=cppvr"]);
  // From s1 to each of the gateway's addresses, in fragments: also to those of other links.
  for (
    const address of [
      bed.s1.link.gateway4,
      bed.s1.link.gateway6,
      bed.r1.link.gateway4,
      bed.r1.link.gateway6,
    ]
  ) {
    const ping = await bed.s1.ping(address, { count: 3, size: 5000, linger_ms: 100 });
    deepEqual([ping.received, ping.duplicates], [3, 0], `fragments to ${address}`);
  }
  const out = await bed.gateway.ping(bed.r1.link.host4, { count: 3, size: 4000 });
  equal(out.received, 3, "replies to the gateway's own ping");
  const status = await lvrm.status();
  equal(status.vrs[0]!.received_frames, 0);
  ok(status.totals.kept_by_kernel_frames >= 3 * 4 * 4);
  // An address that comes while lvrm runs is the gateway's own too, and forgotten when it goes.
  await bed.gateway.ip("address add 10.0.11.200/24 dev r1");
  await eventually(
    async () => {
      const start = await lvrm.status();
      const { received } = await bed.s1.ping("10.0.11.200", { count: 1, timeout_ms: 500 });
      const end = await lvrm.status();
      return received === 1 && end.vrs[0]!.received_frames === start.vrs[0]!.received_frames;
    },
    "a new address of the gateway is kept",
  );
});

Deno.test("broadcast, multicast, ARP, ND, DHCP, other protocols and other tags stay", async () => {
  await using bed = await Testbed.create({ forwarding: true });
  const lvrm = await bed.startLvrm(["--vr", "0.0.0.0/0,::/0=cppvr"]);
  const to = await bed.gateway.mac("s1");
  const from = await bed.s1.mac();
  const { host4: source, host6: source6 } = bed.s1.link;
  const destination = bed.r1.link.host4;
  const data = mark();
  const broadcast = "ff:ff:ff:ff:ff:ff";
  const frames: Record<string, string> = {
    broadcast: udpFrame({ to: broadcast, from, source, destination: "255.255.255.255", data }),
    subnetBroadcast: udpFrame({ to: broadcast, from, source, destination: "10.0.1.255", data }),
    unicastToBroadcastMac: udpFrame({ to: broadcast, from, source, destination, data }),
    multicast: udpFrame({
      ...{ to: "01:00:5e:00:00:fb", from, source, destination: "224.0.0.251", data },
    }),
    multicast6: udpFrame({
      ...{ to: "33:33:00:00:00:fb", from, source: source6, destination: "ff02::fb", data },
    }),
    otherHost: udpFrame({ to: "02:00:00:00:00:99", from, source, destination, data }),
    otherTag: udpFrame({ to, from, source, destination, data, vlan: 77 }),
    otherProtocol: ethernet({ to, from, type: 0x88b5, payload: data }),
    dhcp: udpFrame({
      to: broadcast,
      from,
      source: "0.0.0.0",
      destination: "255.255.255.255",
      data,
    }),
  };
  equal((await bed.s1.ping(destination, { count: 1 })).received, 1);
  for (const [name, frame] of Object.entries(frames)) {
    const before = await lvrm.status();
    const seen = await bed.r1.capture(() => bed.s1.sendFrames([frame]));
    equal(countWith(seen, data), 0, `${name} is not forwarded`);
    const after = await lvrm.status();
    const vr = (it: typeof after): number => it.vrs[0]!.received_frames;
    equal(vr(after) - vr(before), 0, `${name} reaches no VR`);
  }
  // A frame for the gateway's MAC with the same contents does pass: the test can see it.
  const right = udpFrame({ to, from, source, destination, data });
  equal(countWith(await bed.r1.capture(() => bed.s1.sendFrames([right])), data), 1);
  const kept = (await lvrm.status()).totals.kept_by_kernel_frames;
  ok(kept > 0);
});

Deno.test("on a bridge, other hosts' unicast passes between its ports, untouched", async () => {
  await using bed = await Testbed.create({ forwarding: true });
  // s1 and s2 on one bridge of the gateway, in s1's subnet.
  await bed.gateway.ipBatch([
    "link add br0 type bridge",
    "link set br0 up",
    "address flush dev s1",
    "address flush dev s2",
    "link set s1 master br0",
    "link set s2 master br0",
    "address add 10.0.1.1/24 dev br0",
  ]);
  await bed.s2.ipBatch(["address flush dev net0", "address add 10.0.1.3/24 dev net0"]);
  const words = ["--interface", "br0", "--interface", "r1"];
  const lvrm = await bed.startLvrm(["--vr", "10.0.1.0/24,10.0.11.0/24=cppvr", ...words]);
  const across = await bed.s1.ping("10.0.1.3", { count: 20, timeout_ms: 10_000, linger_ms: 100 });
  deepEqual([across.received, across.duplicates], [20, 0], "between the bridge's ports");
  const routed = await bed.s1.ping(bed.r1.link.host4, { count: 10, linger_ms: 100 });
  deepEqual([routed.received, routed.duplicates], [10, 0], "through the VR");
  equal((await lvrm.status()).vrs[0]!.received_frames, 20);
});
