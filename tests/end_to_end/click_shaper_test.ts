/** A Click VR that shapes: how well it holds its rate. */
import { ok } from "node:assert/strict";
import { join } from "node:path";
import { Sink, Testbed } from "../testbed/mod.ts";

const rate_fps = 2000;
const configuration = `
FromDevice(s1, NEIGHBOURS false) -> EtherRewrite($FROM, $TO) -> Queue(100)
  -> Shaper(${rate_fps}) -> out :: ToDevice(r1);
`;

// The figure is for reading: 2 % on a machine that has time for it. What decides is that the rate
// is shaped at all, however late a loaded machine lets a VRI run.
Deno.test("click shaper: holds its rate while more comes", async () => {
  const folder = await Deno.makeTempDir({ prefix: "lvrm-click-" });
  try {
    const path = join(folder, "shaper.click");
    await Deno.writeTextFile(path, configuration);
    await using bed = await Testbed.create();
    const [from, to] = [await bed.gateway.mac("r1"), await bed.r1.mac()];
    await bed.startLvrm([
      ...["--vr", `0.0.0.0/0=clickvr:${path} FROM=${from} TO=${to}`],
      ...["--interface", "s1", "--interface", "r1"],
    ]);
    await using sink = await Sink.start(bed.r1);
    await using sending = await bed.send({ seconds: 5, rate_fps: 3 * rate_fps });
    const sent = await sending.done();
    const { received_frames, seconds } = await sink.stop(300);
    const measured_fps = (received_frames - 1) / seconds;
    const off = 100 * (measured_fps / rate_fps - 1);
    console.log(
      `shaper of ${rate_fps} fps: ${measured_fps.toFixed(1)} fps (${off.toFixed(2)} %) over ` +
        `${seconds.toFixed(2)} s, offered ${sent.rate_fps.toFixed(0)} fps`,
    );
    ok(received_frames > rate_fps, `only ${received_frames} frames of ${sent.sent_frames} came`);
    ok(Math.abs(off) < 25, `${off.toFixed(1)} % off`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
