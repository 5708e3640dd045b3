/** Over the library as built (`deno task build`); no root needed. */
import { equal, ok, rejects, throws } from "node:assert/strict";
import { join } from "node:path";
import { runtimeDirectory } from "../mod/runtime/mod.ts";
import { abiHash, layout, limits } from "./abi.gen.ts";
import { Core, CoreError } from "./core.ts";
import { SnapshotReader } from "./stats.ts";

const library = join(runtimeDirectory(), "lib", "liblvrm.so");
const idle = { spins: 0, yields: 0 };

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
      throws(() => core.start({ core: bad - 1, idle, busyPoll: false }), RangeError);
      throws(() => core.portClose(bad), RangeError);
      throws(() => core.vriDestroy(bad), RangeError);
    }
  } finally {
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
      core.start({ core: -1, idle, busyPoll: false });
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
    core.start({ core: -1, idle, busyPoll: false });
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
