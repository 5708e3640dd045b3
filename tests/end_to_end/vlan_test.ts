/** Ports with a VLAN tag, by raw tagged frames: this needs no VLAN devices in the kernel. */
import { deepEqual, equal } from "node:assert/strict";
import { countWith, ethernet, mark, parse, Testbed, udpFrame } from "../testbed/mod.ts";

Deno.test("a tagged port takes its tag's frames only and gives tagged frames out", async () => {
  await using bed = await Testbed.create();
  const lvrm = await bed.startLvrm([
    ...["--vr", "0.0.0.0/0=cppvr --route 10.0.11.0/24=r1:100,10.0.11.2"],
    ...["--interface", "s1:100", "--interface", "r1:100", "--interface", "s2"],
  ]);
  const to = await bed.gateway.mac("s1");
  const from = await bed.s1.mac();
  const source = bed.s1.link.host4;
  const destination = bed.r1.link.host4;
  // The next hop is known without asking: nobody answers ARP inside this VLAN.
  const mac = await bed.r1.mac();
  await bed.gateway.ip(`neighbour replace ${destination} lladdr ${mac} dev r1 nud permanent`);
  for (const [vlan, times] of [[100, 1], [101, 0], [undefined, 0]] as const) {
    const data = mark();
    const options = { to, from, source, destination, data };
    const frame = udpFrame(vlan === undefined ? options : { ...options, vlan });
    const seen = await bed.r1.capture(() => bed.s1.sendFrames([frame]));
    equal(countWith(seen, data), times, `tag ${vlan}`);
    for (const hex of seen.filter((it) => countWith([it], data) > 0)) {
      const { vlan: tag, ttl, to: next } = parse(hex);
      deepEqual([tag, ttl, next], [100, 63, await bed.r1.mac()]);
    }
  }
  const names = (await lvrm.status()).interfaces.map((it) => it.name);
  deepEqual(names.sort(), ["r1:100", "s1:100", "s2"]);
});

Deno.test("relay between a tagged and an untagged port adds and removes the tag", async () => {
  await using bed = await Testbed.create();
  await bed.startLvrm([
    ...["--vr", "0.0.0.0/0,::/0=cppvr --relay s1:100=r1"],
    ...["--interface", "s1:100", "--interface", "r1"],
  ]);
  const data = mark();
  const to = await bed.r1.mac();
  const from = await bed.s1.mac();
  const frame = ethernet({ to, from, type: 0x0800, vlan: 100, payload: ipPayload(data) });
  const seen = await bed.r1.capture(() => bed.s1.sendFrames([frame]), { promiscuous: true });
  const [came] = seen.filter((it) => countWith([it], data) > 0);
  equal(parse(came!).vlan, undefined);
  const back = ethernet({ to: from, from: to, type: 0x0800, payload: ipPayload(data) });
  const returned = await bed.s1.capture(() => bed.r1.sendFrames([back]), { promiscuous: true });
  const [home] = returned.filter((it) => countWith([it], data) > 0);
  equal(parse(home!).vlan, 100);
});

function ipPayload(data: number[]): number[] {
  const frame = udpFrame({
    ...{ to: "02:00:00:00:00:01", from: "02:00:00:00:00:02" },
    ...{ source: "10.0.1.2", destination: "10.0.11.2", data },
  });
  return frame.slice(28).match(/../g)!.map((byte) => parseInt(byte, 16));
}
