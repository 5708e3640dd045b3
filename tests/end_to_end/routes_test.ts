/** The gateway's routing table changes while lvrm runs: VRs follow. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { eventually, hostInterface, type PingResult, Testbed } from "../testbed/mod.ts";

const everything = ["--vr", "0.0.0.0/0,::/0=cppvr"];

/** Pings until an answer looks as wanted: route changes take a moment to arrive. */
async function until(
  bed: Testbed,
  destination: string,
  wanted: (result: PingResult) => boolean,
  what: string,
): Promise<void> {
  let last: PingResult | undefined;
  try {
    await eventually(async () => {
      last = await bed.s1.ping(destination, { count: 1, timeout_ms: 1000 });
      return wanted(last);
    }, what);
  } catch (error) {
    throw new Error(`${what}: last ${JSON.stringify(last)}`, { cause: error });
  }
}

const answered = (it: PingResult): boolean => it.received === 1;
const failed = (type: number, code: number) => (it: PingResult): boolean =>
  it.errors.some((error) => error.type === type && error.code === code);

Deno.test("routes that come, change kind, and go, IPv4", async () => {
  await using bed = await Testbed.create();
  for (const host of [bed.r1, bed.r2]) {
    await host.ip(`address add 198.51.100.7/32 dev ${hostInterface}`);
  }
  const lvrm = await bed.startLvrm(everything);
  const target = "198.51.100.7";
  await until(bed, target, failed(3, 0), "no route: network unreachable");
  await bed.gateway.ip("route add 198.51.100.0/24 via 10.0.11.2");
  await until(bed, target, answered, "a route by r1");
  await bed.gateway.ip("route replace 198.51.100.0/24 via 10.0.12.2");
  await until(bed, target, answered, "a route by r2");
  const caught = await bed.r2.capture(async () => {
    equal((await bed.s1.ping(target, { count: 3 })).received, 3);
  });
  ok(caught.length >= 3, "they come by r2 now");
  await bed.gateway.ip("route replace prohibit 198.51.100.0/24");
  await until(bed, target, failed(3, 13), "prohibit: administratively prohibited");
  await bed.gateway.ip("route replace unreachable 198.51.100.0/24");
  await until(bed, target, failed(3, 1), "unreachable: host unreachable");
  await bed.gateway.ip("route replace blackhole 198.51.100.0/24");
  await until(bed, target, (it) => it.received + it.errors.length === 0, "blackhole: silence");
  await bed.gateway.ip("route del blackhole 198.51.100.0/24");
  await until(bed, target, failed(3, 0), "no route again");
  const { drops } = (await lvrm.status()).vrs[0]!;
  for (const reason of ["no_route", "prohibited", "unreachable_route", "blackhole"]) {
    ok((drops[reason] ?? 0) > 0, `${reason} is counted: ${JSON.stringify(drops)}`);
  }
});

Deno.test("routes that come, change kind, and go, IPv6", async () => {
  await using bed = await Testbed.create();
  const target = "2001:db8:7::7";
  await bed.r1.ip(`address add ${target}/128 dev ${hostInterface} nodad`);
  await bed.startLvrm(everything);
  await until(bed, target, failed(1, 0), "no route");
  await bed.gateway.ip("-6 route add 2001:db8:7::/48 via fd00:11::2");
  await until(bed, target, answered, "a route by r1");
  await bed.gateway.ip("-6 route del 2001:db8:7::/48");
  await bed.gateway.ip("-6 route add prohibit 2001:db8:7::/48");
  await until(bed, target, failed(1, 1), "prohibit");
  await bed.gateway.ip("-6 route del prohibit 2001:db8:7::/48");
  await bed.gateway.ip("-6 route add blackhole 2001:db8:7::/48");
  await until(bed, target, (it) => it.received + it.errors.length === 0, "blackhole");
});

Deno.test("a multipath route spreads flows over its next hops, a nexthop object too", async () => {
  await using bed = await Testbed.create();
  for (const host of [bed.r1, bed.r2]) {
    await host.ip(`address add 198.51.100.7/32 dev ${hostInterface}`);
    await host.agent.call("udp_echo", { address: "198.51.100.7", port: 5000 });
  }
  await bed.startLvrm(everything);
  const routes = [
    ["route add 198.51.100.0/24 nexthop via 10.0.11.2 nexthop via 10.0.12.2"],
    [
      "nexthop add id 1 via 10.0.11.2 dev r1",
      "nexthop add id 2 via 10.0.12.2 dev r2",
      "nexthop add id 10 group 1/2",
      "route add 198.51.100.0/24 nhid 10",
    ],
  ];
  for (const lines of routes) {
    await bed.gateway.ipBatch(lines);
    await until(bed, "198.51.100.7", answered, lines.join("; "));
    // 40 flows: each call is a socket, so a source port, of its own.
    let first: string[] = [];
    const second = await bed.r2.capture(async () => {
      first = await bed.r1.capture(async () => {
        for (let flow = 0; flow < 40; flow++) {
          const sizes = await bed.s1.datagrams("198.51.100.7", 100, 101);
          deepEqual(sizes.missing, []);
        }
      });
    });
    const udp = (frames: string[]): number =>
      frames.filter((it) => it.includes("c6336407") && it.slice(46, 48) === "11").length;
    ok(udp(first) >= 8 && udp(second) >= 8, `${udp(first)} by r1, ${udp(second)} by r2`);
    equal(udp(first) + udp(second), 80);
    await bed.gateway.ip("route del 198.51.100.0/24");
    await until(bed, "198.51.100.7", failed(3, 0), "no route again");
  }
});

Deno.test("an interface that goes down and up, and a neighbour that changes its MAC", async () => {
  await using bed = await Testbed.create();
  await bed.startLvrm(everything);
  await until(bed, bed.r1.link.host4, answered, "all is up");
  await bed.gateway.ip("link set r1 down");
  await until(bed, bed.r1.link.host4, (it) => it.received === 0, "r1 is down");
  await bed.gateway.ip("link set r1 up");
  await until(bed, bed.r1.link.host4, answered, "r1 is up again");
  // The host gets another MAC and says so, as hosts do when a card is replaced.
  await bed.r1.ipBatch([
    `link set ${hostInterface} address 02:00:00:00:00:77`,
    `route replace default via ${bed.r1.link.gateway4}`,
  ]);
  await bed.r1.ping(bed.r1.link.gateway4, { count: 1 });
  await until(bed, bed.r1.link.host4, answered, "the new MAC is followed");
});

Deno.test("an interface's MTU change is followed", async () => {
  await using bed = await Testbed.create();
  await bed.startLvrm(everything);
  await until(bed, bed.r1.link.host4, answered, "all is up");
  await bed.gateway.ip("link set r1 mtu 1300");
  let last: PingResult | undefined;
  await eventually(async () => {
    const options = { count: 1, size: 1400, dont_fragment: true, timeout_ms: 1000 };
    last = await bed.s1.ping(bed.r1.link.host4, options);
    return last.errors.some((it) => it.type === 3 && it.code === 4 && it.mtu === 1300);
  }, "the new MTU is told");
  ok(last);
});

Deno.test("strict rp_filter drops a source that would be routed elsewhere", async () => {
  await using bed = await Testbed.create();
  await bed.gateway.sysctl("net.ipv4.conf.s1.rp_filter", 1);
  const lvrm = await bed.startLvrm(everything);
  equal((await bed.s1.ping(bed.r1.link.host4, { count: 1 })).received, 1);
  await bed.s1.ip(`address add 10.0.2.99/32 dev ${hostInterface}`);
  const spoofed = await bed.s1.ping(bed.r1.link.host4, {
    ...{ count: 3, source: "10.0.2.99", timeout_ms: 500 },
  });
  equal(spoofed.received, 0);
  equal((await lvrm.status()).vrs[0]!.drops["reverse_path"], 3);
});
