/** VRs in Rust and TypeScript forward, answer events, are replaced, and stop when they are told. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  buildRust,
  eventually,
  imbalance,
  isAlive,
  type Lvrm,
  Testbed,
  vriPids,
  withoutRust,
} from "../testbed/mod.ts";

const root = new URL("../..", import.meta.url).pathname;
const rustless = withoutRust();
const skipped = rustless === null ? "" : ` (skipped: ${rustless})`;

/** Two VRIs, so that they have somebody to talk to. */
function start(bed: Testbed, router: string): Promise<Lvrm> {
  const vr = ["--vr", `0.0.0.0/0,::/0=${router}`, "--vris", "2"];
  return bed.startLvrm([...vr, "--log-level", "debug"]);
}

/** What must hold whatever it is written in. */
async function serves(router: string): Promise<void> {
  await using bed = await Testbed.create();
  const lvrm = await start(bed, router);
  const [host4, host6] = [bed.r1.link.host4, bed.r1.link.host6];
  // The first has to wait for its next hop, and is not lost.
  equal((await bed.s1.ping(host4, { count: 20, interval_ms: 5 })).received, 20);
  equal((await bed.s2.ping(host6, { count: 20, interval_ms: 5 })).received, 20);
  await answersEvents(lvrm);

  await bed.r1.serve();
  const moved = bed.s1.transfer(host4, {
    ...{ up_bytes: 3_000_000, down_bytes: 3_000_000, rate_bps: 6_000_000, timeout_s: 60 },
  });
  const [victim] = vriPids(await lvrm.status());
  Deno.kill(victim!, "SIGKILL");
  await lvrm.until((status) => {
    const pids = vriPids(status);
    return pids.length === 2 && !pids.includes(victim!) &&
      status.vrs[0]!.vris.filter((it) => it.state === "running").length === 2;
  }, "the killed VRI is replaced");
  const { up_bytes, down_bytes } = await moved;
  deepEqual([up_bytes, down_bytes], [3_000_000, 3_000_000]);

  const status = await lvrm.atRest();
  equal(imbalance(status), 0, JSON.stringify(status.totals));
  equal(status.totals.drops.quarantined ?? 0, 0);
  const pids = vriPids(status);
  equal((await lvrm.stop()).code, 0);
  ok(!pids.some(isAlive));
  // Told to stop, each ended by itself.
  ok(!/killed|did not/.test(lvrm.log), lvrm.log.slice(-2000));
}

/** Each told what it knows, and heard the other. */
async function answersEvents(lvrm: Lvrm): Promise<void> {
  await eventually(
    () => /says: router: VRI \d+ says: router: I have \d+ routes/.test(lvrm.log),
    "",
  );
  const counts = [...lvrm.log.matchAll(/says: router: VRI (\d+) has (\d+) routes/g)];
  ok(counts.length >= 2, lvrm.log.slice(-2000));
  // Eight networks and their addresses at least.
  ok(counts.every(([, , routes]) => Number(routes) >= 8), counts.join("; "));
  ok(new Set(counts.map(([, vri]) => vri)).size >= 2);
}

Deno.test({
  name: `a VR in Rust forwards, answers events, is replaced and stops${skipped}`,
  ignore: rustless !== null,
  fn: async () => serves(`${await buildRust()}/router`),
});

Deno.test("a VR in TypeScript forwards, answers events, is replaced and stops", async () => {
  await serves(`deno run -A ${root}vrs/typescript/examples/router.ts`);
});

Deno.test("a VR in TypeScript has timers, busy and idle", async () => {
  await using bed = await Testbed.create();
  const lvrm = await start(bed, `deno run -A ${root}vrs/typescript/examples/router.ts`);
  const report = (): number => {
    const told = [...lvrm.log.matchAll(/says: router: (\d+) frames so far/g)];
    return Math.max(0, ...told.map(([, frames]) => Number(frames)));
  };
  // Under way, its timer tells of frames that came so far …
  const ping = bed.s1.ping(bed.r1.link.host4, { count: 400, interval_ms: 10 });
  await eventually(() => report() > 0, "a report under way", 10_000);
  const early = report();
  equal((await ping).received, 400);
  // … and when no more come, of the last ones.
  await eventually(() => report() > early && report() >= 200, "a report of the end", 10_000);
  match(lvrm.log, /router: VRI \d+ has/);
  equal((await lvrm.stop()).code, 0);
});
