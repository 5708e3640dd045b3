/** `lvrm --adapter memory:…`: traces in RAM through the whole product. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { writePcapng } from "../../mod/trace/capture_test_files.ts";
import { eventually, run } from "../testbed/mod.ts";
import { endless, mixedFrames, offline, requireBalance, Scratch, totalsOf } from "./offline.ts";

const two = ["--vr", "10.0.1.0/24=cppvr", "--vr", "10.0.2.0/24=cppvr --relay mem0=mem1"];

Deno.test("generated frames: so many of all sizes, flows and subnets, then the end", async () => {
  await using scratch = await Scratch.make();
  const adapter = "memory:sizes=84/590/1538,flows=1000,subnets=10.0.1.0/24;10.0.2.0/24,count=100k";
  const done = await offline(scratch, ["--adapter", adapter, ...two]);
  equal(done.code, 0, done.stderr);
  const totals = totalsOf(done.stdout);
  deepEqual([totals.received, totals.sent, totals.dropped], [100_000, 100_000, 0]);
  match(done.stdout, /vr1 .* 50,000 +50,000 +0/);
  match(done.stdout, /vr2 .* 50,000 +50,000 +0/);
  match(done.stdout, /mem0 +memory +100,000 +0 /);
  match(done.stdout, /mem1 +memory +0 +100,000 /);
});

Deno.test("a capture goes round and round, up to the count; VRs see its frames anew each time", async () => {
  await using scratch = await Scratch.make();
  const input = await scratch.write(
    "in.pcapng",
    writePcapng(mixedFrames(60, 1_000_000_000n), { little: true, fcs_bytes: 0, simple: true }),
  );
  const vr = ["--vr", "10.0.0.0/16,fd00::/16=cppvr"];
  for (const more of [[], ["--zero-copy"]]) {
    // 70 times round: a frame that kept what a router did to it would have expired.
    const done = await offline(scratch, [
      "--adapter",
      `memory:${input},count=4200`,
      ...vr,
      ...more,
    ]);
    equal(done.code, 0, done.stderr);
    const totals = totalsOf(done.stdout);
    deepEqual([totals.received, totals.sent, totals.dropped], [4200, 4200, 0]);
  }
});

Deno.test("--zero-copy hands out what lies in the arenas, one for each VR", async () => {
  await using scratch = await Scratch.make();
  const adapter = "memory:sizes=1538,flows=4000,subnets=10.0.1.0/24+10.0.2.0/24,count=200k";
  const done = await offline(scratch, ["--adapter", adapter, "--zero-copy", ...two]);
  equal(done.code, 0, done.stderr);
  const [received, uncopied, sent] = /mem0 +memory +([\d,]+) +([\d,]+) +([\d,]+)/
    .exec(done.stdout)!.slice(1).map((text) => Number(text.replaceAll(",", "")));
  deepEqual([received, sent], [200_000, 0]);
  // Frames that come again before they are back are copied: more than the window are there.
  equal(uncopied, 200_000, done.stdout);
  equal(totalsOf(done.stdout).sent, 200_000);
});

Deno.test("without an end it goes on until it is stopped, and its status is whole", async () => {
  await using scratch = await Scratch.make();
  await endless(scratch, ["--adapter", "memory:sizes=1538", ...two], async (status, running) => {
    // Far more than there is memory for copies: 7.5 GB of frames.
    const many = 5_000_000;
    await eventually(async () => (await status()).totals.sent_frames > many, "frames", 120_000);
    const found = await status();
    requireBalance(found.totals);
    deepEqual(found.interfaces.map((it) => [it.name, it.adapter]), [
      ["mem0", "memory"],
      ["mem1", "memory"],
    ]);
    deepEqual(found.totals.drops, {});
    ok(found.vrs.every((vr) => vr.arrival_rate_fps > 0 && vr.sent_frames > 0));
    ok(found.vrs.every((vr) => vr.vris.some((vri) => vri.state === "running")));
    ok(found.vrs.flatMap((vr) => vr.vris).every((vri) => vri.reason === null));
    const memory = /^VmHWM:\s+(\d+) kB/m.exec(
      await Deno.readTextFile(`/proc/${running.pid}/status`),
    );
    ok(Number(memory![1]) < 1 << 20, `${memory![0]} at most`);
    running.kill("SIGTERM");
    const done = await running.finish(20_000, "lvrm after SIGTERM");
    equal(done.code, 0, done.stderr);
    equal(done.stdout, "");
  });
});

Deno.test("at a rate, frames come no faster, and the end comes when they are through", async () => {
  await using scratch = await Scratch.make();
  const began = performance.now();
  const done = await offline(scratch, ["--adapter", "memory:rate=10kfps,count=5000", ...two]);
  equal(done.code, 0, done.stderr);
  ok(performance.now() - began >= 490);
  equal(totalsOf(done.stdout).received, 5000);
});

Deno.test("IPv6, jumbo frames, several VRIs, one frame at a time", async () => {
  await using scratch = await Scratch.make();
  const vr = ["--vr", "10.0.0.0/16,fd00:1::/64=cppvr"];
  const cases = [
    ["memory:sizes=94/1538,subnets=10.0.0.0/16+fd00:1::/64,count=20k"],
    ["memory:sizes=9038/84,mtu=9000,subnets=10.0.0.0/16,count=20k"],
    ["memory:subnets=10.0.0.0/16,count=20k", "--vris", "4"],
    ["memory:subnets=10.0.0.0/16,count=20k,window=1"],
    ["memory:subnets=10.0.0.0/16,count=20k", "--vris", "3", "--zero-copy"],
    ["memory:sizes=9038,mtu=9000,subnets=10.0.0.0/16,count=20k", "--frames", "--zero-copy"],
  ];
  for (const [adapter, ...more] of cases) {
    const done = await offline(scratch, ["--adapter", adapter!, ...vr, ...more]);
    equal(done.code, 0, done.stderr);
    const totals = totalsOf(done.stdout);
    deepEqual([totals.received, totals.sent, totals.dropped], [20_000, 20_000, 0], adapter);
  }
});

Deno.test("no privilege is needed, and nothing of the kernel's is touched", async () => {
  await using scratch = await Scratch.make();
  const none = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"];
  const seen = await run(none[0]!, [...none.slice(1), "grep", "CapEff", "/proc/self/status"]);
  match(seen.stdout, /0000000000000000/);
  const done = await offline(scratch, ["--adapter", "memory:count=10k", ...two], { through: none });
  equal(done.code, 0, done.stderr);
  equal(totalsOf(done.stdout).sent, 10_000);
});

Deno.test("frames of sources that nobody serves are counted as kept, and the run ends", async () => {
  await using scratch = await Scratch.make();
  const adapter = "memory:subnets=10.0.1.0/24+10.9.0.0/16,count=1000";
  const done = await offline(scratch, ["--adapter", adapter, "--vr", "10.0.1.0/24=cppvr"]);
  equal(done.code, 0, done.stderr);
  const totals = totalsOf(done.stdout);
  deepEqual([totals.sent, totals["kept by the kernel"]], [500, 500]);
});

Deno.test("options of a VR that name no port are told of, and end the run", async () => {
  await using scratch = await Scratch.make();
  const vr = ["--vr", "10.0.1.0/24=cppvr --relay eth0=mem1"];
  const done = await offline(scratch, ["--adapter", "memory:count=1", ...vr]);
  equal(done.code, 3);
  match(done.stderr, /'eth0' is no port of lvrm/);
});
