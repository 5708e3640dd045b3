/** One VR carries everything between the hosts, with the gateway's kernel not forwarding. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { type Host, imbalance, type Lvrm, Testbed } from "../testbed/mod.ts";

const everything = ["--vr", "0.0.0.0/0,::/0=cppvr"];

/** Both addresses of a host. */
function addresses(host: Host): string[] {
  return [host.link.host4, host.link.host6];
}

Deno.test("ping passes without loss, the first one included, and a trace shows the gateway", async () => {
  await using bed = await Testbed.create();
  await bed.startLvrm(everything);
  for (const family of [0, 1]) {
    const target = addresses(bed.r1)[family]!;
    // Nobody knows r1 yet: this frame waits in the VR while the kernel resolves the neighbour.
    const first = await bed.s1.ping(target, { count: 1, timeout_ms: 5000 });
    deepEqual([first.received, first.errors], [1, []], `first ping to ${target}`);
    const more = await bed.s1.ping(target, { count: 100, interval_ms: 2, linger_ms: 100 });
    deepEqual([more.received, more.duplicates, more.corrupt, more.errors], [100, 0, 0, []]);
    const path = await bed.s1.trace(target);
    deepEqual(path.map((hop) => hop.from), [
      [bed.s1.link.gateway4, bed.s1.link.gateway6][family],
      target,
    ]);
  }
  const gateway = await bed.s1.ping(bed.s1.link.gateway4, { count: 3 });
  equal(gateway.received, 3, "the gateway itself answers through its kernel");
});

async function transferBothWays(bed: Testbed, lvrm: Lvrm): Promise<void> {
  await bed.r1.serve();
  for (const address of addresses(bed.r1)) {
    const amount = { up_bytes: 8_000_000, down_bytes: 8_000_000 };
    const { up_bytes, down_bytes } = await bed.s1.transfer(address, amount);
    deepEqual({ up_bytes, down_bytes }, amount);
  }
  const status = await lvrm.atRest();
  equal(imbalance(status), 0);
  // 32 MB in frames of 1448 bytes: all of it went through the VR, not around it.
  ok(status.vrs[0]!.sent_frames > 22_000, JSON.stringify(status.vrs[0]));
  deepEqual(status.totals.drops["bad_segment"] ?? 0, 0);
}

Deno.test("TCP carries equal contents both ways with all offloads on", async () => {
  await using bed = await Testbed.create();
  await transferBothWays(bed, await bed.startLvrm(everything));
});

Deno.test("TCP carries equal contents both ways with all offloads off", async () => {
  await using bed = await Testbed.create({ offloads: false });
  await transferBothWays(bed, await bed.startLvrm(everything));
});

Deno.test("UDP of every size from 1 to 9000 passes, fragmented by hosts and by the VR", async () => {
  // s1's link takes 9216 bytes and r1's 1500: towards r1 the VR has to fragment IPv4.
  await using bed = await Testbed.create({ mtu: { s1: 9216 } });
  const lvrm = await bed.startLvrm(everything);
  await bed.r1.serve();
  for (const address of addresses(bed.r1)) {
    const sizes = await bed.s1.datagrams(address, 1, 9000);
    deepEqual([sizes.missing, sizes.corrupt], [[], []], `to ${address}`);
  }
  const status = await lvrm.atRest();
  equal(imbalance(status), 0);
  ok(status.totals.originated_frames > 20_000, "fragments are originated frames");
});

Deno.test("what is too big and may not be fragmented is answered with the link's MTU", async () => {
  await using bed = await Testbed.create({ mtu: { s1: 9000, r1: 1400, r2: 1300 } });
  await bed.startLvrm(everything);
  for (const [host, mtu] of [[bed.r1, 1400], [bed.r2, 1300]] as const) {
    const options = { count: 1, size: 1372, dont_fragment: true };
    const v4 = await bed.s1.ping(host.link.host4, { ...options, size: mtu - 27 });
    deepEqual(v4.errors, [{ type: 3, code: 4, mtu, from: bed.s1.link.gateway4 }]);
    equal((await bed.s1.ping(host.link.host4, { ...options, size: mtu - 28 })).received, 1);
    const v6 = await bed.s1.ping(host.link.host6, { ...options, size: mtu - 47 });
    deepEqual(v6.errors, [{ type: 2, code: 0, mtu, from: bed.s1.link.gateway6 }]);
    equal((await bed.s1.ping(host.link.host6, { ...options, size: mtu - 48 })).received, 1);
  }
});

Deno.test("a destination without a route and one without a host are answered as unreachable", async () => {
  await using bed = await Testbed.create();
  const lvrm = await bed.startLvrm(everything);
  const noRoute = await bed.s1.ping("192.0.2.1", { count: 1 });
  deepEqual(noRoute.errors.map((it) => [it.type, it.code, it.from]), [
    [3, 0, bed.s1.link.gateway4],
  ]);
  const noRoute6 = await bed.s1.ping("2001:db8::1", { count: 1 });
  deepEqual(noRoute6.errors.map((it) => [it.type, it.code, it.from]), [
    [1, 0, bed.s1.link.gateway6],
  ]);
  const noHost = await bed.s1.ping("10.0.11.99", { count: 1, timeout_ms: 10_000 });
  deepEqual(noHost.errors.map((it) => [it.type, it.code, it.from]), [
    [3, 1, bed.s1.link.gateway4],
  ]);
  const status = await lvrm.status();
  deepEqual(
    [status.vrs[0]!.drops["no_route"], status.vrs[0]!.drops["no_neighbour"]],
    [2, 1],
    JSON.stringify(status.vrs[0]),
  );
});

Deno.test("jumbo frames pass between links that take them", async () => {
  await using bed = await Testbed.create({ mtu: { s1: 9000, r1: 9000 } });
  await bed.startLvrm(everything);
  for (const [address, size] of [[bed.r1.link.host4, 8972], [bed.r1.link.host6, 8952]] as const) {
    const ping = await bed.s1.ping(address, { count: 20, size, dont_fragment: true });
    deepEqual([ping.received, ping.corrupt], [20, 0]);
  }
});
