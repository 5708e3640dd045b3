/**
 * A core that goes while a VRI runs on it. lvrm runs in a mount namespace where the kernel's list
 * of online cores is a file of the test's: no core of this machine is touched, so that what else
 * runs here goes on. (The kernel's own part, that it lets those run anywhere that were pinned to a
 * core that went offline, is played by hand.)
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  eventually,
  type Lvrm,
  must,
  Sink,
  type Status,
  Testbed,
  vriPids,
} from "../testbed/mod.ts";

const online = "/sys/devices/system/cpu/online";

/** The first two cores of this process, if there are two. */
const cores = /^Cpus_allowed_list:\s*(.*)$/m.exec(Deno.readTextFileSync("/proc/self/status"))![1]!
  .split(",").flatMap((range) => {
    const [first, last] = range.split("-").map(Number);
    return Array.from({ length: (last ?? first!) - first! + 1 }, (_, i) => first! + i);
  });
const [first, second] = cores;
if (second === undefined) console.log("SKIPPED the loss of a core: this machine has one for us");

/** Where a process may run. */
const allowed = (pid: number): string =>
  /^Cpus_allowed_list:\s*(.*)$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]!;

const coreOf = (status: Status): number | null => status.vrs[0]!.vris[0]!.core;

/** Sends numbered frames from s1 to r1 while cores come and go: none is lost or overtaken. */
async function under(bed: Testbed, lvrm: Lvrm, happens: () => Promise<void>): Promise<void> {
  const { host4: destination } = bed.r1.link;
  await bed.r1.agent.call("udp_discard", { address: destination, port: 9 });
  equal((await bed.s1.ping(destination, { count: 1, timeout_ms: 5000 })).received, 1);
  await using sink = await Sink.start(bed.r1);
  await using sender = await bed.send({ destination, seconds: 120, rate_fps: 1000, flows: 16 });
  await happens();
  const { sent_frames: sent } = await sender.halt();
  await lvrm.atRest();
  const { different_frames, duplicate_frames, reordered_frames } = await sink.stop(300);
  deepEqual([different_frames, duplicate_frames, reordered_frames], [sent, 0, 0]);
}

Deno.test({
  name: "a core goes offline while in use: its VRI moves, with a warning, and loses no frame",
  ignore: second === undefined,
  fn: async () => {
    await using bed = await Testbed.create();
    const file = await Deno.makeTempFile({ prefix: "lvrm-online-" });
    try {
      const both = `${first},${second}\n`;
      await Deno.writeTextFile(file, both);
      const bind = `mount --bind ${file} ${online} && exec "$@"`;
      const lvrm = await bed.startLvrm([
        ...["--vr", "0.0.0.0/0,::/0=cppvr", "--vris", "1", "--period", "50ms"],
        ...["--cores", `${first},${second}`],
      ], { wrap: ["sh", "-c", bind, "sh"] });
      const before = await lvrm.status();
      const [pid] = vriPids(before);
      equal(coreOf(before), second);
      ok([`${first}`, `${second}`].includes(allowed(pid!)), "at home, or the dispatcher's guest");
      await under(bed, lvrm, async () => {
        await Deno.writeTextFile(file, `${first}\n`);
        await lvrm.until((it) => coreOf(it) === first, "the VRI has moved");
        equal(allowed(pid!), `${first}`);
        match(lvrm.log, new RegExp(`warning.*core ${second} went offline: vr1\\.1 moves to core`));
        equal((await bed.s1.ping(bed.r1.link.host4, { count: 20 })).received, 20);
        await Deno.writeTextFile(file, both);
        const back = `core ${second} can be used again`;
        await eventually(() => lvrm.log.includes(back), back);
        // What the kernel does to those on a core that goes offline is mended.
        await must("taskset", ["-pc", `${first},${second}`, `${pid}`]);
        await eventually(() => allowed(pid!) === `${first}`, "it is where it should be again");
      });
      const after = await lvrm.status();
      deepEqual(vriPids(after), [pid], "the same process");
      equal(after.vrs[0]!.vris[0]!.restarts, 0);
      equal((await lvrm.stop()).code, 0);
    } finally {
      await Deno.remove(file);
    }
  },
});

Deno.test({
  name: "a core is taken from lvrm, and given back: the same, and it says which it was",
  ignore: second === undefined,
  fn: async () => {
    await using bed = await Testbed.create();
    const lvrm = await bed.startLvrm([
      ...["--vr", "0.0.0.0/0,::/0=cppvr", "--vris", "1", "--period", "50ms"],
      ...["--cores", `${first},${second}`],
    ]);
    const [pid] = vriPids(await lvrm.status());
    await under(bed, lvrm, async () => {
      await must("taskset", ["-pc", `${first}`, `${lvrm.pid}`]);
      await lvrm.until((it) => coreOf(it) === first, "the VRI has moved");
      equal(allowed(pid!), `${first}`);
      match(lvrm.log, new RegExp(`core ${second} is no longer permitted to lvrm: vr1\\.1 moves`));
      await must("taskset", ["-pc", `${first},${second}`, `${lvrm.pid}`]);
      const back = `core ${second} can be used again`;
      await eventually(() => lvrm.log.includes(back), back);
    });
    ok((await lvrm.status()).vrs[0]!.vris[0]!.restarts === 0);
    equal((await lvrm.stop()).code, 0);
  },
});
