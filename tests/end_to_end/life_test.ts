/** Starting, stopping, and the deaths of VRIs and of lvrm itself, with traffic on the way. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  eventually,
  imbalance,
  isAlive,
  type Lvrm,
  processesIn,
  segments,
  standbyPids,
  type Status,
  subnetsOf,
  Testbed,
  vriPids,
} from "../testbed/mod.ts";

const everything = ["--vr", "0.0.0.0/0,::/0=cppvr"];

/** Kills one VRI and waits until another process runs in its place. */
async function killAndWait(lvrm: Lvrm, pid: number, running: number): Promise<Status> {
  Deno.kill(pid, "SIGKILL");
  return await lvrm.until(
    (status) => {
      const vris = status.vrs.flatMap((vr) => vr.vris);
      return !vris.some((vri) => vri.pid === pid) &&
        vris.filter((vri) => vri.state === "running").length === running;
    },
    `VRI ${pid} is replaced`,
  );
}

Deno.test("a TCP transfer survives the death of each VRI in turn", async () => {
  await using bed = await Testbed.create();
  const lvrm = await bed.startLvrm([...everything, "--vris", "2"]);
  await bed.r1.serve();
  const pids = vriPids(await lvrm.status());
  equal(pids.length, 2);
  // Paced, so that it is still on its way when the second VRI dies.
  const moved = bed.s1.transfer(bed.r1.link.host4, {
    ...{ up_bytes: 6_000_000, down_bytes: 6_000_000, rate_bps: 8_000_000, timeout_s: 60 },
  });
  let last: Status | undefined;
  for (const pid of pids) last = await killAndWait(lvrm, pid, 2);
  const { up_bytes, down_bytes } = await moved;
  deepEqual([up_bytes, down_bytes], [6_000_000, 6_000_000]);
  const restarts = last!.vrs[0]!.vris.reduce((sum, vri) => sum + vri.restarts, 0);
  ok(restarts >= 2, `restarts are shown: ${JSON.stringify(last!.vrs[0]!.vris)}`);
  const status = await lvrm.atRest();
  equal(imbalance(status), 0, JSON.stringify(status.totals));
  await eventually(() => !pids.some(isAlive), "killed VRIs are reaped");
});

Deno.test("a stopped VRI is replaced although it never exits by itself", async () => {
  await using bed = await Testbed.create();
  const lvrm = await bed.startLvrm(everything);
  const [pid] = vriPids(await lvrm.status());
  Deno.kill(pid!, "SIGSTOP");
  await lvrm.until((it) => {
    const [vri] = it.vrs[0]!.vris;
    return vri?.state === "running" && vri.pid !== pid;
  }, "the silent VRI is replaced");
  await eventually(() => !isAlive(pid!), "the stopped process is gone");
  equal((await bed.s1.ping(bed.r1.link.host4, { count: 5 })).received, 5);
});

Deno.test("a machine that stands still for a while, as a virtual one may, costs no VRI", async () => {
  await using bed = await Testbed.create();
  const lvrm = await bed.startLvrm([...everything, "--vris", "2"]);
  const before = await lvrm.until((it) => standbyPids(it).length === 1, "a standby");
  const vris = [...vriPids(before), ...standbyPids(before)];
  const all = [lvrm.pid, ...vris];
  for (const pid of all) Deno.kill(pid, "SIGSTOP");
  try {
    await new Promise((resolve) => setTimeout(resolve, 3000));
  } finally {
    for (const pid of all) Deno.kill(pid, "SIGCONT");
  }
  equal((await bed.s1.ping(bed.r1.link.host4, { count: 5 })).received, 5);
  const after = await lvrm.status();
  deepEqual([...vriPids(after), ...standbyPids(after)], vris);
  // One that stays silent is found all the same.
  Deno.kill(vris[0]!, "SIGSTOP");
  const seen = await lvrm.until((it) => !vriPids(it).includes(vris[0]!), "it is replaced");
  match(seen.vrs[0]!.vris[0]!.last_failure ?? "", /^no heartbeat for 2\.\d s$/);
});

Deno.test("SIGTERM and SIGINT end lvrm with 0 under traffic, and leave nothing", async () => {
  await using bed = await Testbed.create({ forwarding: true });
  await bed.r1.serve();
  const moved = bed.s1.transfer(bed.r1.link.host4, {
    ...{ up_bytes: 4_000_000, down_bytes: 4_000_000, rate_bps: 8_000_000, timeout_s: 60 },
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const lvrm = await bed.startLvrm(everything);
    const { code } = await lvrm.stop(signal);
    equal(code, 0, `${signal}: ${lvrm.log.slice(-1000)}`);
    deepEqual(await lvrm.leftovers(), []);
    await eventually(() => !exists(lvrm.socket), "the control socket is removed");
  }
  // Frames went through lvrm, the kernel, lvrm and the kernel: none of their contents was lost.
  const { up_bytes, down_bytes } = await moved;
  deepEqual([up_bytes, down_bytes], [4_000_000, 4_000_000]);
});

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

Deno.test("when the monitor dies, its VRIs end within a second, busy or idle", async () => {
  await using bed = await Testbed.create();
  const lvrm = await bed.startLvrm([
    ...["--vr", `${subnetsOf("s1", "r1")}=cppvr`, "--vr", `${subnetsOf("s2", "r2")}=cppvr`],
  ]);
  const status = await lvrm.status();
  const pids = [...vriPids(status), ...standbyPids(status)];
  equal(pids.length, 4);
  const ping = bed.s1.ping(bed.r1.link.host4, { count: 400, interval_ms: 5, timeout_ms: 500 });
  await bed.s1.ping(bed.r1.link.host4, { count: 1 });
  await lvrm.stop("SIGKILL");
  // The limit is 1 s; a busy machine may take longer to schedule what we look at.
  await eventually(() => !pids.some(isAlive), "VRIs end", 3000);
  await eventually(() => segments(lvrm.pid).length === 0, "segments vanish", 3000);
  await ping;
});

Deno.test("a socket file left by SIGKILL is replaced", async () => {
  await using bed = await Testbed.create();
  const lvrm = await bed.startLvrm(everything);
  await lvrm.stop("SIGKILL");
  ok(exists(lvrm.socket));
  const second = await bed.startLvrm([...everything, "--socket", lvrm.socket]);
  equal((await bed.s1.ping(bed.r1.link.host4, { count: 2 })).received, 2);
  equal((await second.stop()).code, 0);
});

Deno.test("100 starts and stops leave no segment, process or table", async () => {
  await using bed = await Testbed.create();
  const pids: number[] = [];
  let bad = "";
  // Two lanes: one lvrm per interface, so that they don't serve the same subnet.
  const lane = async (host: "s1" | "s2"): Promise<void> => {
    for (let round = 0; round < 50; round++) {
      const words = ["--vr", `${subnetsOf(host)}=cppvr`, "--interface", host];
      const until = round % 2 === 0 ? "answering" : "started";
      const lvrm = await bed.startLvrm(words, { until });
      pids.push(lvrm.pid);
      // Every fifth is killed; of the others, half are stopped while they still start.
      const signal = round % 5 === 4 ? "SIGKILL" : "SIGTERM";
      const done = await lvrm.stop(signal);
      if (signal === "SIGTERM" && until === "answering" && done.code !== 0) {
        bad += `round ${round}: ${done.code} ${done.stderr.slice(-500)}\n`;
      }
    }
  };
  await Promise.all([lane("s1"), lane("s2")]);
  equal(bad, "");
  await eventually(() => segments(...pids).length === 0, "no segment is left");
  deepEqual(await bed.gateway.agent.call("nft_tables"), []);
  await eventually(
    async () =>
      (await processesIn(bed.gateway.namespace)).every((pid) => pid === bed.gateway.agent.pid),
    "no process is left",
  );
});
