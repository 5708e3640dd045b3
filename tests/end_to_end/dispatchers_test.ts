/**
 * Several dispatchers: all frames of a flow have one of them, and what both do adds up. On each
 * adapter that spreads flows over them.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  imbalance,
  type Lvrm,
  Sink,
  type Status,
  Testbed,
  vriPids,
  Watch,
} from "../testbed/mod.ts";
import { remake } from "../testbed/queues.ts";

const adapters = ["raw", "packet_mmap", "af_xdp"];
/** Up to three VRIs on however few cores, one for each 4,000 frames per second. */
const elastic = ["--core-rate", "4k", "--max-cores", "3", "--overcommit", "--period", "50ms"];
const two = ["--dispatchers", "2", "--vr", "0.0.0.0/0,::/0=cppvr"];

/** The testbed, with a queue for each dispatcher where the adapter goes by queues. */
async function make(adapter: string): Promise<Testbed> {
  const bed = await Testbed.create();
  if (adapter === "af_xdp") {
    for (const name of ["s1", "r1"] as const) {
      await remake(bed, name, 2);
    }
  }
  return bed;
}

/** Waits for rest, in which the equation holds over the sum and each dispatcher had frames. */
async function settle(lvrm: Lvrm): Promise<void> {
  const status = await lvrm.atRest();
  equal(imbalance(status), 0);
  const received = status.dispatchers.map((it) => it.received_frames);
  const sum = received.reduce((a, b) => a + b, 0);
  equal(sum, status.totals.received_frames);
  ok(received.length === 2 && received.every((it) => it > 0), `both had frames: ${received}`);
}

for (const adapter of adapters) {
  Deno.test(`${adapter}, two dispatchers: echoes and connections both ways, a VRI killed amid`, async () => {
    await using bed = await make(adapter);
    const lvrm = await bed.startLvrm([...two, "--adapter", adapter, "--vris", "2"]);
    const { link } = bed.r1;
    for (const to of [link.host4, link.host6]) {
      const { received, duplicates } = await bed.s1.ping(to, { count: 20, timeout_ms: 5000 });
      deepEqual([received, duplicates], [20, 0]);
    }
    await bed.r1.serve();
    const transfers = Array.from(
      { length: 8 },
      () => bed.s1.transfer(link.host4, { up_bytes: 400_000, down_bytes: 400_000 }),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    Deno.kill(vriPids(await lvrm.status())[0]!, "SIGKILL");
    for (const { up_bytes, down_bytes } of await Promise.all(transfers)) {
      deepEqual([up_bytes, down_bytes], [400_000, 400_000]);
    }
    await settle(lvrm);
    const stopped = await lvrm.stop("SIGTERM");
    equal(stopped.code, 0, stopped.stderr);
  });

  Deno.test(`${adapter}, two dispatchers: VRIs come, go and die; flows keep their order`, async () => {
    await using bed = await make(adapter);
    const lvrm = await bed.startLvrm([...two, "--adapter", adapter, ...elastic]);
    const { host4: address } = bed.r1.link;
    await bed.r1.agent.call("udp_discard", { address, port: 9 }); // no answers to lvrm-gen's
    equal((await bed.s1.ping(address, { count: 1, timeout_ms: 5000 })).received, 1);
    await using watch = Watch.start(lvrm);
    const grown = await during(bed, lvrm, 11_000, async () => {
      await lvrm.until((it) => it.decisions.some((one) => one.after === 3), "three cores");
    });
    deepEqual(grown, [], "what grows loses nothing");
    const killed = await during(bed, lvrm, 11_000, async () => {
      for (let round = 0; round < 3; round++) await kill(lvrm);
    });
    deepEqual(killed.filter((it) => it !== "vri_died"), []);
    const shrunk = await during(bed, lvrm, 1000, async () => {
      await lvrm.until((it) => it.vrs[0]!.cores === 1, "one core");
      await lvrm.until((it) => vriPids(it).length === 1, "the others have left");
    });
    deepEqual(shrunk, [], "what leaves loses nothing");
    ok(await watch.stop() > 50, "the accounts were looked at");
    await settle(lvrm);
    equal((await lvrm.stop()).code, 0);
  });
}

/** Kills the VRI that has most to do, and waits until frames go by the others, or its successor. */
async function kill(lvrm: Lvrm): Promise<void> {
  const { vrs, totals } = await lvrm.status();
  const [busiest] = vrs[0]!.vris.filter((it) => it.state === "running" && it.pid !== null)
    .sort((a, b) => b.received_frames - a.received_frames);
  Deno.kill(busiest!.pid!, "SIGKILL");
  await lvrm.until(
    (it) =>
      !vriPids(it).includes(busiest!.pid!) && it.totals.sent_frames > totals.sent_frames + 2000,
    "frames go on without it",
  );
}

let runs = 0;

/**
 * Sends frames of 200 flows from s1 to r1 while something happens. None comes twice or overtakes
 * another of its flow, and those that didn't come are told; returns why, but for VRIs that a busy
 * machine kept from their work too long.
 */
async function during(
  bed: Testbed,
  lvrm: Lvrm,
  rate_fps: number,
  happens: () => Promise<void>,
): Promise<string[]> {
  const run = ++runs;
  const before = await atRest(lvrm);
  await using sink = await Sink.start(bed.r1, { run });
  await using sender = await bed.send({ flows: 200, run, seconds: 60, rate_fps });
  await happens();
  const { sent_frames } = await sender.halt();
  const after = await atRest(lvrm);
  const seen = await sink.stop(300);
  const drops = Object.fromEntries(
    Object.entries(after.totals.drops)
      .map(([name, count]) => [name, count - (before.totals.drops[name] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  );
  const told = JSON.stringify({ sent_frames, seen, drops });
  deepEqual([seen.reordered_frames, seen.duplicate_frames, seen.missed_frames], [0, 0, 0], told);
  const missed = (it: Status) => it.interfaces.reduce((sum, { missed_frames: n }) => sum + n, 0);
  const dropped = after.totals.dropped_frames - before.totals.dropped_frames;
  const lost = dropped + missed(after) - missed(before);
  equal(seen.different_frames + lost, sent_frames, told);
  return Object.keys(drops).filter((name) => !["queue_full", "arena_full"].includes(name));
}

/** The status once nothing moves any more. */
async function atRest(lvrm: Lvrm): Promise<Status> {
  let last = -1;
  return await lvrm.until((it) => {
    const same = it.totals.received_frames === last && it.totals.in_flight_frames === 0;
    last = it.totals.received_frames;
    return same;
  }, "at rest");
}

Deno.test("an interface with fewer queues than dispatchers works with those, and the log says so", async () => {
  await using bed = await Testbed.create();
  const lvrm = await bed.startLvrm([...two, "--adapter", "af_xdp"]);
  match(lvrm.log, /s1 has 1 queue for 1 of 2 dispatchers: the others have no frames to receive/);
  equal((await bed.s1.ping(bed.r1.link.host4, { count: 5, timeout_ms: 5000 })).received, 5);
  await remake(bed, "s1", 2); // its frames leave by interfaces where a dispatcher has no queue
  await bed.r1.serve();
  const transfers = Array.from(
    { length: 8 },
    () => bed.s1.transfer(bed.r1.link.host4, { up_bytes: 50_000, down_bytes: 50_000 }),
  );
  for (const { down_bytes } of await Promise.all(transfers)) equal(down_bytes, 50_000);
  await settle(lvrm);
});

Deno.test("two dispatchers replay a trace in RAM as one does: the same frames, each flow whole", async () => {
  await using bed = await Testbed.create();
  const trace = "memory:sizes=84,count=100000,flows=500";
  const lvrm = await bed.startLvrm([
    ...["--dispatchers", "2", "--vr", "10.0.1.0/24=cppvr", "--vris", "2", "--adapter", trace],
  ], { until: "started" });
  const done = await lvrm.process.finish(60_000, "a run of 100,000 frames");
  equal(done.code, 0, done.stderr);
  match(done.stdout + done.stderr, /received 100,000 \+/);
});

Deno.test("idle dispatchers cost next to nothing", async () => {
  await using bed = await Testbed.create();
  const lvrm = await bed.startLvrm([...two, "--adapter", "packet_mmap"]);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const before = dispatcherTime_ms(lvrm.process.pid);
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const used = dispatcherTime_ms(lvrm.process.pid).map((it, i) => it - before[i]!);
  equal(used.length, 2);
  for (const ms of used) ok(ms <= 60, `${used} ms of 4 s`);
});

/** Processor time of each dispatcher's thread. */
function dispatcherTime_ms(pid: number): number[] {
  const tasks = [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) =>
    `/proc/${pid}/task/${name}`
  );
  const named = (path: string) => Deno.readTextFileSync(`${path}/comm`).startsWith("lvrm-dispatch");
  return tasks.filter(named).map((path) => {
    const fields = Deno.readTextFileSync(`${path}/stat`).split(") ")[1]!.split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  });
}
