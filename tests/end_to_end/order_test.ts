/** Frames of one flow stay in order while VRIs die and are replaced. */
import { equal, ok } from "node:assert/strict";
import { imbalance, Sink, Testbed, vriPids } from "../testbed/mod.ts";

Deno.test("no frame of a flow overtakes another while each VRI is killed in turn", async () => {
  await using bed = await Testbed.create();
  const lvrm = await bed.startLvrm(["--vr", "0.0.0.0/0,::/0=cppvr", "--vris", "3"]);
  equal((await bed.s1.ping(bed.r1.link.host4, { count: 1 })).received, 1);
  await using sink = await Sink.start(bed.r1);
  await using sender = await bed.send({ seconds: 5, rate_fps: 20_000, flows: 200 });
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const [pid] = vriPids(await lvrm.status());
    Deno.kill(pid!, "SIGKILL");
  }
  const sent = await sender.done();
  const result = await sink.stop(500);
  equal(result.reordered_frames, 0, JSON.stringify(result));
  equal(result.duplicate_frames, 0, JSON.stringify(result));
  ok(result.different_frames > sent.sent_frames / 2, JSON.stringify({ sent, result }));
  const status = await lvrm.atRest();
  equal(imbalance(status), 0);
  const carried = status.vrs[0]!.vris.filter((vri) => vri.received_frames > 0).length;
  ok(carried >= 2, `flows are spread over the VRIs: ${JSON.stringify(status.vrs[0]!.vris)}`);
});
