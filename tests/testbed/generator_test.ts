/** The generator over a plain veth: what is sent is what is counted. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { countWith, generator, lvrmCommand, run, Sink, Testbed } from "./mod.ts";

Deno.test("the sink counts what the generator sent, v4 and v6, in order", async () => {
  await using bed = await Testbed.create({ forwarding: true });
  for (
    const [source, destination, wire_bytes] of [["host4", "host4", 84], [
      "host6",
      "host6",
      1538,
    ]] as const
  ) {
    await using sink = await Sink.start(bed.r1, { run: 9 });
    await bed.s1.ping(bed.r1.link[destination], { count: 1 });
    await using sender = await bed.send({
      ...{ source: bed.s1.link[source], destination: bed.r1.link[destination] },
      ...{ seconds: 20, count: 5000, rate_fps: 10_000, wire_bytes, flows: 16, run: 9 },
    });
    const { sent_frames } = await sender.done();
    equal(sent_frames, 5000);
    const seen = await sink.stop();
    deepEqual(
      [seen.different_frames, seen.duplicate_frames, seen.reordered_frames, seen.lost_frames],
      [5000, 0, 0, 0],
    );
    equal(seen.received_bytes, 5000 * (wire_bytes - 24));
  }
});

Deno.test("sizes mix and sweep, and latencies are in order", async () => {
  await using bed = await Testbed.create({ forwarding: true });
  await bed.s1.ping(bed.r1.link.host4, { count: 1 });
  const sizes = [["imix", 1200, 100 * (7 * 60 + 4 * 590 + 1514)], ["84-383", 300, 300 * 209.5]];
  for (const [wire_bytes, count, bytes] of sizes as [string, number, number][]) {
    await using sink = await Sink.start(bed.r1, { run: 11 });
    await using sender = await bed.send({
      ...{ seconds: 20, count, rate_fps: 10_000, wire_bytes, run: 11 },
    });
    equal((await sender.done()).sent_bytes, bytes);
    const seen = await sink.stop();
    deepEqual([seen.different_frames, seen.received_bytes], [count, bytes]);
    const { latency_p50_ns, latency_p99_ns, latency_p999_ns, latency_max_ns } = seen;
    const figures = [latency_p50_ns, latency_p99_ns, latency_p999_ns, latency_max_ns];
    deepEqual(figures, [...figures].sort((a, b) => a - b));
    ok(latency_p50_ns > 0 && latency_max_ns < 60e9, figures.join());
  }
});

Deno.test("generated frames pass a real stack's checks: a socket receives them", async () => {
  await using bed = await Testbed.create({ forwarding: true });
  await bed.r1.agent.call("udp_echo", { address: bed.r1.link.host4, port: 9 });
  const back = await bed.s1.capture(async () => {
    await using sender = await bed.send({ seconds: 5, count: 10 });
    await sender.done();
  });
  equal(countWith(back, [0x6c, 0x76, 0x72, 0x6d]), 10, "echoed payloads");
});

Deno.test("gen --find-limit finds the rates that a link carries", async () => {
  await using bed = await Testbed.create();
  await bed.gateway.ipBatch([
    ...["link add end1 type veth peer name end2", "link set end1 up", "link set end2 up"],
  ]);
  const [program, first] = lvrmCommand();
  const words = [
    ...["--interface", "end1", "--destination-mac", "02:00:00:00:00:01", "--seconds", "0.1"],
    ...["--source", "10.0.1.2", "--destination", "10.0.2.2"],
  ];
  const all = [...first, "gen", "--find-limit", "--sink", "end2", ...words];
  const done = await bed.gateway.exec(program, all, 120_000);
  equal(done.code, 0, done.stderr);
  const { limits } = JSON.parse(done.stdout) as {
    limits: { loss_max: number; frames_per_second: number; loss: number }[];
  };
  deepEqual(limits.map((it) => it.loss_max), [0.02, 0]);
  for (const { loss_max, frames_per_second, loss } of limits) {
    ok(frames_per_second > 0 && loss <= loss_max, done.stdout);
  }
  match(done.stderr, /^\d+ frames\/s: [\d.]+ % lost$/m);
});

Deno.test("the generator refuses what is unbounded or has no interface", async () => {
  for (
    const [words, code, text] of [
      [["send"], 2, /--interface/],
      [["send", "--interface", "lo", "--source", "10.0.0.1"], 2, /--seconds S.*--count N/],
      [["send", "--wire-bytes", "9-8"], 2, /imix or FIRST-LAST/],
      [["sink", "--interface", "nope0", "--seconds", "1"], 1, /nope0/],
    ] as const
  ) {
    const done = await run(generator, [...words]);
    equal(done.code, code);
    match(done.stderr, text);
  }
});
