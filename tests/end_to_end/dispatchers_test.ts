/**
 * Several dispatchers: all frames of a flow have one of them, and what both do adds up. On each
 * adapter that spreads flows over them.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  generated,
  imbalance,
  type Lvrm,
  type SendResult,
  Sink,
  startSending,
  Testbed,
  vriPids,
} from "../testbed/mod.ts";
import { remake } from "../testbed/queues.ts";

const adapters = ["raw", "packet_mmap", "af_xdp"];
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
  const status = await lvrm.until((it) => it.totals.in_flight_frames === 0, "nothing in flight");
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

  Deno.test(`${adapter}, two dispatchers: no frame of a flow overtakes another, whatever VRIs do`, async () => {
    await using bed = await make(adapter);
    const grows = ["--core-rate", "4000", "--max-cores", "2", "--period", "500ms", "--overcommit"];
    const lvrm = await bed.startLvrm([...two, "--adapter", adapter, ...grows]);
    equal((await bed.s1.ping(bed.r1.link.host4, { count: 1, timeout_ms: 5000 })).received, 1);
    await using sink = await Sink.start(bed.r1, { run: 5 });
    const send = (rate_fps: number, count: number) => ({
      ...{ source: bed.s1.link.host4, destination: bed.r1.link.host4, flows: 200, run: 5 },
      ...{ seconds: 30, rate_fps, count },
    });
    const mac = await bed.gateway.mac("s1");
    await using sender = startSending(bed.s1, mac, send(10_000, 40_000));
    for (let round = 0; round < 3; round++) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      Deno.kill(vriPids(await lvrm.status())[0]!, "SIGKILL");
    }
    const sent = await generated<SendResult>(sender);
    equal(sent.sent_frames, 40_000);
    const result = await sink.stop(500);
    equal(result.reordered_frames, 0, JSON.stringify(result));
    equal(result.duplicate_frames, 0, JSON.stringify(result));
    ok(result.different_frames > sent.sent_frames / 2, JSON.stringify({ sent, result }));
    await settle(lvrm);
  });
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
