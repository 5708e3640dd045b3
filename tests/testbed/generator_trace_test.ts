/** Capture files replayed by the generator: numbered where there is room, timed, and counted. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { CapturedFrame } from "../../mod/trace/mod.ts";
import { writePcap, writePcapng } from "../../mod/trace/capture_test_files.ts";
import {
  checksum,
  ethernet,
  fromHex,
  generated,
  generator,
  type Host,
  hostInterface,
  ip,
  lvrmCommand,
  macBytes,
  parse,
  type SendResult,
  Sink,
  Testbed,
  udpFrame,
} from "./mod.ts";

const from = "02:00:00:00:00:55";
const other = "02:00:00:00:00:66";
const be16 = (value: number) => [value >> 8, value & 255];

interface Ends {
  readonly source: string;
  readonly destination: string;
}

/** A TCP segment with options and a checksum that was left to hardware. */
function tcpFrame(ends: Ends, data: number[]): string {
  const head = [...be16(4000), ...be16(80), 0, 0, 0, 1, 0, 0, 0, 2, 8 << 4, 0x18, 1, 0, 0, 0, 0, 0];
  const payload = [...head, ...new Array<number>(12).fill(1), ...data];
  return ethernet({
    to: other,
    from,
    type: 0x0800,
    payload: ip({ ...ends, protocol: 6, payload }),
  });
}

function captured(hex: string, at_ms: number, cut = Infinity): CapturedFrame {
  const bytes = fromHex(hex);
  return {
    bytes: bytes.subarray(0, cut) as Uint8Array<ArrayBuffer>,
    original_bytes: bytes.length,
    time_ns: 1_700_000_000_000_000_000n + BigInt(at_ms) * 1_000_000n,
    interface: 0,
  };
}

async function ready(): Promise<{ bed: Testbed; four: Ends; six: Ends }> {
  const bed = await Testbed.create({ forwarding: true });
  const { s1, r1 } = bed;
  await s1.ping(r1.link.host4, { count: 1 });
  await s1.ping(r1.link.host6, { count: 1 });
  return {
    bed,
    four: { source: s1.link.host4, destination: r1.link.host4 },
    six: { source: s1.link.host6, destination: r1.link.host6 },
  };
}

async function replay(host: Host, file: string, words: string[]): Promise<SendResult> {
  const all = ["send", "--interface", hostInterface, "--allow-default-route", "--trace", file];
  return await generated<SendResult>(host.spawn(generator, [...all, ...words]));
}

/** Whether the UDP or TCP checksum of a frame is right. */
function isSound(hex: string): boolean {
  const { source, payload, protocol } = parse(hex);
  const bytes = fromHex(hex);
  const addresses = source.includes(".") ? bytes.subarray(26, 34) : bytes.subarray(22, 54);
  return checksum([...addresses, 0, protocol, ...be16(payload.length), ...payload]) === 0;
}

Deno.test("a trace is numbered where there is room, and counted exactly, pcap and pcapng", async () => {
  const { bed: created, four, six } = await ready();
  await using bed = created;
  const { s1, r1 } = bed;
  const data = (bytes: number) => new Array<number>(bytes).fill(0x5a);
  const frames = [
    captured(udpFrame({ to: other, from, ...four, data: data(100) }), 0),
    captured(udpFrame({ to: other, from, ...six, data: data(51) }), 1),
    captured(tcpFrame(four, data(77)), 2),
    captured(udpFrame({ to: other, from, ...four, data: data(15) }), 3), // no room
    captured(
      ethernet({
        to: other,
        from,
        type: 0x0800,
        payload: ip({ ...four, protocol: 47, payload: data(90) }),
      }),
      4, // no UDP, no TCP
    ),
    captured(udpFrame({ to: other, from, ...four, data: data(400) }), 5, 60), // cut: filled up
    captured(udpFrame({ to: other, from, ...four, data: data(3000) }), 6), // too long for the MTU
  ];
  const mac = await bed.gateway.mac("s1");
  const file = await Deno.makeTempFile();
  try {
    for (const [format, run] of [["pcap", 31], ["pcapng", 32]] as const) {
      const common = { little: run === 31, fcs_bytes: 4 };
      await Deno.writeFile(
        file,
        format === "pcap"
          ? writePcap(frames, { ...common, nanoseconds: true })
          : writePcapng(frames, { ...common, simple: false }),
      );
      await using sink = await Sink.start(r1, { run });
      const arrived = await r1.capture(async () => {
        const words = ["--destination-mac", mac, "--loops", "50", "--run", String(run)];
        const sent = await replay(s1, file, [...words, "--rate", "3000"]);
        deepEqual(
          [sent.sent_frames, sent.numbered_frames, sent.unnumbered_frames],
          [300, 200, 100],
        );
        deepEqual([sent.filled_frames, sent.skipped_frames], [1, 1]);
      });
      const seen = await sink.stop();
      deepEqual(
        [seen.different_frames, seen.lost_frames, seen.duplicate_frames, seen.reordered_frames],
        [200, 0, 0, 0],
      );
      equal(seen.highest_sequence, 199);
      ok(seen.latency_p50_ns > 0 && seen.latency_max_ns < 5e9);
      const ours = arrived.filter((hex) => [6, 17].includes(parse(hex).protocol));
      equal(ours.length, 250);
      // Also those whose checksum was left to hardware when they were captured.
      ok(ours.every(isSound), "checksums are right");
      equal(arrived.filter((hex) => parse(hex).protocol === 47).length, 50);
    }
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("loss, duplicates and reordering of a trace are told apart", async () => {
  const { bed: created, four } = await ready();
  await using bed = created;
  const data = new Array<number>(40).fill(1);
  const file = await Deno.makeTempFile();
  try {
    const frames = [0, 1, 2].map((i) => captured(udpFrame({ to: other, from, ...four, data }), i));
    await Deno.writeFile(
      file,
      writePcap(frames, { little: true, fcs_bytes: 0, nanoseconds: false }),
    );
    const mac = await bed.gateway.mac("s1");
    const words = ["--destination-mac", mac, "--run", "41"];
    const sent = await bed.r1.capture(() => replay(bed.s1, file, [...words, "--loops", "2"]));
    const ours = sent.filter((hex) => parse(hex).protocol === 17);
    equal(ours.length, 6);
    // 0, 2, 1, 1, 5: 3 and 4 are lost.
    await using sink = await Sink.start(bed.r1, { run: 41 });
    const again = [0, 2, 1, 1, 5].map((i) => {
      const to = macBytes(mac).map((byte) => byte.toString(16).padStart(2, "0")).join("");
      return to + ours[i]!.slice(12);
    });
    await bed.s1.sendFrames(again);
    const seen = await sink.stop();
    deepEqual(
      [seen.different_frames, seen.duplicate_frames, seen.reordered_frames, seen.lost_frames],
      [4, 1, 1, 2],
    );
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a trace keeps its captured pauses, or goes faster, or at a rate, or for a time", async () => {
  const { bed: created, four } = await ready();
  await using bed = created;
  const data = new Array<number>(40).fill(1);
  const frame = udpFrame({ to: await bed.gateway.mac("s1"), from, ...four, data });
  const file = await Deno.makeTempFile();
  try {
    const frames = [0, 100, 700, 1000].map((ms) => captured(frame, ms));
    await Deno.writeFile(file, writePcapng(frames, { little: false, fcs_bytes: 0, simple: false }));
    const within = (value: number, from: number, to: number) =>
      ok(value >= from && value <= to, `${value}`);
    within((await replay(bed.s1, file, ["--speed", "1"])).seconds, 0.99, 1.5);
    within((await replay(bed.s1, file, ["--speed", "10"])).seconds, 0.099, 0.4);
    within((await replay(bed.s1, file, ["--loops", "2", "--speed", "10"])).seconds, 0.23, 0.6);
    within((await replay(bed.s1, file, [])).seconds, 0, 0.1);
    const rated = await replay(bed.s1, file, ["--loops", "0", "--rate", "1k", "--seconds", "0.3"]);
    within(rated.sent_frames, 200, 310);
    equal((await replay(bed.s1, file, ["--loops", "0", "--count", "1003"])).sent_frames, 1003);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("gen --find-limit finds limits with the frames of a trace", async () => {
  const { bed: created, four } = await ready();
  await using bed = created;
  await bed.gateway.ipBatch([
    ...["link add end1 type veth peer name end2", "link set end1 up", "link set end2 up"],
  ]);
  const data = new Array<number>(40).fill(1);
  const file = await Deno.makeTempFile();
  try {
    const frames = [0, 1].map((ms) => captured(udpFrame({ to: other, from, ...four, data }), ms));
    await Deno.writeFile(
      file,
      writePcap(frames, { little: true, fcs_bytes: 0, nanoseconds: true }),
    );
    const [program, first] = lvrmCommand();
    const words = ["--interface", "end1", "--sink", "end2", "--trace", file, "--seconds", "0.1"];
    const all = [...first, "gen", "--find-limit", ...words];
    const done = await bed.gateway.exec(program, all, 120_000);
    equal(done.code, 0, done.stderr);
    const { limits } = JSON.parse(done.stdout) as { limits: { frames_per_second: number }[] };
    ok(limits.length === 2 && limits.every((it) => it.frames_per_second > 0), done.stdout);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a file that can't be replayed is refused in one line", async () => {
  await using bed = await Testbed.create();
  const file = await Deno.makeTempFile();
  const frame = captured("00".repeat(60), 0);
  const whole = writePcap([frame], { little: true, fcs_bytes: 0, nanoseconds: true });
  const format = { little: true, fcs_bytes: 0, nanoseconds: true };
  try {
    for (
      const [bytes, text] of [
        [new TextEncoder().encode("no capture file at all, but long enough"), /no capture file/],
        [new Uint8Array(0), /no capture file/],
        [writePcap([], { ...format, link: 113 }), /no Ethernet/],
        [whole.subarray(0, whole.length - 1), /damaged, or its end is missing/],
        [writePcap([], format), /none of its frames can be sent/],
        [writePcap([captured("00".repeat(5000), 0)], format), /longer than the interface's MTU/],
      ] as const
    ) {
      await Deno.writeFile(file, bytes);
      const words = ["send", "--interface", hostInterface, "--allow-default-route", "--trace"];
      const done = await bed.s1.exec(generator, [...words, file]);
      equal(done.code, 1, done.stdout);
      match(done.stderr, text);
      equal(done.stderr.trim().split("\n").length, 1, done.stderr);
    }
  } finally {
    await Deno.remove(file);
  }
});
