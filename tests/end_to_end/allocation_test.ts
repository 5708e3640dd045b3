/** VRIs come and go with the traffic: nothing is lost or overtaken, and all is explained. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  compileVr,
  eventually,
  imbalance,
  isAlive,
  type Lvrm,
  must,
  Sink,
  standbyPids,
  type Status,
  subnetsOf,
  Testbed,
  vriPids,
} from "../testbed/mod.ts";

const vr = ["--vr", `${subnetsOf("s1", "r1")}=cppvr`];
/** Up to three VRIs on however few cores, one for each 4,000 frames per second. */
const elastic = ["--core-rate", "4k", "--max-cores", "3", "--overcommit", "--period", "50ms"];

const cores = (n: number) => (it: Status): boolean => {
  const [vr] = it.vrs;
  return vr!.cores === n && vr!.vris.filter((vri) => vri.state === "running").length === n;
};

/** Whether it was decided, some time, that the VR has so many cores. */
const had = (n: number) => (it: Status): boolean => it.decisions.some((one) => one.after === n);

/** Sends at this rate from s1 to r1; returns a status of then that meets the condition. */
async function send(
  bed: Testbed,
  lvrm: Lvrm,
  rate_fps: number,
  met: (status: Status) => boolean,
  inOrder = true,
): Promise<Status> {
  await using sink = await Sink.start(bed.r1, { run: rate_fps });
  await using sender = await bed.send({
    ...{ seconds: 4, rate_fps, wire_bytes: 84, flows: 64, run: rate_fps },
  });
  const status = await lvrm.until(met, `cores at ${rate_fps} frames per second`);
  const { sent_frames } = await sender.done();
  const { vrs } = await lvrm.atRest();
  const arrived = await sink.stop(300);
  // A busy machine may lose some on the way to lvrm; of those that it got it loses none.
  deepEqual(vrs[0]!.drops, {});
  ok(arrived.different_frames > sent_frames / 2, JSON.stringify({ sent_frames, arrived }));
  equal(arrived.duplicate_frames, 0);
  if (inOrder) equal(arrived.reordered_frames, 0, JSON.stringify(arrived));
  return status;
}

Deno.test("cores follow the traffic; TCP goes on, no frame is lost or overtaken", async () => {
  await using bed = await Testbed.create();
  await using lvrm = await bed.startLvrm([...vr, ...elastic]);
  await bed.r1.serve();
  await bed.s1.ping(bed.r1.link.host4, { count: 2 });
  equal((await lvrm.status()).vrs[0]!.cores, 1);
  const moved = bed.s1.transfer(bed.r1.link.host4, {
    ...{ up_bytes: 3_000_000, down_bytes: 3_000_000, rate_bps: 2_000_000, timeout_s: 90 },
  });
  moved.catch(() => {}); // told of below, unless something else fails first
  for (const [rate_fps, wanted] of [[6000, 2], [11_000, 3]] as const) {
    await send(bed, lvrm, rate_fps, had(wanted));
  }
  await lvrm.until(cores(1), "no traffic, one core");
  const { up_bytes, down_bytes } = await moved;
  deepEqual([up_bytes, down_bytes], [3_000_000, 3_000_000]);
  const status = await lvrm.until(
    (it) => it.totals.in_flight_frames === 0 && cores(1)(it),
    "nothing in flight",
  );
  equal(imbalance(status), 0, JSON.stringify(status.totals));
  deepEqual(status.vrs[0]!.drops, {});
  explained(status);
  ok(lvrm.log.includes("vr1: 1 core → 2 cores, since "), lvrm.log);
  equal((await lvrm.stop()).code, 0);
  deepEqual(await lvrm.leftovers(), []);
});

/** Each change of cores has its record, and they follow from one another. */
function explained({ decisions }: Status): void {
  ok(decisions.length >= 4, `${decisions.length} decisions`);
  let cores = 1;
  for (const it of decisions) {
    equal(it.before, cores);
    equal(Math.abs(it.after - it.before), 1, "dynamic changes one core per period");
    cores = it.after;
    match(it.rule, it.after > it.before ? /^above$/ : /^below$/);
    ok(it.reason !== "" && it.inputs["arrival_rate_fps"]! >= 0 && !it.dry_run);
    ok(it.took_us === null || it.took_us > 0);
  }
  equal(cores, 1);
  ok(decisions.some((it) => it.after > it.before && it.took_us !== null), "one is timed");
}

Deno.test("frame by frame every VRI serves as soon as it is there, and tells how soon", async () => {
  await using bed = await Testbed.create();
  await using lvrm = await bed.startLvrm([...vr, ...elastic, "--frames"]);
  await bed.s1.ping(bed.r1.link.host4, { count: 2 });
  const status = await send(bed, lvrm, 11_000, had(3), false);
  const [first] = status.vrs[0]!.vris;
  ok(first!.unparked_us! > 0 && first!.first_frame_us! >= first!.unparked_us!);
  const timed = (it: Status) => it.decisions.filter((one) => one.took_us !== null);
  const { decisions } = await lvrm.until((it) => timed(it).length >= 3, "allocations are timed");
  ok(decisions.every((it) => it.took_us === null || it.took_us > 0), JSON.stringify(decisions));
  equal((await lvrm.stop()).code, 0);
});

Deno.test("a standby is always there, takes a killed VRI's place, and is replaced", async () => {
  await using bed = await Testbed.create();
  await using lvrm = await bed.startLvrm([...vr, "--vris", "2"]);
  await bed.r1.serve();
  const moved = bed.s1.transfer(bed.r1.link.host4, {
    ...{ up_bytes: 3_000_000, down_bytes: 3_000_000, rate_bps: 4_000_000, timeout_s: 90 },
  });
  moved.catch(() => {}); // told of below, unless something else fails first
  const whole = (it: Status) =>
    vriPids(it).length === 2 && standbyPids(it).length === 1 &&
    it.vrs[0]!.vris.filter((vri) => vri.state === "running").length === 2;
  for (let round = 0; round < 3; round++) {
    const before = await lvrm.until(whole, "two VRIs and a standby");
    const [standby] = standbyPids(before);
    if (round % 2 === 0) {
      const [victim] = vriPids(before);
      Deno.kill(victim!, "SIGKILL");
      await lvrm.until((it) => vriPids(it).includes(standby!), "the standby runs");
    }
    if (round > 0) {
      const seen = await lvrm.until(whole, "whole again");
      const [next] = standbyPids(seen);
      Deno.kill(next!, "SIGKILL");
      await lvrm.until((it) => whole(it) && !standbyPids(it).includes(next!), "another standby");
      ok(vriPids(seen).every(isAlive), "nobody else minds");
    }
  }
  const { up_bytes, down_bytes } = await moved;
  deepEqual([up_bytes, down_bytes], [3_000_000, 3_000_000]);
  const status = await lvrm.atRest();
  equal(imbalance(status), 0, JSON.stringify(status.totals));
  equal((await lvrm.stop()).code, 0);
  deepEqual(await lvrm.leftovers(), []);
});

Deno.test("without standbys a new VRI is a new process", async () => {
  await using bed = await Testbed.create();
  await using lvrm = await bed.startLvrm([...vr, ...elastic, "--standbys", "0"]);
  await bed.s1.ping(bed.r1.link.host4, { count: 2 });
  equal(standbyPids(await lvrm.status()).length, 0);
  await send(bed, lvrm, 6000, had(2));
  await lvrm.until((it) => cores(1)(it) && vriPids(it).length === 1, "one process again");
  equal((await lvrm.stop()).code, 0);
});

Deno.test("a dry run decides, says so, and changes nothing", async () => {
  await using bed = await Testbed.create();
  await using lvrm = await bed.startLvrm([...vr, ...elastic, "--dry-run"]);
  await bed.s1.ping(bed.r1.link.host4, { count: 2 });
  const status = await send(bed, lvrm, 11_000, had(3));
  deepEqual([status.vrs[0]!.cores, vriPids(status).length], [1, 1]);
  ok(status.decisions.every((it) => it.dry_run && it.took_us === null));
  ok(lvrm.log.includes("dry run: nothing is changed"), lvrm.log);
  equal((await lvrm.stop()).code, 0);
});

Deno.test("a VR that crashes over and over gives up its cores, and gets them back", async () => {
  const directory = await Deno.makeTempDir({ prefix: "lvrm-vr-" });
  const file = await Deno.makeTempFile({ prefix: "lvrm-bad-" });
  try {
    const program = await compileVr("tests/vrs/hostile.c", directory);
    await Deno.remove(file);
    await using bed = await Testbed.create();
    await using lvrm = await bed.startLvrm([
      ...["--vr", `${subnetsOf("s1")}=${program} exits 0 ${file}`],
      ...["--vr", `${subnetsOf("s2", "r2")}=cppvr`, "--vris", "2", "--period", "50ms"],
    ]);
    const before = await lvrm.until((it) => standbyPids(it).length === 2, "all are there");
    deepEqual(before.vrs.map((it) => [it.cores, it.broken]), [[2, false], [2, false]]);
    await Deno.writeTextFile(file, "");
    const [first] = before.vrs;
    for (const { pid } of first!.vris) Deno.kill(pid!, "SIGKILL");
    const broken = await lvrm.until((it) => it.vrs[0]!.broken && it.vrs[0]!.cores === 1, "broken");
    const decision = broken.decisions.find((it) => it.rule === "broken")!;
    deepEqual([decision.vr, decision.before, decision.after], ["vr1", 2, 1]);
    deepEqual(
      [broken.vrs[1]!.cores, broken.vrs[1]!.broken],
      [2, false],
      "the other VR has all its cores",
    );
    equal((await bed.s2.ping(bed.r2.link.host4, { count: 5 })).received, 5);
    await Deno.remove(file);
    const after = await lvrm.until(
      ({ vrs }) => {
        const running = vrs[0]!.vris.filter((vri) => vri.state === "running");
        return !vrs[0]!.broken && vrs[0]!.cores === 2 && running.length === 2;
      },
      "it lasts, and has its cores again",
      60_000,
    );
    equal(imbalance(after), 0);
    equal((await lvrm.stop()).code, 0);
    deepEqual(await lvrm.leftovers(), []);
  } finally {
    await Deno.remove(directory, { recursive: true });
    await Deno.remove(file).catch(() => {});
  }
});

Deno.test("a core that lvrm may not use any more: its VRI moves, with a warning, and back", async () => {
  await using bed = await Testbed.create();
  await using lvrm = await bed.startLvrm([...vr, "--cores", "0,1", "--period", "50ms"]);
  const status = await lvrm.status();
  const [pid] = vriPids(status);
  equal(status.vrs[0]!.vris[0]!.core, 1);
  const allowed = (pid: number) =>
    /^Cpus_allowed_list:\s+(\S+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]!;
  match(allowed(pid!), /^[01]$/); // at home, or the dispatcher's guest
  const ping = bed.s1.ping(bed.r1.link.host4, { count: 200, interval_ms: 10 });
  await must("taskset", ["-pc", "0", String(lvrm.pid)]);
  const alone = await lvrm.until((it) => it.vrs[0]!.vris[0]!.core === 0, "the VRI moves");
  deepEqual([allowed(pid!), vriPids(alone)], ["0", [pid]]);
  ok(lvrm.log.includes("core 1 is no longer permitted to lvrm: vr1.1 moves to core 0"), lvrm.log);
  await must("taskset", ["-pc", "0,1", String(lvrm.pid)]);
  await eventually(() => lvrm.log.includes("core 1 can be used again"), "core 1 is back");
  // A VRI keeps its core; the next one gets the free one.
  Deno.kill(pid!, "SIGKILL");
  await lvrm.until((it) => it.vrs[0]!.vris[0]!.restarts === 1, "another VRI");
  const { received, errors } = await ping;
  deepEqual([received >= 199, errors], [true, []], "a killed VRI costs what it had in its hands");
  equal((await lvrm.stop()).code, 0);
});
