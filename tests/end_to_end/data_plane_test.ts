/** The data plane's options on real frames: estimators, busy polling, idle times. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { manifest } from "../../ffi/abi.gen.ts";
import {
  imbalance,
  Sink,
  standbyPids,
  type Status,
  subnetsOf,
  Testbed,
  vriPids,
} from "../testbed/mod.ts";

const vr = ["--vr", `${subnetsOf("s1", "r1")}=cppvr`];

/** Sends `count` frames of 64 flows from s1 to r1; returns how many different ones arrived. */
async function send(bed: Testbed, count: number, rate_fps: number): Promise<number> {
  await using sink = await Sink.start(bed.r1, { run: 5 });
  await using sender = await bed.send({
    ...{ seconds: 20, count, rate_fps, wire_bytes: 84, flows: 64, run: 5 },
  });
  await sender.done();
  return (await sink.stop()).different_frames;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

Deno.test("every load estimator drives the balancer, and the arrival rate is always there", async (t) => {
  await using bed = await Testbed.create();
  for (const estimator of manifest.load_estimators) {
    await t.step(estimator, async () => {
      const words = ["--vris", "2", "--load-estimator", estimator, "--load-weight", "0.5"];
      await using lvrm = await bed.startLvrm([...vr, ...words]);
      await bed.s1.ping(bed.r1.link.host4, { count: 2 });
      const sending = send(bed, 20_000, 10_000);
      const busy = await lvrm.until((it) => it.vrs[0]!.arrival_rate_fps > 2000, "a rate shows");
      ok(busy.vrs[0]!.arrival_rate_fps < 40_000, `${busy.vrs[0]!.arrival_rate_fps}`);
      equal(await sending, 20_000);
      const status = await lvrm.until((it) => it.vrs[0]!.arrival_rate_fps < 10, "it decays");
      const { vris } = status.vrs[0]!;
      for (const vri of vris.filter((it) => it.state === "running")) {
        ok(vri.received_frames > 0, JSON.stringify(vris)); // how even it is, lies with the flows
        ok(sum(vri.batches) > 0 && sum(vri.batches) <= vri.received_frames);
      }
      const { batches, received_frames: all } = status.totals;
      ok(sum(batches) > 0 && sum(batches) <= all, JSON.stringify(batches));
      equal(imbalance(status), 0);
      equal((await lvrm.stop()).code, 0);
    });
  }
});

Deno.test("VRIs of one VR find a neighbour together, and lose no frame of it", async () => {
  await using bed = await Testbed.create();
  await using lvrm = await bed.startLvrm([...vr, "--vris", "2"]);
  for (let round = 0; round < 3; round++) {
    await bed.gateway.ip("neigh flush dev r1");
    equal(await send(bed, 60, 1000), 60);
  }
  const status = await lvrm.atRest();
  deepEqual(status.vrs[0]!.drops, {});
});

/** How often a process gave up its core to wait, so far. */
function sleeps(pid: number): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(text)![1]);
}

async function sleepsWhileIdle(status: Status): Promise<number[]> {
  const pids = vriPids(status);
  const before = pids.map(sleeps);
  await new Promise((resolve) => setTimeout(resolve, 500));
  return pids.map((pid, i) => sleeps(pid) - before[i]!);
}

Deno.test("with --busy-poll nobody sleeps, not even on a shared core; without it all do", async (t) => {
  await using bed = await Testbed.create();
  for (const words of [["--busy-poll", "--cores", "0"], ["--busy-poll"], ["--idle-spins", "0"]]) {
    await t.step(words.join(" "), async () => {
      await using lvrm = await bed.startLvrm([...vr, "--vris", "2", ...words]);
      const counts = await sleepsWhileIdle(await lvrm.status());
      const polls = words[0] === "--busy-poll";
      ok(counts.every((count) => polls ? count === 0 : count > 3), JSON.stringify(counts));
      equal((await bed.s1.ping(bed.r1.link.host4, { count: 50, interval_ms: 2 })).received, 50);
      equal((await lvrm.stop()).code, 0);
    });
  }
});

/** Milliseconds that a process and its threads ran. */
function ran_ms(pid: number): number {
  const threads = [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => name);
  const ran_ns = (thread: string) =>
    Number(Deno.readTextFileSync(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0]);
  return sum(threads.map(ran_ns)) / 1e6;
}

Deno.test("four idle VRs of two VRIs need next to nothing", async () => {
  await using bed = await Testbed.create();
  const vrs = [1, 2, 3, 4].flatMap((n) => ["--vr", `10.0.${n}.0/24=cppvr`]);
  await using lvrm = await bed.startLvrm([...vrs, "--vris", "2"]);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const status = await lvrm.status();
  const pids = [lvrm.pid, ...vriPids(status), ...standbyPids(status)];
  equal(pids.length, 13);
  const shares: number[] = [];
  // The quietest of three: what others do on this machine counts as ours when caches are cold.
  for (let n = 0; n < 3; n++) {
    const before = pids.map(ran_ms);
    const start_ms = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const used_ms = sum(pids.map((pid, i) => ran_ms(pid) - before[i]!));
    shares.push(used_ms / (performance.now() - start_ms));
  }
  ok(Math.min(...shares) < 0.01, `shares of a core: ${shares}`);
});
