/** Over the library as built (`deno task build`); no root needed. */
import { equal, ok, rejects, throws } from "node:assert/strict";
import { join } from "node:path";
import { parseCpuList } from "../mod/config/mod.ts";
import { runtimeDirectory } from "../mod/runtime/mod.ts";
import { abiHash, layout, limits } from "./abi.gen.ts";
import { Core, CoreError } from "./core.ts";
import { SnapshotReader } from "./stats.ts";

const library = join(runtimeDirectory(), "lib", "liblvrm.so");
const idle = { spins: 0, yields: 0 };
const ESRCH = 3;
const EINVAL = 22;

Deno.test("load() says what is wrong with a library, and crashes over none", () => {
  throws(() => Core.load("/nonexistent/liblvrm.so"), (error) => {
    return error instanceof CoreError && error.message.includes("/nonexistent/liblvrm.so");
  });
  throws(() => Core.load(library, abiHash + 1n), (error) => {
    return error instanceof CoreError && error.message.includes("different builds");
  });
});

Deno.test("numbers out of range never reach the library", () => {
  const core = Core.load(library);
  try {
    const vr = {
      vr: 0,
      slotBytes: limits.slot_bytes,
      slotCount: 64,
      balancer: 0,
      byFrame: false,
      flowCount: 64,
      flowIdleMs: 500,
      loadEstimator: 0,
      loadWeight: 32,
    };
    for (const bad of [-1, 1.5, 2 ** 32, NaN, Infinity]) {
      throws(() => core.vrCreate({ ...vr, vr: bad }), RangeError);
      throws(() => core.start({ cores: [bad - 1], idle, busyPoll: false }), RangeError);
      throws(() => core.portClose(bad), RangeError);
      throws(() => core.vriDestroy(bad), RangeError);
    }
  } finally {
    core.close();
  }
});

Deno.test("move() moves a live process between cores, the dispatcher too, and nobody else's", async () => {
  const allowed = parseCpuList(field("self", "Cpus_allowed_list")) ?? [];
  const core = Core.load(library);
  const child = new Deno.Command("sleep", { args: ["60"] }).spawn();
  try {
    equal(core.pinnedTo(child.pid), allowed.length > 1 ? null : allowed[0]);
    for (const to of allowed.slice(0, 2)) {
      core.move(child.pid, to);
      equal(field(child.pid, "Cpus_allowed_list"), String(to));
      equal(core.pinnedTo(child.pid), to);
    }
    const refused = (pid: number, to: number, errno: number) =>
      throws(
        () => core.move(pid, to),
        (error) => error instanceof CoreError && error.errno === errno,
      );
    refused(child.pid, 4095, EINVAL);
    refused(Deno.ppid, allowed[0]!, ESRCH);
    refused(0, allowed[0]!, EINVAL); // no dispatcher yet
    core.start({ cores: [allowed[0]!], idle, busyPoll: false });
    try {
      const last = allowed.at(-1)!;
      core.move(0, last);
      equal(core.pinnedTo(0), last);
      equal(field(`self/task/${await dispatcherTid()}`, "Cpus_allowed_list"), String(last));
    } finally {
      core.stop();
    }
  } finally {
    child.kill("SIGKILL");
    await child.status;
    equal(core.pinnedTo(child.pid), null);
    throws(() => core.move(child.pid, allowed[0]!), CoreError);
    core.close();
  }
});

/** A line of /proc/PID/status. */
function field(process: number | string, name: string): string {
  const status = Deno.readTextFileSync(`/proc/${process}/status`);
  return new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
}

/** Thread id of the dispatcher, which names itself first. */
async function dispatcherTid(): Promise<string> {
  for (let i = 0; i < 1000; i++) {
    for (const { name: tid } of Deno.readDirSync("/proc/self/task")) {
      const name = Deno.readTextFileSync(`/proc/self/task/${tid}/comm`).trim();
      if (name === "lvrm-dispatch") return tid;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("the dispatcher doesn't run");
}

const sizes = { slotBytes: limits.slot_bytes, slotCount: 64, flowCount: 64, flowIdleMs: 500 };
const vr = { vr: 0, ...sizes, balancer: 0, byFrame: false, loadEstimator: 0, loadWeight: 32 };

Deno.test("only a standby's first frames and a VRI's last ones are announced ahead of a plan", async () => {
  const core = Core.load(library);
  const fails = (state: "running" | "draining", vri: number, text: RegExp) =>
    throws(() => core.announce([{ vri, state }], 1n), text);
  try {
    fails("running", 0, /the dispatcher does not run/);
    core.start({ cores: [-1], idle, busyPoll: false });
    fails("running", 0, /VRI 0 does not exist/);
    fails("running", limits.max_vris, /vri/);
    core.vrCreate(vr);
    const capacities = { queueCapacity: 64, freeCapacity: 64, controlCapacity: 1 << 16 };
    core.vriCreate({ vri: 0, vr: 0, queue: 0, ...capacities });
    equal(core.announce([], 1n), true);
    // By the last plan it doesn't run: a later one, on its way yet, may say that it does.
    equal(core.announce([{ vri: 0, state: "draining" }], 1n), false);
    const many = Array(limits.max_announcements + 1).fill({ vri: 0, state: "running" } as const);
    equal(core.announce(many, 1n), false, "too many: the plan tells");
    equal(core.announce([{ vri: 0, state: "running" }], 1n), true);
    // It leaves as soon as the dispatcher has made that so.
    const deadline = performance.now() + 10_000;
    while (!core.announce([{ vri: 0, state: "draining" }], 1n)) {
      ok(performance.now() < deadline);
      await new Promise((resolve) => setTimeout(resolve));
    }
    equal(core.announce([{ vri: 0, state: "running" }], 1n), false);
  } finally {
    core.stop();
    core.close();
  }
});

Deno.test("errors of the library come with its own text and errno", () => {
  const core = Core.load(library);
  try {
    throws(
      () =>
        core.vrCreate({
          vr: 0,
          slotBytes: 7,
          slotCount: 64,
          balancer: 0,
          byFrame: false,
          flowCount: 64,
          flowIdleMs: 500,
          loadEstimator: 0,
          loadWeight: 32,
        }),
      (error) => {
        return error instanceof CoreError && error.errno === 22 && error.message.includes("slot");
      },
    );
  } finally {
    core.close();
  }
});

Deno.test("a dispatcher starts, answers a snapshot, and stops; twice", async () => {
  const core = Core.load(library);
  try {
    for (let round = 0; round < 2; round++) {
      core.start({ cores: [-1], idle, busyPoll: false });
      const reader = new SnapshotReader(core.snapshotMemory());
      const asked = core.snapshotRequest();
      ok(asked > 0n);
      while (reader.sequence() < asked) await core.wait(1000);
      equal(reader.totals().receivedFrames, 0);
      const plan = new Uint8Array(layout.PlanHeader.size);
      const generation = core.plan(plan);
      ok(generation !== null && generation > 0);
      core.stop();
      core.stop(); // idempotent
    }
  } finally {
    core.stop();
    core.close();
  }
});

Deno.test("wait() ends at a wake and at its timeout", async () => {
  const core = Core.load(library);
  try {
    core.start({ cores: [-1], idle, busyPoll: false });
    while (await core.wait(0) !== 0); // what earlier calls left
    equal(await core.wait(1), 0);
    const waiting = core.wait(10_000);
    core.wake();
    ok((await waiting) & 2);
    await rejects(core.wait(-1), RangeError);
  } finally {
    core.stop();
    core.close();
  }
});
