/** `af_xdp` where the kernel puts frames into the VR's arena itself; and where it doesn't, why. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { imbalance, lvrmCommand, Sink, type Status, Testbed, vriPids } from "../testbed/mod.ts";
import { remake } from "../testbed/queues.ts";

const everything = ["--adapter", "af_xdp", "--vr", "0.0.0.0/0,::/0=cppvr"];

/** What each interface says of copies. */
function copies(status: Status): Record<string, string> {
  return Object.fromEntries(
    status.interfaces.map((it) => [it.name, it.adapter_info.split("; ").at(-1)!]),
  );
}

Deno.test("several VRIs of the one VR, each killed in turn: nothing is copied, lost or overtaken", async () => {
  await using bed = await Testbed.create();
  const lvrm = await bed.startLvrm([...everything, "--vris", "3"]);
  equal((await bed.s1.ping(bed.r1.link.host4, { count: 1 })).received, 1);
  await using sink = await Sink.start(bed.r1);
  await using sender = await bed.send({ seconds: 4, rate_fps: 20_000, flows: 200 });
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 800));
    const [pid] = vriPids(await lvrm.status());
    Deno.kill(pid!, "SIGKILL");
  }
  const sent = await sender.done();
  const result = await sink.stop(500);
  deepEqual([result.reordered_frames, result.duplicate_frames], [0, 0], JSON.stringify(result));
  ok(result.different_frames > sent.sent_frames / 2, JSON.stringify({ sent, result }));
  const status = await lvrm.atRest();
  equal(imbalance(status), 0);
  const s1 = status.interfaces.find((it) => it.name === "s1")!;
  ok(s1.uncopied_frames >= sent.sent_frames - s1.missed_frames, JSON.stringify(s1));
  // 8192 slots and 6144 for each port: VRIs have a few empty ones, nobody else any.
  const { free_slots, kernel_slots } = status.vrs[0]!;
  const others = 8192 + 4 * 6144 - free_slots - kernel_slots;
  ok(others >= 0 && others <= 3 * 256, JSON.stringify(status.vrs[0]));
});

Deno.test("an interface with several queues, and frames of the kernel's beside", async () => {
  await using bed = await Testbed.create();
  await remake(bed, "s1", 4);
  const lvrm = await bed.startLvrm(everything);
  for (const address of [bed.r1.link.host4, bed.r1.link.host6, bed.s1.link.gateway4]) {
    equal((await bed.s1.ping(address, { count: 5, timeout_ms: 5000 })).received, 5, address);
  }
  await using sink = await Sink.start(bed.r1, { run: 7 });
  await using sender = await bed.send({
    ...{ seconds: 20, count: 20_000, rate_fps: 20_000, flows: 64, run: 7 },
  });
  equal((await sender.done()).sent_frames, 20_000);
  const status = await lvrm.atRest();
  const seen = await sink.stop();
  deepEqual([seen.different_frames, seen.reordered_frames, seen.duplicate_frames], [20_000, 0, 0]);
  equal(imbalance(status), 0);
  match(status.interfaces.find((it) => it.name === "s1")!.adapter_info, /4 queues; no copy/);
  ok(status.totals.kept_by_kernel_frames >= 5, "the gateway's own answers");
});

Deno.test("between a port that copies and one that doesn't, frames pass both ways", async () => {
  await using bed = await Testbed.create({ mtu: { s1: 1900 } });
  const lvrm = await bed.startLvrm(everything);
  const told = copies(await lvrm.status());
  match(told["s1"]!, /copied by lvrm: frames for an MTU of 1900 come in pieces/);
  equal(told["r1"], "no copy by lvrm: one VR");
  await bed.r1.serve();
  const amount = { up_bytes: 1_000_000, down_bytes: 1_000_000 };
  for (const from of [bed.s1, bed.s2]) {
    const { up_bytes, down_bytes } = await from.transfer(bed.r1.link.host4, amount);
    deepEqual({ up_bytes, down_bytes }, amount, from.name);
  }
  const status = await lvrm.atRest();
  equal(imbalance(status), 0);
  const uncopied = Object.fromEntries(
    status.interfaces.map((it) => [it.name, it.uncopied_frames > 0]),
  );
  deepEqual(uncopied, { s1: false, s2: true, r1: true, r2: false });
});

Deno.test("where frames are copied, the status says why", async () => {
  await using bed = await Testbed.create();
  const two = ["--vr", "10.0.1.0/24=cppvr", "--vr", "0.0.0.0/0=cppvr"];
  const cases: [string[], Record<string, string>, RegExp][] = [
    [["--adapter", "af_xdp", ...two], {}, /copied by lvrm: there are several VRs/],
    [[...everything, "--dispatchers", "2", "--overcommit"], {}, /there are several dispatchers/],
    [everything, { LVRM_XDP_ARENA: "no" }, /LVRM_XDP_ARENA=no/],
  ];
  for (const [args, env, why] of cases) {
    const lvrm = await bed.startLvrm(args, { env });
    for (const text of Object.values(copies(await lvrm.status()))) match(text, why);
    equal((await bed.s1.ping(bed.r1.link.host4, { count: 3 })).received, 3);
    equal((await lvrm.stop()).code, 0);
  }
  const [program, words] = lvrmCommand();
  const listed = await bed.gateway.exec(program, [...words, "adapters", "s1"], 30_000);
  match(listed.stdout, /af_xdp +yes .*; no copy by lvrm: one VR/);
});
