/** Captures: what is written is read back; no file, however broken, does worse than an error. */
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../config/mod.ts";
import { type CapturedFrame, CaptureError, parseCapture } from "./capture.ts";
import { writePcap, writePcapng } from "./capture_test_files.ts";
import { readTrace } from "./file.ts";

const anyFrame = fc.record({
  bytes: fc.uint8Array({ minLength: 14, maxLength: 200 }),
  cut: fc.nat(500),
  interface: fc.nat(2),
  time_us: fc.bigInt({ min: 0n, max: 4_000_000_000_000_000n }),
}).map(({ bytes, cut, time_us, interface: number }): CapturedFrame => ({
  bytes: bytes as Uint8Array<ArrayBuffer>,
  original_bytes: bytes.length + (cut < 400 ? 0 : cut),
  time_ns: time_us * 1000n,
  interface: number,
}));
const anyFrames = fc.array(anyFrame, { minLength: 1, maxLength: 8 });
const interfaces = 3;
const anyFormat = fc.record({
  little: fc.boolean(),
  fcs_bytes: fc.constantFrom(0, 4),
  other: fc.boolean(),
});

Deno.test("pcap: what is written is read back, in either order and unit", () => {
  fc.assert(fc.property(anyFrames, anyFormat, (frames, { other, ...format }) => {
    const expected = frames.map((frame) => ({ ...frame, interface: 0 }));
    deepEqual([...parseCapture(writePcap(frames, { ...format, nanoseconds: other }))], expected);
  }));
});

Deno.test("pcapng: what is written is read back, enhanced and simple blocks", () => {
  fc.assert(fc.property(anyFrames, anyFormat, (frames, { other, ...format }) => {
    const whole = other ? frames.filter((f) => f.bytes.length === f.original_bytes) : frames;
    fc.pre(whole.length > 0);
    const expected = whole.map((f) => other ? { ...f, time_ns: null, interface: 0 } : f);
    const written = writePcapng(whole, { ...format, simple: other, interfaces });
    deepEqual([...parseCapture(written)], expected);
  }));
});

const sample: CapturedFrame[] = [60, 61, 14].map((length, i) => ({
  bytes: new Uint8Array(length).fill(i + 1),
  original_bytes: length,
  time_ns: BigInt(i) * 1000n,
  interface: 0,
}));
const captures: [string, Uint8Array<ArrayBuffer>][] = [true, false].flatMap((little) => [
  [`pcap ${little}`, writePcap(sample, { little, fcs_bytes: 0, nanoseconds: false })],
  [`pcapng ${little}`, writePcapng(sample, { little, fcs_bytes: 0, simple: false })],
  [`simple ${little}`, writePcapng(sample, { little, fcs_bytes: 0, simple: true })],
]);

/** The frames before an error, and the error. */
function parse(bytes: Uint8Array<ArrayBuffer>): { frames: number; error: unknown } {
  let frames = 0;
  try {
    for (const _ of parseCapture(bytes)) frames++;
    return { frames, error: null };
  } catch (error) {
    return { frames, error };
  }
}

Deno.test("a capture cut at any byte gives whole frames and at most an error", () => {
  for (const [name, bytes] of captures) {
    equal(parse(bytes).frames, sample.length, name);
    for (let length = 0; length < bytes.length; length++) {
      const { frames, error } = parse(bytes.slice(0, length));
      ok(error === null || error instanceof CaptureError, `${name} cut at ${length}: ${error}`);
      // Between two frames it is a shorter capture, and whole.
      ok(error !== null || frames > 0, `${name} cut at ${length}`);
      ok(frames < sample.length, `${name} cut at ${length}`);
    }
  }
});

Deno.test("garbage gives an error, not a crash", () => {
  const pick = fc.constantFrom(...captures.map(([, bytes]) => bytes));
  const changes = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(pick, changes, (bytes, edits) => {
      const spoilt = bytes.slice();
      for (const [at, value] of edits) spoilt[at % spoilt.length] = value;
      const { error } = parse(spoilt);
      ok(error === null || error instanceof CaptureError, String(error));
    }),
    { numRuns: 2000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const { error } = parse(bytes as Uint8Array<ArrayBuffer>);
    ok(error === null || error instanceof CaptureError, String(error));
  }));
});

Deno.test("files that cannot be replayed are refused in one line that says why", async () => {
  const directory = await Deno.makeTempDir();
  const format = { little: true, fcs_bytes: 0, nanoseconds: false };
  const whole = writePcap(sample, format);
  const short = { ...sample[0]!, bytes: new Uint8Array(5), original_bytes: 5 };
  const cases: [string, Uint8Array, RegExp][] = [
    ["empty", new Uint8Array(0), /it is empty$/],
    ["text", new TextEncoder().encode("hello, world"), /neither pcap nor pcapng \(.*68 65 6c 6c/],
    ["cut", whole.slice(0, -1), /truncated: frame 3 would end at byte \d+, the file ends at \d+/],
    ["header", whole.slice(0, 24), /no frames/],
    ["cooked", writePcap(sample, { ...format, link: 113 }), /113 \(Linux cooked\), not Ethernet/],
    ["wireless", writePcapng(sample, { ...format, simple: false, link: 105 }), /802\.11/],
    ["short", writePcap([short], format), /frame 1 has 5 bytes/],
  ];
  try {
    for (const [name, bytes, expected] of cases) {
      const path = `${directory}/${name}.pcap`;
      await Deno.writeFile(path, bytes);
      throws(() => readTrace(path), (error) => {
        ok(error instanceof Failure);
        match(error.message, expected);
        ok(!error.message.includes("\n"));
        return true;
      });
    }
    throws(() => readTrace(`${directory}/none`), /there is no such file/);
    throws(() => readTrace(directory), /not a file/);
    await Deno.writeFile(`${directory}/good`, whole);
    equal(readTrace(`${directory}/good`).length, 3);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
