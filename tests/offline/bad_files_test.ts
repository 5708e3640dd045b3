/** What lvrm says of files that it cannot read or write, and what it counts. */
import { equal, match, ok } from "node:assert/strict";
import { writePcap } from "../../mod/trace/capture_test_files.ts";
import { captured, frame, mixedFrames, offline, Scratch, totalsOf } from "./offline.ts";

const vr = ["--vr", "10.0.0.0/16,fd00::/16=cppvr"];
const little = { little: true, fcs_bytes: 0, nanoseconds: true } as const;

/** lvrm refuses in one line with this exit code. */
async function refuses(scratch: Scratch, adapter: string, code: number, says: RegExp) {
  const done = await offline(scratch, ["--adapter", adapter, ...vr]);
  match(done.stderr, says);
  equal(done.code, code, done.stderr);
  equal(done.stderr.trim().split("\n").length, 1, done.stderr);
}

Deno.test("files that cannot be replayed are refused in one line, for both adapters", async () => {
  await using scratch = await Scratch.make();
  const whole = writePcap(mixedFrames(5, 1_000_000_000n), little);
  const files: [string, Uint8Array, RegExp][] = [
    ["empty.pcap", new Uint8Array(0), /it is empty/],
    ["no-frames.pcap", whole.slice(0, 24), /no frames/],
    ["cut.pcap", whole.slice(0, -1), /truncated: frame 5/],
    ["packed.pcap.gz", Uint8Array.of(0x1f, 0x8b, 8, 0), /it is compressed.*gunzip/],
    ["text.pcap", new TextEncoder().encode("not a capture"), /neither pcap nor pcapng/],
    [
      "wireless.pcap",
      writePcap([], { ...little, link: 105 }),
      /105 \(IEEE 802\.11\), not Ethernet/,
    ],
  ];
  for (const [name, bytes, says] of files) {
    const path = await scratch.write(name, bytes);
    await refuses(scratch, `memory:${path}`, 3, says);
    await refuses(scratch, `pcap:${path},${scratch.file("out.pcap")}`, 3, says);
    await refuses(scratch, `memory:${scratch.file("none")}`, 3, /there is no such file/);
  }
});

Deno.test("outputs that cannot be written are refused before anything runs", async () => {
  await using scratch = await Scratch.make();
  const whole = writePcap(mixedFrames(5, 1_000_000_000n), little);
  const input = await scratch.write("in.pcap", whole);
  await Deno.symlink(input, scratch.file("same.pcap"));
  await refuses(scratch, `pcap:${input},${scratch.file("same.pcap")}`, 3, /would be overwritten/);
  equal((await Deno.readFile(input)).length, whole.length);
  await refuses(scratch, `pcap:${input},${scratch.file("no/out.pcap")}`, 4, /cannot write .*NOENT/);
  await refuses(scratch, `pcap:${input},/dev/full`, 4, /cannot write \/dev\/full: NOSPC/);
  await refuses(scratch, `pcap:${input},${scratch.path}`, 4, /cannot write .*ISDIR/);
  await refuses(
    scratch,
    `pcap:${input},${scratch.file("o")},ports=1,mac=any/any`,
    3,
    /2 addresses/,
  );
});

Deno.test("a file's paths start in its folder, and a mistake elsewhere empties no output", async () => {
  await using scratch = await Scratch.make();
  const whole = writePcap(mixedFrames(5, 1_000_000_000n), little);
  await scratch.write("in.pcap", whole);
  const run = async (route: string) => {
    const config = `adapter: "pcap:in.pcap,out.pcap"
vrs: [{subnets: [10.0.0.0/16, "fd00::/16"], router: cppvr, routes: [0.0.0.0/0 dev ${route}]}]
`;
    const path = await scratch.write("lvrm.yaml", new TextEncoder().encode(config));
    return await offline(scratch, ["--config", path]);
  };
  const good = await run("pcap1");
  equal(good.code, 0, good.stderr);
  const { size } = await Deno.stat(scratch.file("out.pcap"));
  ok(size > 24, `${size}`);
  const bad = await run("eth7");
  equal(bad.code, 3, bad.stderr);
  match(bad.stderr, /leads to eth7, which lvrm does not serve: choose from pcap0, pcap1\n/);
  equal((await Deno.stat(scratch.file("out.pcap"))).size, size);
});

Deno.test("an output that is full is cut behind its last frame, counted and reported", async () => {
  await using scratch = await Scratch.make();
  const [model] = mixedFrames(6, 1_000_000_000n).slice(-1);
  const frames = Array.from({ length: 5000 }, (_, i) => captured(model!.bytes, BigInt(i + 1)));
  const input = await scratch.write("in.pcap", writePcap(frames, little));
  const output = scratch.file("out.pcap");
  // Deno's own files are small and written before.
  const through = ["prlimit", `--fsize=${4 << 20}`];
  const done = await offline(scratch, ["--adapter", `pcap:${input},${output}`, ...vr], { through });
  equal(done.code, 1, done.stderr);
  const said = /out\.pcap is not complete: (\d+) frames are in it, (\d+) more.*ulimit -f/
    .exec(done.stderr);
  ok(said !== null, done.stderr);
  const [inside, lost] = [Number(said[1]), Number(said[2])];
  ok(inside > 0 && lost > 0);
  const { size } = await Deno.stat(output);
  equal(size, 24 + inside * (16 + model!.bytes.length));
  const totals = totalsOf(done.stdout);
  equal(totals.received, 5000);
  equal(totals.sent, inside + lost);
  equal(totals.dropped, 5000 - inside - lost);
});

Deno.test("frames that no slot holds, and frames that were cut, are counted with their reason", async () => {
  await using scratch = await Scratch.make();
  const good = frame({ bytes: 100, source: "10.0.1.1", destination: "198.18.0.1" });
  const long = frame({ bytes: 3000, source: "10.0.1.1", destination: "198.18.0.1" });
  const frames = [
    captured(good, 1n),
    captured(long, 2n),
    { ...captured(good.slice(0, 80), 3n), original_bytes: 100 },
    captured(good, 4n),
  ];
  const input = await scratch.write("in.pcap", writePcap(frames, little));
  for (const adapter of [`pcap:${input},${scratch.file("out.pcap")}`, `memory:${input},count=4`]) {
    const done = await offline(scratch, ["--adapter", adapter, ...vr]);
    equal(done.code, 0, done.stderr);
    match(done.stdout, /too_long 1/);
    match(done.stdout, /truncated 1/);
    match(done.stderr, /their capture had cut are dropped \(1 truncated so far\)/);
    ok(!done.stderr.includes("ethtool"), "there is no link to set up");
    equal(totalsOf(done.stdout).sent, 2);
    const jumbo = await offline(scratch, ["--adapter", `${adapter},mtu=9000`, ...vr]);
    equal(jumbo.code, 0, jumbo.stderr);
    equal(totalsOf(jumbo.stdout).sent, 3);
  }
});

Deno.test("lvrm check looks at the inputs, and neither writes nor needs a privilege", async () => {
  await using scratch = await Scratch.make();
  const input = await scratch.write("in.pcap", writePcap(mixedFrames(5, 1n), little));
  const output = scratch.file("out.pcap");
  const through = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];
  const check = (adapter: string) =>
    offline(scratch, ["check", "--adapter", adapter, ...vr], { through });
  const good = await check(`pcap:${input},${output}`);
  equal(good.code, 0, good.stdout + good.stderr);
  match(good.stdout, /adapter +pcap: 5 frames on 2 ports/);
  const bad = await check(`pcap:${scratch.file("none")},${output}`);
  ok(bad.code !== 0);
  match(bad.stdout, /there is no such file/);
  equal(await Deno.stat(output).then(() => true, () => false), false);
});
