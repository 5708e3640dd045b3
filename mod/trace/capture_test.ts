/** Captures: what is written is read back; no file, however broken, does worse than an error. */
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../config/mod.ts";
import { type CapturedFrame, CaptureError, parseCapture } from "./capture.ts";
import { readTrace } from "./file.ts";

interface Format {
  readonly little: boolean;
  readonly fcs_bytes: number;
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Numbers as bytes: each [value, width]. */
function numbers(little: boolean, ...fields: [number, 2 | 4][]): Uint8Array {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [, width]) => sum + width, 0)));
  let at = 0;
  for (const [value, width] of fields) {
    if (width === 2) view.setUint16(at, value, little);
    else view.setUint32(at, value, little);
    at += width;
  }
  return new Uint8Array(view.buffer);
}

const billion = 1_000_000_000n;

function writePcap(
  frames: readonly CapturedFrame[],
  format: Format & { nanoseconds: boolean; link?: number },
): Uint8Array<ArrayBuffer> {
  const { little, nanoseconds, fcs_bytes } = format;
  const link = (format.link ?? 1) | (fcs_bytes > 0 ? 1 << 26 | fcs_bytes / 2 << 28 : 0);
  const magic = nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  const parts = [
    numbers(little, [magic, 4], [2, 2], [4, 2], [0, 4], [0, 4], [65535, 4], [link >>> 0, 4]),
  ];
  for (const { bytes, original_bytes, time_ns } of frames) {
    const whole = bytes.length === original_bytes ? fcs_bytes : 0; // a cut frame has none
    const part = Number(time_ns! % billion / (nanoseconds ? 1n : 1000n));
    const captured = bytes.length + whole;
    parts.push(
      numbers(little, [Number(time_ns! / billion), 4], [part, 4], [captured, 4], [
        original_bytes + fcs_bytes,
        4,
      ]),
      bytes,
      new Uint8Array(whole),
    );
  }
  return concat(parts);
}

function pcapngBlock(little: boolean, type: number, ...body: Uint8Array[]): Uint8Array {
  const content = concat(body);
  const length = 12 + (content.length + 3 & ~3);
  const padding = new Uint8Array(length - 12 - content.length);
  return concat([
    numbers(little, [type, 4], [length, 4]),
    content,
    padding,
    numbers(little, [length, 4]),
  ]);
}

function writePcapng(
  frames: readonly CapturedFrame[],
  format: Format & { simple: boolean; link?: number },
): Uint8Array<ArrayBuffer> {
  const { little, simple, fcs_bytes } = format;
  const options = concat([
    numbers(little, [9, 2], [1, 2]),
    new Uint8Array([9, 0, 0, 0]), // nanoseconds
    numbers(little, [13, 2], [1, 2]),
    new Uint8Array([fcs_bytes, 0, 0, 0]),
    numbers(little, [0, 2], [0, 2]),
  ]);
  const parts = [
    pcapngBlock(
      little,
      0x0a0d0d0a,
      numbers(little, [0x1a2b3c4d, 4], [1, 2], [0, 2], [0xffffffff, 4], [0xffffffff, 4]),
    ),
    pcapngBlock(little, 1, numbers(little, [format.link ?? 1, 2], [0, 2], [0, 4]), options),
    pcapngBlock(little, 5, numbers(little, [0, 4], [0, 4], [0, 4])), // statistics: skipped
  ];
  for (const { bytes, original_bytes, time_ns } of frames) {
    const whole = bytes.length === original_bytes ? fcs_bytes : 0;
    const tail = new Uint8Array(whole);
    const original = original_bytes + fcs_bytes;
    if (simple) {
      parts.push(pcapngBlock(little, 3, numbers(little, [original, 4]), bytes, tail));
      continue;
    }
    const time = [Number(time_ns! >> 32n), Number(time_ns! & 0xffffffffn)] as const;
    const head = numbers(little, [0, 4], [time[0], 4], [time[1], 4], [bytes.length + whole, 4], [
      original,
      4,
    ]);
    parts.push(pcapngBlock(little, 6, head, bytes, tail));
  }
  return concat(parts);
}

const anyFrame = fc.record({
  bytes: fc.uint8Array({ minLength: 14, maxLength: 200 }),
  cut: fc.nat(500),
  time_us: fc.bigInt({ min: 0n, max: 4_000_000_000_000_000n }),
}).map(({ bytes, cut, time_us }): CapturedFrame => ({
  bytes: bytes as Uint8Array<ArrayBuffer>,
  original_bytes: bytes.length + (cut < 400 ? 0 : cut),
  time_ns: time_us * 1000n,
}));
const anyFrames = fc.array(anyFrame, { minLength: 1, maxLength: 8 });
const anyFormat = fc.record({
  little: fc.boolean(),
  fcs_bytes: fc.constantFrom(0, 4),
  other: fc.boolean(),
});

Deno.test("pcap: what is written is read back, in either order and unit", () => {
  fc.assert(fc.property(anyFrames, anyFormat, (frames, { other, ...format }) => {
    deepEqual([...parseCapture(writePcap(frames, { ...format, nanoseconds: other }))], frames);
  }));
});

Deno.test("pcapng: what is written is read back, enhanced and simple blocks", () => {
  fc.assert(fc.property(anyFrames, anyFormat, (frames, { other, ...format }) => {
    const whole = other ? frames.filter((f) => f.bytes.length === f.original_bytes) : frames;
    fc.pre(whole.length > 0);
    const expected = whole.map((f) => other ? { ...f, time_ns: null } : f);
    deepEqual([...parseCapture(writePcapng(whole, { ...format, simple: other }))], expected);
  }));
});

const sample: CapturedFrame[] = [60, 61, 14].map((length, i) => ({
  bytes: new Uint8Array(length).fill(i + 1),
  original_bytes: length,
  time_ns: BigInt(i) * 1000n,
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
