/** Two VRs at once, and sources that belong to neither. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { countWith, imbalance, mark, subnetsOf, Testbed, udpFrame } from "../testbed/mod.ts";

const twoVrs = [
  ...["--vr", `${subnetsOf("s1", "r1")}=cppvr`],
  ...["--vr", `${subnetsOf("s2", "r2")}=cppvr`],
];

Deno.test("two VRs carry their own traffic and none of the other's", async () => {
  await using bed = await Testbed.create();
  const lvrm = await bed.startLvrm(twoVrs);
  await Promise.all([bed.r1.serve(), bed.r2.serve()]);
  await Promise.all([
    bed.s1.transfer(bed.r1.link.host4, { up_bytes: 4_000_000, down_bytes: 2_000_000 }),
    bed.s2.transfer(bed.r2.link.host6, { up_bytes: 2_000_000, down_bytes: 4_000_000 }),
  ]);
  const before = await lvrm.atRest();
  const [vr1, vr2] = before.vrs;
  deepEqual([vr1!.name, vr2!.name], ["vr1", "vr2"]);
  ok(vr1!.sent_frames > 3000 && vr2!.sent_frames > 3000);
  const ping = await bed.s1.ping(bed.r1.link.host4, { count: 50, interval_ms: 1 });
  equal(ping.received, 50);
  const after = await lvrm.atRest();
  equal(after.vrs[0]!.received_frames - vr1!.received_frames, 100);
  equal(after.vrs[1]!.received_frames - vr2!.received_frames, 0);
  equal(imbalance(after), 0);
});

Deno.test("a more specific subnet wins, within and between VRs", async () => {
  await using bed = await Testbed.create();
  const lvrm = await bed.startLvrm([
    ...["--vr", "10.0.0.0/8=cppvr"],
    ...["--vr", "10.0.1.2/32=cppvr"],
  ]);
  const ping = await bed.s1.ping(bed.r1.link.host4, { count: 10 });
  equal(ping.received, 10);
  const { vrs } = await lvrm.status();
  deepEqual(vrs.map((vr) => vr.received_frames), [10, 10]); // replies come from 10.0.11.2
});

Deno.test("a source outside every subnet is left to the kernel, untouched", async () => {
  await using bed = await Testbed.create({ forwarding: true });
  const lvrm = await bed.startLvrm(["--vr", `${subnetsOf("s1")}=cppvr`]);
  const data = mark();
  const frame = udpFrame({
    to: await bed.gateway.mac("s2"),
    from: await bed.s2.mac(),
    source: bed.s2.link.host4,
    destination: bed.r2.link.host4,
    data,
  });
  equal((await bed.s2.ping(bed.r2.link.host4, { count: 3 })).received, 3);
  const before = await lvrm.status();
  const seen = await bed.r2.capture(() => bed.s2.sendFrames([frame]));
  equal(countWith(seen, data), 1, "the kernel forwarded it, once");
  const after = await lvrm.status();
  ok(after.totals.kept_by_kernel_frames > before.totals.kept_by_kernel_frames);
  equal(after.vrs[0]!.received_frames, before.vrs[0]!.received_frames);
});
