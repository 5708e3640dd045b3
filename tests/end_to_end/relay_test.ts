/** `cppvr --relay A=B`, the paper's minimal forwarder, and static routes. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { countWith, hostInterface, mark, Testbed, udpFrame } from "../testbed/mod.ts";

/** s1 and r1 on the two sides of a relay, in one subnet: as on one wire. */
async function oneWire(bed: Testbed): Promise<void> {
  await bed.r1.ipBatch([
    `address flush dev ${hostInterface}`,
    `address add 10.0.1.77/24 dev ${hostInterface}`,
    `address add fd00:1::77/64 dev ${hostInterface} nodad`,
  ]);
}

Deno.test("relay: both sides see each other as on one wire, ARP and ND cross", async () => {
  await using bed = await Testbed.create({ forwarding: true });
  await oneWire(bed);
  const words = ["--interface", "s1", "--interface", "r1"];
  const lvrm = await bed.startLvrm(["--vr", "0.0.0.0/0,::/0=cppvr --relay s1=r1", ...words]);
  for (const address of ["10.0.1.77", "fd00:1::77"]) {
    const ping = await bed.s1.ping(address, { count: 20, timeout_ms: 10_000, linger_ms: 200 });
    deepEqual([ping.received, ping.duplicates, ping.errors], [20, 0, []], address);
    const back = await bed.r1.ping(address.replace(/77$/, "2"), { count: 20, linger_ms: 200 });
    deepEqual([back.received, back.duplicates], [20, 0], address);
    // No hop between them: the path is one long, and neighbours have each other's MAC.
    const path = await bed.s1.trace(address);
    deepEqual(path.map((hop) => hop.from), [address]);
  }
  const neighbours = await bed.s1.ip("neighbour show 10.0.1.77");
  ok(neighbours.includes(await bed.r1.mac()), neighbours);
  const { totals } = await lvrm.status();
  ok(totals.replicated_frames > 0, "ARP and ND frames are replicated");
});

Deno.test("relay: TCP in both directions, frames unchanged", async () => {
  await using bed = await Testbed.create();
  await oneWire(bed);
  await bed.r1.agent.call("tcp_listen", { address: "10.0.1.77", port: 5000 });
  const words = ["--interface", "s1", "--interface", "r1"];
  await bed.startLvrm(["--vr", "0.0.0.0/0,::/0=cppvr --relay s1=r1", ...words]);
  const amount = { up_bytes: 4_000_000, down_bytes: 4_000_000 };
  const { up_bytes, down_bytes } = await bed.s1.transfer("10.0.1.77", amount);
  deepEqual({ up_bytes, down_bytes }, amount);
  const data = mark();
  const frame = udpFrame({
    ...{ to: await bed.r1.mac(), from: "02:00:00:00:00:42", ttl: 1, data },
    ...{ source: "10.0.1.50", destination: "10.0.1.77" },
  });
  const seen = await bed.r1.capture(() => bed.s1.sendFrames([frame]));
  deepEqual(seen.filter((it) => countWith([it], data) > 0), [frame], "to the last byte");
});

Deno.test("static routes lead where they say, whatever the kernel's table says", async () => {
  await using bed = await Testbed.create();
  // 198.51.100.0/24 is no route of the gateway's kernel.
  await bed.r1.ip(`address add 198.51.100.7/24 dev ${hostInterface}`);
  await bed.r2.ip(`address add 198.51.100.200/24 dev ${hostInterface}`);
  await bed.startLvrm([
    "--vr",
    "0.0.0.0/0,::/0=cppvr --route 10.0.0.0/16=s1 --route 10.0.1.0/24=s1 --route 10.0.11.0/24=r1 " +
    "--route 198.51.100.0/24=r1 --route 198.51.100.128/25=r2,10.0.12.2",
  ]);
  equal((await bed.s1.ping("198.51.100.7", { count: 3, timeout_ms: 5000 })).received, 3);
  equal((await bed.s1.ping("198.51.100.200", { count: 3, timeout_ms: 5000 })).received, 3);
  const none = await bed.s1.ping("203.0.113.1", { count: 1 });
  equal(none.received, 0);
  deepEqual(none.errors.map((it) => [it.type, it.code]), [[3, 0]]);
});
