/** The testbed itself, with the kernel as the gateway's router: it must be able to pass. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { must, Testbed } from "./mod.ts";

Deno.test("the testbed passes pings, streams and datagrams by the kernel's forwarding", async () => {
  await using bed = await Testbed.create({ forwarding: true, mtu: { s1: 9000 } });
  await bed.r1.serve();
  for (const address of [bed.r1.link.host4, bed.r1.link.host6]) {
    const ping = await bed.s1.ping(address, { count: 5 });
    equal(ping.received, 5);
    equal(ping.duplicates + ping.corrupt + ping.errors.length, 0);
    const path = await bed.s1.trace(address);
    deepEqual(path.map((hop) => hop.from), [
      address === bed.r1.link.host4 ? bed.s1.link.gateway4 : bed.s1.link.gateway6,
      address,
    ]);
    const moved = await bed.s1.transfer(address, { up_bytes: 3_000_000, down_bytes: 2_000_000 });
    equal(moved.up_bytes, 3_000_000);
    equal(moved.down_bytes, 2_000_000);
    const sizes = await bed.s1.datagrams(address, 1400, 1600);
    deepEqual([sizes.missing, sizes.corrupt], [[], []]);
  }
  const tooBig = await bed.s1.ping(bed.r1.link.host4, {
    count: 1,
    size: 2000,
    dont_fragment: true,
  });
  deepEqual(tooBig.errors.map(({ type, code, mtu }) => [type, code, mtu]), [[3, 4, 1500]]);
});

Deno.test("the testbed captures and sends raw frames, and offloads can be switched", async () => {
  await using bed = await Testbed.create({ forwarding: true, offloads: false });
  const frame = "ffffffffffff" + "020000000001" + "88b5" + "00".repeat(46);
  const tagged = "ffffffffffff" + "020000000001" + "81000064" + "88b5" + "00".repeat(46);
  const seen = await bed.gateway.capture(() => bed.s1.sendFrames([frame, tagged]), {
    interface: "s1",
  });
  deepEqual(seen.filter((it) => it.includes("88b5")), [frame, tagged]);
  deepEqual(await bed.gateway.agent.call("nft_tables"), []);
  ok(
    (await bed.gateway.agent.call<Record<string, number>>("snmp_counters"))["Ip.InReceives"]! >= 0,
  );
});

Deno.test("a disposed testbed leaves no namespace", async () => {
  const bed = await Testbed.create();
  const { namespace } = bed.gateway;
  await bed[Symbol.asyncDispose]();
  ok(!(await must("ip", ["netns", "list"])).includes(namespace));
});
