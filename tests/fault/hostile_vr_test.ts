/** VRs that fail or break the rules: named, ended, replaced, and nobody else notices. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { layout } from "../../ffi/abi.gen.ts";
import {
  compileVr,
  eventually,
  imbalance,
  isAlive,
  type Lvrm,
  Sink,
  standbyPids,
  type Status,
  subnetsOf,
  Testbed,
  vriPids,
  Watch,
} from "../testbed/mod.ts";

async function withHostile(
  use: (program: string, bed: Testbed) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "lvrm-vr-" });
  try {
    const program = await compileVr("tests/vrs/hostile.c", directory);
    await using bed = await Testbed.create();
    // No ICMP errors answer lvrm-gen's datagrams.
    await bed.r2.agent.call("udp_discard", { address: bed.r2.link.host4, port: 9 });
    await use(program, bed);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A hostile VR for s1 beside a good one for s2 and r2. */
function beside(bed: Testbed, router: string, words: string[] = []): Promise<Lvrm> {
  return bed.startLvrm([
    ...words,
    ...["--vr", `${subnetsOf("s1")}=${router}`],
    ...["--vr", `${subnetsOf("s2", "r2")}=cppvr`],
  ], { until: "answering" });
}

let runs = 0;

/**
 * The good VR's traffic while something happens to the other: 4,000 numbered frames a second, from
 * before until a second's worth after. It loses none and keeps their order.
 */
async function unhindered(bed: Testbed, lvrm: Lvrm, happens: () => Promise<void>): Promise<void> {
  const run = ++runs;
  const { host4: destination } = bed.r2.link;
  equal((await bed.s2.ping(destination, { count: 1, timeout_ms: 5000 })).received, 1);
  const sentSoFar = async (): Promise<number> => (await lvrm.status()).vrs[1]!.sent_frames;
  await using sink = await Sink.start(bed.r2, { run });
  const start = await sentSoFar();
  await using sender = await bed.send({
    ...{ from: "s2", destination, seconds: 120, rate_fps: 4000, flows: 16, run },
  });
  await eventually(async () => await sentSoFar() > start + 400, "traffic flows");
  await using watch = Watch.start(lvrm);
  await happens();
  const then = await sentSoFar();
  await eventually(async () => await sentSoFar() > then + 4000, "traffic goes on");
  await watch.stop();
  const { sent_frames: sent } = await sender.halt();
  const { vrs } = await lvrm.until((it) => it.vrs[1]!.vris[0]!.queue_frames === 0, "all is sent");
  const seen = await sink.stop(300);
  const { different_frames, duplicate_frames, reordered_frames } = seen;
  deepEqual(
    [different_frames, duplicate_frames, reordered_frames, vrs[1]!.drops],
    [sent, 0, 0, {}],
    `the other VR keeps its full rate: ${JSON.stringify({ seen, of: vrs[1] })}`,
  );
}

/** Balance is exact once nothing is in flight. */
async function balanced(lvrm: Lvrm): Promise<Status> {
  const status = await lvrm.atRest();
  equal(imbalance(status), 0, JSON.stringify(status.totals));
  return status;
}

/** What each way to break the rules is called. */
const violations: readonly (readonly [mode: string, violation: string])[] = [
  ["slot", "bad_slot"],
  ["owner", "not_owner"],
  ["twice", "not_owner"],
  ["length", "bad_length"],
  ["short", "bad_length"],
  ["offset", "bad_length"],
  ["port", "bad_port"],
  ["flags", "bad_flags"],
  ["zero", "bad_flags"],
  ["reason", "bad_reason"],
  ["event", "bad_event"],
  ["self", "bad_event"],
  [`index:${layout.Link.size + layout.Lane.data_in_offset}`, "bad_index"],
  [`index:${layout.Link.size + layout.Lane.data_out_offset}`, "bad_index"],
  [`index:${layout.Link.size + layout.Lane.free_offset}`, "bad_index"],
  [`index:${layout.Link.control_in_offset}`, "bad_index"],
  [`index:${layout.Link.control_out_offset}`, "bad_event"],
];

const running = (it: Status): boolean => it.vrs.every((vr) => vr.vris[0]?.state === "running");
const replaced = (it: Status): boolean => it.vrs[0]!.vris.some((vri) => vri.restarts > 0);

Deno.test("what no VR may return gets its VRI ended and replaced, and no other notices", async (t) => {
  await withHostile(async (program, bed) => {
    for (const [mode, violation] of violations) {
      await t.step(`${mode}: ${violation}`, async () => {
        await using lvrm = await beside(bed, `${program} ${mode} 3`);
        await lvrm.until(running, "both run");
        const [bad, good] = vriPids(await lvrm.status());
        await unhindered(bed, lvrm, async () => {
          await bed.s1.ping("203.0.113.1", { count: 10, interval_ms: 20, timeout_ms: 200 });
          const seen = await lvrm.until(replaced, "the VRI is replaced");
          match(seen.vrs[0]!.vris[0]!.last_failure ?? "", new RegExp(`\\(${violation}\\)`));
          await eventually(() => !isAlive(bad!), "the hostile process is gone");
        });
        const status = await balanced(lvrm);
        equal(status.vrs[1]!.vris[0]!.pid, good, "the other VRI is the same process");
        equal((await lvrm.stop()).code, 0);
      });
    }
  });
});

async function hoarded(program: string, bed: Testbed, dispatchers: number): Promise<void> {
  const file = await Deno.makeTempFile({ prefix: "lvrm-bad-" });
  const words = ["--dispatchers", String(dispatchers)];
  await using lvrm = await beside(bed, `${program} hoard 0 ${file}`, words);
  const before = await lvrm.until(running, "both run");
  let starved: Status | undefined;
  await unhindered(bed, lvrm, async () => {
    await using sender = await bed.send({
      ...{ destination: "203.0.113.1", seconds: 10 },
      ...{ count: 20_000 * dispatchers, rate_fps: 20_000, wire_bytes: 84, flows: 64 },
    });
    await sender.done();
    starved = await lvrm.until(
      ({ vrs }) => (vrs[0]!.drops["arena_full"] ?? 0) > 1000,
      "the hoarder's arena is empty",
    );
    equal(imbalance(starved), 0);
    equal(starved.vrs[0]!.free_slots, 0);
    ok(starved.vrs[1]!.free_slots >= before.vrs[1]!.free_slots - 1024 * dispatchers);
    equal(starved.vrs[0]!.vris[0]!.state, "running", "keeping frames breaks no rule");
  });
  await Deno.remove(file); // its successor behaves
  // Its standby as well, which is of the same kind.
  for (const { pid } of starved!.vrs[0]!.vris) Deno.kill(pid!, "SIGKILL");
  await lvrm.until((it) => replaced(it) && running(it), "a replacement runs");
  const after = await balanced(lvrm);
  const { free_slots } = after.vrs[0]!;
  ok(free_slots > 7000 * dispatchers, `${free_slots} slots are free again`);
  equal((await bed.s1.ping("203.0.113.1", { count: 3 })).received, 3);
  equal((await lvrm.stop()).code, 0);
}

Deno.test("a VR that keeps all slots starves alone, and its death gives them back", async (t) => {
  await withHostile(async (program, bed) => {
    for (const dispatchers of [1, 2]) {
      const step = () => hoarded(program, bed, dispatchers);
      await t.step(`--dispatchers ${dispatchers}`, step);
    }
  });
});

Deno.test("a VRI that crashes, exits or hangs is replaced and serves again", async (t) => {
  await withHostile(async (program, bed) => {
    for (const mode of ["crash", "exit", "hang"]) {
      await t.step(mode, async () => {
        await using lvrm = await beside(bed, `${program} ${mode} 3`);
        await lvrm.until(running, "both run");
        await unhindered(bed, lvrm, async () => {
          const ping = await bed.s1.ping("203.0.113.1", {
            ...{ count: 4, interval_ms: 20, timeout_ms: 300 },
          });
          equal(ping.received, 3);
          await lvrm.until(
            (it) => replaced(it) && it.vrs[0]!.vris[0]?.state === "running",
            "a replacement runs",
            30_000,
          );
        });
        equal((await bed.s1.ping("203.0.113.1", { count: 3, interval_ms: 5 })).received, 3);
        const status = await balanced(lvrm);
        ok((status.vrs[0]!.drops["vri_died"] ?? 0) >= 1, JSON.stringify(status.vrs[0]!.drops));
      });
    }
  });
});

Deno.test("a VR that no longer works is tried with back-off, says why, and comes back", async (t) => {
  await withHostile(async (program, bed) => {
    for (const mode of ["exits", "unattached"]) {
      await t.step(mode, async () => {
        const file = await Deno.makeTempFile({ prefix: "lvrm-bad-" });
        await Deno.remove(file);
        await using lvrm = await beside(bed, `${program} ${mode} 0 ${file}`);
        const status = await lvrm.until(
          (it) => running(it) && standbyPids(it).length === 2,
          "both run, with standbys",
        );
        await Deno.writeTextFile(file, "");
        for (const { pid } of status.vrs[0]!.vris) Deno.kill(pid!, "SIGKILL");
        await lvrm.until(
          (it) => {
            const [vri] = it.vrs[0]!.vris;
            return vri?.state === "failed" && vri.reason !== null && vri.restarts > 0;
          },
          "the failing VR is shown as such, with a reason",
          40_000,
        );
        equal((await bed.s2.ping(bed.r2.link.host4, { count: 5 })).received, 5);
        const before = (await balanced(lvrm)).vrs[0]!.drops["no_vri"] ?? 0;
        await bed.s1.ping("203.0.113.1", { count: 3, timeout_ms: 200 });
        const after = (await balanced(lvrm)).vrs[0]!.drops["no_vri"] ?? 0;
        equal(after - before, 3, "its frames are dropped with a reason");
        await Deno.remove(file);
        await lvrm.until(running, "it comes back", 40_000);
        equal((await bed.s1.ping("203.0.113.1", { count: 3 })).received, 3);
        equal((await lvrm.stop()).code, 0);
        deepEqual(await lvrm.leftovers(), []);
      });
    }
  });
});

Deno.test("a VR that ignores stop and ones that flood events hold up neither lvrm nor others", async (t) => {
  await withHostile(async (program, bed) => {
    for (const mode of ["deaf", "flood 1", "spam 1"]) {
      await t.step(mode, async () => {
        await using lvrm = await beside(bed, `${program} ${mode}`);
        await lvrm.until(running, "both run");
        await unhindered(bed, lvrm, async () => {
          await bed.s1.ping("203.0.113.1", { count: 4, interval_ms: 20, timeout_ms: 300 });
          // What the other one asks lvrm for is answered: where replies go.
          for (let round = 0; round < 5; round++) {
            await bed.gateway.ip("neigh flush dev s2");
            const pings = { count: 5, interval_ms: 5, timeout_ms: 5000 };
            equal((await bed.s2.ping(bed.r2.link.host4, pings)).received, 5);
          }
        });
        equal((await lvrm.stop()).code, 0);
        deepEqual(await lvrm.leftovers(), []);
      });
    }
  });
});
