/** Any executable that links liblvrm_vr is a VR. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { compileVr, subnetsOf, Testbed } from "../testbed/mod.ts";

Deno.test("a VR in C, compiled with cc, serves frames with its own words and ends with 0", async () => {
  const directory = await Deno.makeTempDir({ prefix: "lvrm-vr-" });
  try {
    const program = await compileVr("tests/vrs/mirror.c", directory);
    await using bed = await Testbed.create();
    const router = `${program} --one 'two words' "three"`;
    const lvrm = await bed.startLvrm([
      ...["--vr", `${subnetsOf("s1")}=${router}`],
      ...["--vr", `${subnetsOf("s2", "r2")}=cppvr`, "--log-level", "debug"],
    ]);
    // Nobody has this address: it is the VR that answers.
    const ping = await bed.s1.ping("203.0.113.77", { count: 50, interval_ms: 1 });
    deepEqual([ping.received, ping.corrupt], [50, 0]);
    equal((await bed.s2.ping(bed.r2.link.host4, { count: 5 })).received, 5);
    const status = await lvrm.status();
    equal(status.vrs[0]!.router, router);
    ok(status.vrs[0]!.sent_frames >= 50);
    equal((await lvrm.stop()).code, 0);
    for (const word of ["[--one]", "[two words]", "[three]"]) {
      ok(lvrm.log.includes(word), `${word} in ${lvrm.log.slice(-2000)}`);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("the example of docs/writing-a-vr.md compiles as it says and serves", async () => {
  const directory = await Deno.makeTempDir({ prefix: "lvrm-vr-" });
  try {
    const program = await compileVr("vrs/example/minimal.c", directory);
    await using bed = await Testbed.create();
    const lvrm = await bed.startLvrm(["--vr", `${subnetsOf("s1", "r1")}=${program}`]);
    await bed.s1.ping(bed.r1.link.host4, { count: 3, timeout_ms: 300 });
    const [vr] = (await lvrm.status()).vrs;
    ok(vr!.received_frames > 0);
    equal(vr!.sent_frames + vr!.dropped_frames, vr!.received_frames);
    equal((await lvrm.stop()).code, 0);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
