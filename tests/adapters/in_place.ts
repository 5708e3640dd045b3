/** What an adapter that needs no copy has to bear besides: slots are the kernel's for a while. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { type Status, vriPids } from "../testbed/mod.ts";
import { remake } from "./scenarios.ts";
import { account, atRest, come, port, reaches, type Stage } from "./stage.ts";

/** Slots of the arena that are free or the kernel's; VRIs have as many empty ones each time. */
async function slots(stage: Stage): Promise<number> {
  const { vrs } = await atRest(stage);
  return vrs[0]!.free_slots + vrs[0]!.kernel_slots;
}

/** No slot is lost, nor counted twice, since there were so many. */
async function allThere(stage: Stage, before: number): Promise<void> {
  equal(await slots(stage), before, JSON.stringify((await stage.lvrm.status()).vrs[0]));
}

const uncopied = (status: Status): number =>
  status.interfaces.reduce((sum, it) => sum + it.uncopied_frames, 0);

async function nothingIsCopied(stage: Stage): Promise<void> {
  const { bed } = stage;
  await reaches(bed.s1, bed.r1.link.host4);
  const before = await atRest(stage);
  const told = await account(stage, bed.r1, { count: 5000, rate_fps: 10_000, flows: 20 });
  equal(told.arrived, 5000, JSON.stringify(told));
  const more = uncopied(await atRest(stage)) - uncopied(before);
  ok(more >= 5000 && more < 5100, `${more} of 5000 frames`);
}

/** A VRI that keeps what it gets, then dies of it. */
async function hoarder(stage: Stage): Promise<void> {
  const { bed, lvrm } = stage;
  await reaches(bed.s1, bed.r1.link.host4);
  const before = await slots(stage);
  const [pid] = vriPids(await lvrm.status());
  const told = await account(stage, bed.r1, { count: 30_000, rate_fps: 15_000 }, async () => {
    await come(stage, 2000);
    Deno.kill(pid!, "SIGSTOP");
    await come(stage, 9000); // more than its queue has room for
    Deno.kill(pid!, "SIGKILL");
    await lvrm.until((it) => vriPids(it).some((other) => other !== pid), "there is another");
  });
  ok((told.drops["queue_full"] ?? 0) > 0, JSON.stringify(told));
  equal(port(await lvrm.status(), "s1").starved_frames, 0, "the kernel's slots are no VRI's");
  await reaches(bed.s1, bed.r1.link.host4);
  await allThere(stage, before);
}

/** VRIs die one after another in the middle of a burst. */
async function killed(stage: Stage): Promise<void> {
  const { bed, lvrm } = stage;
  const before = await slots(stage);
  for (let i = 0; i < 3; i++) {
    const pids = vriPids(await lvrm.status());
    const told = await account(stage, bed.r1, { count: 40_000, burst: 64, flows: 9 }, async () => {
      await come(stage, 5000);
      Deno.kill(pids[0]!, "SIGKILL");
    });
    ok(told.arrived > 100, JSON.stringify(told));
    await lvrm.until((it) => vriPids(it).some((pid) => pid !== pids[0]), "there is another");
    await reaches(bed.s1, bed.r1.link.host4);
  }
  await allThere(stage, before);
}

/** The link goes while frames are in all rings. */
async function goneInABurst(stage: Stage): Promise<void> {
  const { bed } = stage;
  await reaches(bed.s1, bed.r1.link.host4);
  const before = await slots(stage);
  for (let i = 0; i < 3; i++) {
    await account(stage, bed.r1, { count: 30_000, burst: 64 }, async () => {
      await come(stage, 3000);
      await bed.gateway.ip("link set r1 down");
      await come(stage, 3000);
      await bed.gateway.ip("link set r1 up");
    });
    await reaches(bed.s1, bed.r1.link.host4);
  }
  await allThere(stage, before);
  const { missed_frames, starved_frames } = port(await atRest(stage), "s1");
  deepEqual([starved_frames, missed_frames >= 0], [0, true]);
}

/** Interfaces go while frames lie in all rings: each has slots, empty ones and such as leave. */
async function deletedInABurst(stage: Stage): Promise<void> {
  const { bed } = stage;
  await reaches(bed.s1, bed.r1.link.host4);
  const before = await slots(stage);
  for (const name of ["r2", "s2", "r2"] as const) {
    await reaches(bed.s1, bed.host(name).link.host4);
    await using sender = await bed.send({
      destination: bed.host(name).link.host4,
      ...{ seconds: 30, count: 40_000, burst: 64, run: 900 },
    });
    await come(stage, 5000);
    await remake(stage, name);
    await sender.done();
    await reaches(bed.s1, bed.host(name).link.host4);
  }
  await allThere(stage, before);
}

export const inPlaceScenarios: Record<string, (stage: Stage) => Promise<void>> = {
  "no served frame is copied": nothingIsCopied,
  "a VRI hoards, and is killed: its slots come back": hoarder,
  "VRIs are killed in bursts: no slot is lost": killed,
  "a link goes down in bursts: no slot is lost": goneInABurst,
  "interfaces are deleted in bursts: no slot is lost": deletedInABurst,
};
