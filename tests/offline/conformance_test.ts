/**
 * The adapters' promises, end to end, on every one that needs no interface: what comes in goes out
 * or is counted, whole and in order. Those on interfaces have theirs over veth.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { manifest } from "../../ffi/abi.gen.ts";
import { virtualAdapters } from "../../mod/config/source.ts";
import { writePcap } from "../../mod/trace/capture_test_files.ts";
import { captured, frame, offline, Scratch, totalsOf } from "./offline.ts";

const vr = ["--vr", "10.0.0.0/8=cppvr"];

/** Frames of every size from 60 to 200 bytes and some up to `longest`, of several flows. */
function sizes(longest: number): number[] {
  const short = Array.from({ length: 141 }, (_, i) => 60 + i);
  return [...short, ...[512, 1024, 1513, 1514, 4000, 9013, 9014].filter((it) => it <= longest)];
}

/** The value of --adapter that puts this file in once. */
const once: Record<string, (input: string, scratch: Scratch, frames: number) => string> = {
  memory: (input, _, frames) => `memory:${input},count=${frames}`,
  pcap: (input, scratch) => `pcap:${input},${scratch.file("out.pcap")}`,
};

for (const name of manifest.adapters) {
  if (!virtualAdapters.includes(name)) {
    Deno.test({ name: `${name}: needs an interface`, ignore: true, fn: () => {} });
    continue;
  }

  const feed = async (scratch: Scratch, bytes: number[], options: string, args: string[]) => {
    const frames = bytes.map((size, i) => {
      const source = `10.0.${i % 5}.${i % 7 + 1}`;
      return captured(frame({ bytes: size, source, destination: "198.18.0.1" }), BigInt(i + 1));
    });
    const format = { little: true, fcs_bytes: 0, nanoseconds: true };
    const input = await scratch.write("in.pcap", writePcap(frames, format));
    const adapter = once[name]!(input, scratch, frames.length) + options;
    const done = await offline(scratch, ["--adapter", adapter, ...vr, ...args]);
    equal(done.code, 0, done.stderr);
    return { totals: totalsOf(done.stdout), text: done.stdout };
  };

  Deno.test(`${name}: every size comes through, up to jumbo frames`, async () => {
    await using scratch = await Scratch.make();
    for (const [longest, mtu] of [[1514, 1500], [9014, 9000]] as const) {
      const all = sizes(longest);
      const { totals } = await feed(scratch, all, `,mtu=${mtu}`, []);
      deepEqual([totals.received, totals.sent, totals["in flight"]], [all.length, all.length, 0]);
    }
  });

  Deno.test(`${name}: a burst larger than every queue loses nothing`, async () => {
    await using scratch = await Scratch.make();
    const all = Array.from({ length: 20_000 }, (_, i) => 60 + i % 100);
    for (const args of [[], ["--vris", "2"], ["--vris", "16"], ["--frames", "--vris", "2"]]) {
      const { totals } = await feed(scratch, all, "", args);
      deepEqual([totals.received, totals.sent, totals.dropped], [20_000, 20_000, 0]);
    }
  });

  Deno.test(`${name}: what is not forwarded has a reason, and the account is exact`, async () => {
    await using scratch = await Scratch.make();
    const all = [100, 3000, 100, 5000, 100];
    const { totals, text } = await feed(scratch, all, "", []);
    equal(totals.sent, 3);
    ok(/too_long 2/.test(text), text);
    equal(
      totals.received! + totals.originated! + totals.replicated!,
      totals.sent! + totals.dropped! + totals["kept by the kernel"]! + totals["in flight"]!,
    );
  });

  Deno.test(`${name}: more ports than two, and only one`, async () => {
    await using scratch = await Scratch.make();
    for (const ports of [1, 3, 64]) {
      const { totals, text } = await feed(scratch, [100, 200], `,ports=${ports}`, []);
      equal(totals.sent, 2);
      equal(text.match(new RegExp(`^(mem|pcap)\\d+ +${name} `, "gm"))?.length, ports);
    }
  });
}
