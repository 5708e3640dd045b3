/** What the generator can be asked for: each option, between two hosts and the kernel's routing. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  addressBytes,
  countWith,
  generated,
  generator,
  type Host,
  hostInterface,
  lvrmCommand,
  parse,
  type SendResult,
  Sink,
  type SinkResult,
  Testbed,
  toHex,
} from "./mod.ts";

/** Sends from s1 with these words; what both ends tell. */
async function carried(
  bed: Testbed,
  words: string[],
  run = 21,
): Promise<{ sent: SendResult; seen: SinkResult }> {
  await using sink = await Sink.start(bed.r1, { run });
  const sent = await send(bed.s1, ["--run", String(run), ...words]);
  return { sent, seen: await sink.stop() };
}

async function send(host: Host, words: string[]): Promise<SendResult> {
  const given = ["send", "--interface", hostInterface, "--allow-default-route", ...words];
  return await generated<SendResult>(host.spawn(generator, given));
}

async function ready(): Promise<{ bed: Testbed; mac: string[] }> {
  const bed = await Testbed.create({ forwarding: true });
  await bed.s1.ping(bed.r1.link.host4, { count: 1 });
  await bed.s1.ping(bed.r1.link.host6, { count: 1 });
  return { bed, mac: ["--destination-mac", await bed.gateway.mac("s1")] };
}

Deno.test("several subnets of both families: flows take turns among all of them", async () => {
  const { bed: created, mac } = await ready();
  await using bed = created;
  const { host4, host6 } = bed.r1.link;
  const words = [...mac, "--count", "12", "--rate", "1k", "--flows", "6", "--wire-bytes", "imix"];
  const frames = await bed.r1.capture(async () => {
    const source = "10.0.1.64/26,fd00:1::100/120,10.7.0.5";
    const { sent, seen } = await carried(bed, [
      ...[...words, "--source", source, "--destination", `${host4},${host6}`],
    ]);
    deepEqual([sent.sent_frames, sent.numbered_frames], [12, 12]);
    deepEqual([seen.different_frames, seen.lost_frames, seen.reordered_frames], [12, 0, 0]);
    // The mix's small frames have to be longer for IPv6.
    equal(sent.sent_bytes, 5 * 60 + 2 * 78 + 4 * 590 + 1514);
  });
  const sources = frames.map(parse).filter((it) => it.protocol === 17).map((it) => it.source);
  const six = (text: string) => toHex(addressBytes(text));
  const expected = ["10.0.1.65", six("fd00:1::101"), "10.7.0.5", "10.0.1.66", six("fd00:1::102")];
  deepEqual(sources.slice(0, 6), [...expected, "10.7.0.5"]);
});

Deno.test("ports, TTL, bursts, a sweep and a number of addresses are as asked for", async () => {
  const { bed: created, mac } = await ready();
  await using bed = created;
  const frames = await bed.r1.capture(async () => {
    const { sent } = await carried(bed, [
      ...[...mac, "--source", "10.0.1.2", "--destination", bed.r1.link.host4, "--json"],
      ...["--source-port", "5000", "--destination-port", "9", "--ttl", "33", "--flows", "4"],
      ...["--sources", "2", "--wire-bytes", "84-87", "--count", "4", "--burst", "1"],
    ]);
    equal(sent.sent_bytes, 60 + 61 + 62 + 63);
  });
  const ours = frames.map(parse).filter((it) => it.protocol === 17);
  deepEqual(ours.map((it) => it.ttl), [32, 32, 32, 32]);
  deepEqual(ours.map((it) => it.source), ["10.0.1.2", "10.0.1.3", "10.0.1.2", "10.0.1.3"]);
  deepEqual(ours.map((it) => it.payload[0]! << 8 | it.payload[1]!), [5000, 5001, 5002, 5003]);
});

Deno.test("a rate is kept, and a signal ends a run with its result", async () => {
  const { bed: created, mac } = await ready();
  await using bed = created;
  const words = [...mac, "--source", "10.0.1.2", "--destination", bed.r1.link.host4];
  const { sent, seen } = await carried(bed, [...words, "--rate", "2k", "--seconds", "1"]);
  ok(Math.abs(sent.sent_frames - 2000) <= 100, String(sent.sent_frames));
  equal(seen.different_frames, sent.sent_frames);
  const all = ["send", "--interface", hostInterface, "--allow-default-route", ...words];
  await using endless = bed.s1.spawn(generator, [...all, "--rate", "1000", "--seconds", "60"]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  endless.kill("SIGINT");
  const stopped = await generated<SendResult>(endless, 5000);
  ok(stopped.sent_frames > 50 && stopped.seconds < 10, JSON.stringify(stopped));
});

Deno.test("the sink goes on without a pipe to end it, and a signal asks for what it counted", async () => {
  const { bed: created, mac } = await ready();
  await using bed = created;
  await using sink = bed.r1.spawn(generator, ["sink", "--interface", hostInterface]);
  while (!sink.stdout.text.includes("ready")) await new Promise((done) => setTimeout(done, 20));
  const words = [...mac, "--source", "10.0.1.2", "--destination", bed.r1.link.host4];
  await send(bed.s1, [...words, "--count", "100", "--rate", "1000"]);
  equal(sink.ended, false);
  sink.kill("SIGTERM");
  equal((await generated<SinkResult>(sink, 5000)).different_frames, 100);
});

Deno.test("the interface of a default route is refused unless it is allowed, v4 and v6", async () => {
  const { bed: created, mac } = await ready();
  await using bed = created;
  const words = [...mac, "--source", "10.0.1.2", "--destination", "10.0.11.2", "--count", "1"];
  const all = ["send", "--interface", hostInterface, ...words];
  const refused = async () => {
    const done = await bed.s1.exec(generator, all);
    if (done.code !== 0) match(done.stderr, /net0 carries a default route.*--allow-default-route/);
    return done.code;
  };
  equal(await refused(), 1);
  await bed.s1.ip("-4 route delete default");
  equal(await refused(), 1);
  await bed.s1.ip("-6 route delete default");
  equal(await refused(), 0);
});

Deno.test("on a terminal a line tells how far it is, and the result stays JSON", async () => {
  const { bed: created, mac } = await ready();
  await using bed = created;
  const ends = ["--source", "10.0.1.2", "--destination", bed.r1.link.host4];
  const how = ["--rate", "5000", "--seconds", "1"];
  const words = [generator, "send", "--interface", hostInterface, "--allow-default-route"];
  // The program's standard error is a terminal, its standard output is not.
  const script = `import os, pty, subprocess, sys
a, b = pty.openpty()
child = subprocess.Popen(sys.argv[1:], stderr=b)
os.close(b)
text = b""
while True:
    try:
        part = os.read(a, 4096)
    except OSError:
        break
    if not part:
        break
    text += part
child.wait()
sys.stderr.write(repr(text))`;
  const done = await bed.s1.exec("python3", ["-c", script, ...words, ...mac, ...ends, ...how]);
  match(done.stderr, /\\r\\x1b\[K0\.\d s: \d+ frames sent, \d+ frames\/s/);
  const result = JSON.parse(done.stdout) as SendResult;
  ok(result.sent_frames > 4000, done.stdout);
});

Deno.test("gen and sink are commands of lvrm", async () => {
  const { bed: created, mac } = await ready();
  await using bed = created;
  const [program, first] = lvrmCommand();
  await using sink = bed.r1.spawn(program, [
    ...[...first, "sink", "--interface", hostInterface, "--count", "50", "--seconds", "30"],
  ]);
  while (!sink.stdout.text.includes("ready")) await new Promise((done) => setTimeout(done, 20));
  const frames = await bed.r1.capture(async () => {
    const done = await bed.s1.exec(program, [
      ...[...first, "gen", "--interface", hostInterface, "--allow-default-route", ...mac],
      ...["--source", bed.s1.link.host6, "--destination", bed.r1.link.host6, "--count", "50"],
      ...["--wire-bytes", "200"],
    ]);
    equal(done.code, 0, done.stderr);
  });
  equal(countWith(frames, [0x6c, 0x76, 0x72, 0x6d]), 50);
  equal((await generated<SinkResult>(sink, 10_000)).lost_frames, 0);
});
