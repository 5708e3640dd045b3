/** What VRs know of the gateway's kernel stays right under floods, losses and silence. */
import { equal, ok } from "node:assert/strict";
import { eventually, hostInterface, Testbed } from "../testbed/mod.ts";

const everything = ["--vr", "0.0.0.0/0,::/0=cppvr"];

Deno.test("routes are right after more changes than the netlink socket could hold", async () => {
  await using bed = await Testbed.create();
  await bed.r1.ip(`address add 198.51.100.7/32 dev ${hostInterface}`);
  const lvrm = await bed.startLvrm(everything);
  // While lvrm stands still the kernel has to throw messages away: ENOBUFS when it goes on.
  Deno.kill(lvrm.pid, "SIGSTOP");
  try {
    const lines: string[] = [];
    for (let i = 0; i < 30_000; i++) {
      lines.push(
        `route add 100.${64 + (i >> 14)}.${i >> 6 & 255}.${(i & 63) * 4}/30 via 10.0.12.2`,
      );
    }
    lines.push("route add 198.51.100.0/24 via 10.0.11.2");
    await bed.gateway.ipBatch(lines);
    const sockets = (await bed.gateway.exec("cat", ["/proc/net/netlink"])).stdout.split("\n");
    const dropped = sockets.slice(1).map((line) => Number(line.trim().split(/\s+/)[8] ?? 0));
    ok(Math.max(...dropped) > 0, `the flood has to overflow a socket: ${sockets.join("\n")}`);
  } finally {
    Deno.kill(lvrm.pid, "SIGCONT");
  }
  await eventually(
    async () => (await bed.s1.ping("198.51.100.7", { count: 1, timeout_ms: 1000 })).received === 1,
    "the last of the routes is followed",
    30_000,
  );
  equal((await bed.s1.ping(bed.r1.link.host4, { count: 10, interval_ms: 5 })).received, 10);
  await bed.gateway.ip("route del 198.51.100.0/24");
  await eventually(
    async () =>
      (await bed.s1.ping("198.51.100.7", { count: 1, timeout_ms: 500 })).errors.length > 0,
    "and so is its end",
    30_000,
  );
  equal((await lvrm.stop()).code, 0);
});

Deno.test("a scan of a subnet neither fills the neighbour table nor stops others", async () => {
  await using bed = await Testbed.create();
  await bed.startLvrm(everything);
  equal((await bed.s2.ping(bed.r2.link.host6, { count: 1, timeout_ms: 5000 })).received, 1);
  await using sender = await bed.send({
    ...{ source: bed.s1.link.host6, destination: "fd00:11::1000", destinations: 20_000 },
    ...{ flows: 20_000, seconds: 4, rate_fps: 5000, wire_bytes: 102 },
  });
  const others = await bed.s2.ping(bed.r2.link.host6, { count: 150, interval_ms: 20 });
  await sender.done();
  equal(others.received, 150, "who has neighbours keeps them");
  const entries = (await bed.gateway.ip("-6 neighbour show dev r1 nud all")).trim().split("\n");
  // 5000 addresses a second were asked for; the kernel's table holds 1024.
  ok(entries.length < 1000, `${entries.length} entries`);
  await eventually(
    async () => (await bed.s1.ping(bed.r1.link.host6, { count: 1 })).received === 1,
    "a real neighbour is found once the scan is over",
    30_000,
  );
});

Deno.test("a next hop that changes its MAC in silence is found again", async () => {
  await using bed = await Testbed.create();
  for (const name of ["base_reachable_time_ms", "retrans_time_ms"]) {
    await bed.gateway.sysctl(`net.ipv4.neigh.r1.${name}`, name.startsWith("base") ? 1000 : 200);
  }
  await bed.gateway.sysctl("net.ipv4.neigh.r1.delay_first_probe_time", 1);
  await bed.startLvrm(everything);
  const target = bed.r1.link.host4;
  equal((await bed.s1.ping(target, { count: 1, timeout_ms: 5000 })).received, 1);
  // No gratuitous ARP, and no frame from the host by which the kernel would learn it.
  await bed.r1.sysctl(`net.ipv4.conf.${hostInterface}.arp_notify`, 0);
  await bed.r1.ip(`link set ${hostInterface} address 02:00:00:00:00:99`);
  await eventually(
    async () => (await bed.s1.ping(target, { count: 1, timeout_ms: 500 })).received === 1,
    "traffic makes the kernel look again, so the new MAC is found",
    60_000,
  );
  const entry = await bed.gateway.ip(`neighbour show ${target} dev r1`);
  ok(entry.includes("02:00:00:00:00:99"), entry);
});

Deno.test("a neighbour in use is kept fresh although the kernel sees none of its frames", async () => {
  await using bed = await Testbed.create();
  // Reachable for 1.5 to 4.5 s; below the probe delay the kernel would never let it become stale.
  await bed.gateway.sysctl("net.ipv4.neigh.r1.base_reachable_time_ms", 3000);
  await bed.gateway.sysctl("net.ipv4.neigh.r1.delay_first_probe_time", 1);
  await bed.startLvrm(everything);
  const target = bed.r1.link.host4;
  equal((await bed.s1.ping(target, { count: 1, timeout_ms: 5000 })).received, 1);
  const state = async (): Promise<string> =>
    await bed.gateway.ip(`neighbour show ${target} dev r1`);
  await eventually(async () => /STALE/.test(await state()), "unused, it becomes stale", 30_000);
  await eventually(
    async () => {
      await bed.s1.ping(target, { count: 1, timeout_ms: 500 });
      return /REACHABLE/.test(await state());
    },
    "used, it is renewed",
    30_000,
  );
});
