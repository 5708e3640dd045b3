/** Offline runs: capture files in, one out, compared byte for byte. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type CapturedFrame, parseCapture } from "../../mod/trace/mod.ts";
import { writePcap, writePcapng } from "../../mod/trace/capture_test_files.ts";
import { eventually, run } from "../testbed/mod.ts";
import {
  captured,
  endless,
  frame,
  mixedFrames,
  offline,
  routed,
  Scratch,
  totalsOf,
  written,
} from "./offline.ts";

const first_ns = 1_700_000_000_123_456_789n;
const vr = ["--vr", "10.0.0.0/16,fd00::/16=cppvr"];
const relay = ["--vr", "10.0.0.0/16,fd00::/16=cppvr --relay pcap0=pcap1"];
const little = { little: true, fcs_bytes: 0 } as const;

const read = async (path: string) => await Deno.readFile(path);
const framesIn = async (path: string) => [...parseCapture(await read(path))];

/** Frames as they leave by port `port`. */
const leaving = (frames: CapturedFrame[], port: number, change = (bytes: Uint8Array) => bytes) =>
  frames.map((it) => captured(change(it.bytes) as Uint8Array<ArrayBuffer>, it.time_ns!, port));

Deno.test("a relayed capture is the same capture, from every format into every format", async () => {
  await using scratch = await Scratch.make();
  const frames = mixedFrames(60, first_ns);
  const rough = frames.map((it) => ({ ...it, time_ns: it.time_ns! / 1000n * 1000n }));
  const inputs: [string, Uint8Array, CapturedFrame[]][] = [true, false].flatMap((little) => {
    const format = { little, fcs_bytes: 0 };
    const simple = false;
    return [
      [`us-${little}.pcap`, writePcap(rough, { ...format, nanoseconds: false }), rough],
      [`ns-${little}.pcap`, writePcap(frames, { ...format, nanoseconds: true }), frames],
      [`us-${little}.pcapng`, writePcapng(rough, { ...format, simple, microseconds: true }), rough],
      [`fcs-${little}.pcapng`, writePcapng(frames, { little, fcs_bytes: 4, simple }), frames],
    ] as [string, Uint8Array, CapturedFrame[]][];
  });
  const outputs = [["pcap", true], ["pcapng", true], ["pcap", false], ["pcapng", false]] as const;
  for (const [i, [name, content, expected]] of inputs.entries()) {
    const [format, nanoseconds] = outputs[i % outputs.length]!;
    const input = await scratch.write(name, content);
    const output = scratch.file(`out.${format}`);
    const time = nanoseconds ? "ns" : "us";
    const adapter = `pcap:${input},${output},time=${time}`;
    const done = await offline(scratch, ["--adapter", adapter, ...relay]);
    equal(done.code, 0, done.stderr);
    const wanted = written(leaving(expected, 1), { format, nanoseconds, ports: 2 });
    deepEqual(await read(output), wanted, `${name} to ${format} ${time}`);
    const bytes = wanted.length.toLocaleString("en-US");
    match(done.stdout, new RegExp(`out\\.${format}: 60 frames, ${bytes} bytes`));
  }
});

Deno.test("a routed capture has new MACs, one hop less, a right checksum and the old times", async () => {
  await using scratch = await Scratch.make();
  const frames = mixedFrames(200, first_ns);
  const input = await scratch.write("in.pcap", writePcap(frames, { ...little, nanoseconds: true }));
  const output = scratch.file("out.pcapng");
  for (const vris of ["1", "2"]) {
    const adapter = `pcap:${input},${output}`;
    const done = await offline(scratch, ["--adapter", adapter, ...vr, "--vris", vris]);
    equal(done.code, 0, done.stderr);
    equal(totalsOf(done.stdout).sent, 200);
    const expected = leaving(frames, 1, (bytes) => routed(bytes, 1));
    const options = { format: "pcapng", nanoseconds: true, ports: 2 } as const;
    if (vris === "1") deepEqual(await read(output), written(expected, options));
    // Of several VRIs, each flow is in order, and all of it is there.
    const byTime = (a: CapturedFrame, b: CapturedFrame) => Number(a.time_ns! - b.time_ns!);
    deepEqual((await framesIn(output)).sort(byTime), expected);
  }
});

Deno.test("the golden files: the same bytes today as when they were looked at", async () => {
  await using scratch = await Scratch.make();
  const golden = new URL("golden/", import.meta.url).pathname;
  for (const name of ["routed.pcapng", "relayed.pcap"]) {
    const output = scratch.file(name);
    const router = name === "relayed.pcap" ? relay : vr;
    const time = name === "relayed.pcap" ? "us" : "ns";
    const adapter = `pcap:${golden}input.pcapng,${output},time=${time}`;
    const done = await offline(scratch, ["--adapter", adapter, ...router]);
    equal(done.code, 0, done.stderr);
    deepEqual(await read(output), await read(golden + name), name);
  }
});

Deno.test("tcpdump reads what was written and finds no fault", async () => {
  await using scratch = await Scratch.make();
  try {
    await run("tcpdump", ["--version"]);
  } catch {
    console.log("SKIPPED: there is no tcpdump here");
    return;
  }
  const frames = mixedFrames(50, first_ns);
  const input = await scratch.write("in.pcap", writePcap(frames, { ...little, nanoseconds: true }));
  for (const name of ["out.pcap", "out.pcapng"]) {
    const output = scratch.file(name);
    const done = await offline(scratch, ["--adapter", `pcap:${input},${output}`, ...vr]);
    equal(done.code, 0, done.stderr);
    const seen = await run("tcpdump", ["-nn", "-e", "-vv", "-tt", "-r", output]);
    equal(seen.code, 0, seen.stderr);
    equal(seen.stdout.match(/UDP, length/g)?.length, 50, seen.stdout);
    equal(seen.stdout.match(/(ttl|hlim) 63/g)?.length, 50);
    equal(seen.stdout.match(/02:00:00:00:00:02 > 02:00:00:00:01:02/g)?.length, 50);
    ok(!/bad cksum|truncated|invalid/.test(seen.stdout), seen.stdout);
    ok(seen.stdout.includes("1700000000.12345"), seen.stdout.slice(0, 200));
  }
});

Deno.test("several inputs are several ports, and go in by their times", async () => {
  await using scratch = await Scratch.make();
  const one = (source: string, i: number, port: number) =>
    captured(
      frame({ bytes: 60 + i, source, destination: "198.18.0.9" }),
      first_ns + BigInt(i) * 1_000_000n,
      port,
    );
  const left = [0, 3, 4, 8].map((i) => one("10.0.1.1", i, 0));
  // The second file has two interfaces, the second of them with a frame at a time of the first.
  const right = [one("10.0.2.1", 1, 0), one("10.0.2.2", 3, 1), one("10.0.2.1", 6, 0)];
  const a = await scratch.write("a.pcap", writePcap(left, { ...little, nanoseconds: true }));
  const b = await scratch.write(
    "b.pcapng",
    writePcapng(right, { ...little, simple: false, interfaces: 2 }),
  );
  const output = scratch.file("out.pcapng");
  const done = await offline(scratch, [
    "--adapter",
    `pcap:${a},${b},${output}`,
    "--vr",
    "10.0.1.0/24=cppvr --relay pcap0=pcap1",
    "--vr",
    "10.0.2.0/24=cppvr --route 0.0.0.0/0=pcap0,198.51.100.2",
  ]);
  equal(done.code, 0, done.stderr);
  match(done.stdout, /pcap0 +pcap +4 +3 /);
  match(done.stdout, /pcap1 +pcap +2 +4 /);
  match(done.stdout, /pcap2 +pcap +1 +0 /);
  const out = await framesIn(output);
  const of = (port: number) => out.filter((it) => it.interface === port);
  deepEqual(of(1), leaving(left, 1));
  deepEqual(of(0), leaving(right, 0, (bytes) => routed(bytes, 0)));
});

Deno.test("one input after another in time gives one output, however they interleave", async () => {
  await using scratch = await Scratch.make();
  // 300 frames dealt at random to three files: one VRI sees them in the order of their times.
  const frames = mixedFrames(300, first_ns);
  const hands = frames.map(() => Math.floor(Math.random() * 3));
  const files = await Promise.all([0, 1, 2].map((hand) =>
    scratch.write(
      `${hand}.pcap`,
      writePcap(frames.filter((_, i) => hands[i] === hand), { ...little, nanoseconds: true }),
    )
  ));
  const output = scratch.file("out.pcap");
  const done = await offline(scratch, ["--adapter", `pcap:${files.join(",")},${output}`, ...vr]);
  equal(done.code, 0, done.stderr);
  const expected = leaving(frames, 1, (bytes) => routed(bytes, 1));
  deepEqual(await read(output), written(expected, { format: "pcap", nanoseconds: true, ports: 3 }));
});

Deno.test("fragments and ICMP errors have the time of the frame before them", async () => {
  await using scratch = await Scratch.make();
  const long = frame({ bytes: 1514, source: "10.0.1.1", destination: "198.18.0.1" });
  const old = frame({ bytes: 60, source: "10.0.1.1", destination: "198.18.0.1", ttl: 1 });
  const frames = [captured(long, first_ns), captured(old, first_ns + 5n)];
  const input = await scratch.write("in.pcap", writePcap(frames, { ...little, nanoseconds: true }));
  const output = scratch.file("out.pcap");
  const adapter = `pcap:${input},${output},mtu=1280`;
  const done = await offline(scratch, ["--adapter", adapter, ...vr]);
  equal(done.code, 0, done.stderr);
  match(done.stdout, /ttl_expired 1/);
  const out = await framesIn(output);
  deepEqual(out.map((it) => it.time_ns), [first_ns, first_ns, first_ns]);
  deepEqual(out.map((it) => it.bytes[23]), [17, 17, 1]); // UDP in two fragments, ICMP
  ok(out[0]!.bytes.length <= 1294 && out[1]!.bytes.length <= 1294);
});

Deno.test("with the captured timing, a run takes as long as the capture", async () => {
  await using scratch = await Scratch.make();
  const times = [0, 50, 51, 52, 400];
  const frames = times.map((ms, i) =>
    captured(
      frame({ bytes: 60 + i, source: "10.0.1.1", destination: "198.18.0.1" }),
      first_ns + BigInt(ms) * 1_000_000n,
    )
  );
  const input = await scratch.write("in.pcap", writePcap(frames, { ...little, nanoseconds: true }));
  const output = scratch.file("out.pcap");
  const expected = written(leaving(frames, 1, (bytes) => routed(bytes, 1)), {
    format: "pcap",
    nanoseconds: true,
    ports: 2,
  });
  for (const [speed, least_ms] of [["1", 400], ["0.5", 800], ["max", 0]] as const) {
    const began = performance.now();
    const adapter = `pcap:${input},${output},speed=${speed}`;
    const done = await offline(scratch, ["--adapter", adapter, ...vr]);
    equal(done.code, 0, done.stderr);
    ok(performance.now() - began >= least_ms, speed);
    deepEqual(await read(output), expected);
  }
});

Deno.test("a run that is stopped leaves a whole file of what was sent so far", async () => {
  await using scratch = await Scratch.make();
  // The second frame is due in an hour.
  const frames = mixedFrames(2, first_ns).map((it, i) =>
    captured(it.bytes, first_ns + BigInt(i) * 3_600_000_000_000n)
  );
  const input = await scratch.write("in.pcap", writePcap(frames, { ...little, nanoseconds: true }));
  const output = scratch.file("out.pcap");
  const args = ["--adapter", `pcap:${input},${output},speed=1`, ...vr];
  await endless(scratch, args, async (status, running) => {
    await eventually(async () => (await status()).totals.sent_frames === 1, "the first frame");
    running.kill("SIGTERM");
    const done = await running.finish(20_000, "lvrm after SIGTERM");
    equal(done.code, 0, done.stderr);
  });
  const expected = leaving(frames.slice(0, 1), 1, (bytes) => routed(bytes, 1));
  deepEqual(await read(output), written(expected, { format: "pcap", nanoseconds: true, ports: 2 }));
});

Deno.test("whom a frame is for: any unicast, or what is sent to the port's own MAC", async () => {
  await using scratch = await Scratch.make();
  const to = ["02:00:00:00:00:aa", "02:00:00:00:00:ab", "ff:ff:ff:ff:ff:ff", "33:33:00:00:00:01"];
  const frames = to.map((it, i) =>
    captured(
      frame({ bytes: 60 + i, source: "10.0.1.1", destination: "198.18.0.1", to: it }),
      first_ns,
    )
  );
  const input = await scratch.write("in.pcap", writePcap(frames, { ...little, nanoseconds: true }));
  const output = scratch.file("out.pcap");
  for (const [mac, sent] of [["any", 2], ["02:00:00:00:00:ab", 1], ["any/any", 2]] as const) {
    const adapter = `pcap:${input},${output},mac=${mac}`;
    const done = await offline(scratch, ["--adapter", adapter, ...vr]);
    equal(done.code, 0, done.stderr);
    const totals = totalsOf(done.stdout);
    deepEqual([totals.sent, totals["kept by the kernel"]], [sent, 4 - sent]);
    // A port has the MAC that it was given: frames leave by the second one, with its own.
    equal((await framesIn(output)).length, sent);
  }
  const adapter = `pcap:${input},${output},mac=any/06:00:00:00:00:07`;
  const done = await offline(scratch, ["--adapter", adapter, ...vr]);
  equal(done.code, 0, done.stderr);
  deepEqual([...(await framesIn(output))[0]!.bytes.subarray(6, 12)], [6, 0, 0, 0, 0, 7]);
});

Deno.test("nothing is lost between two files, however fast they are read", async () => {
  await using scratch = await Scratch.make();
  const count = 100_000;
  const [model] = mixedFrames(1, first_ns);
  const frames = Array.from(
    { length: count },
    (_, i) => captured(model!.bytes, first_ns + BigInt(i)),
  );
  const input = await scratch.write("in.pcap", writePcap(frames, { ...little, nanoseconds: true }));
  const output = scratch.file("out.pcap");
  for (const vris of ["1", "3"]) {
    const args = ["--adapter", `pcap:${input},${output}`, ...vr, "--vris", vris];
    const done = await offline(scratch, args);
    equal(done.code, 0, done.stderr);
    const totals = totalsOf(done.stdout);
    deepEqual([totals.received, totals.sent, totals.dropped], [count, count, 0]);
    deepEqual((await framesIn(output)).map((it) => it.time_ns), frames.map((it) => it.time_ns));
  }
});
