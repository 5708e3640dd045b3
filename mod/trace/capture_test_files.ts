/** Capture files for tests, written independently of what reads and writes them in lvrm. */
import type { CapturedFrame } from "./capture.ts";

/** What captures have in common. */
export interface Format {
  readonly little: boolean;
  readonly fcs_bytes: number;
}

/** Parts one behind the other. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Numbers as bytes: each [value, width]. */
export function numbers(little: boolean, ...fields: [number, 2 | 4][]): Uint8Array {
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

/** A pcap file. */
export function writePcap(
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

/** One block of a pcapng file. */
export function pcapngBlock(little: boolean, type: number, ...body: Uint8Array[]): Uint8Array {
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

/** A pcapng file. */
export function writePcapng(
  frames: readonly CapturedFrame[],
  format: Format & {
    simple: boolean;
    link?: number;
    /** Times in microseconds, which is what no option says. */
    microseconds?: boolean;
    interfaces?: number;
  },
): Uint8Array<ArrayBuffer> {
  const { little, simple, fcs_bytes } = format;
  const { microseconds = false, interfaces = 1 } = format;
  const nanoseconds = [numbers(little, [9, 2], [1, 2]), new Uint8Array([9, 0, 0, 0])];
  const options = concat([
    ...(microseconds ? [] : nanoseconds),
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
    ...Array.from(
      { length: interfaces },
      () => pcapngBlock(little, 1, numbers(little, [format.link ?? 1, 2], [0, 2], [0, 4]), options),
    ),
    pcapngBlock(little, 5, numbers(little, [0, 4], [0, 4], [0, 4])), // statistics: skipped
  ];
  for (const { bytes, original_bytes, time_ns, interface: number } of frames) {
    const whole = bytes.length === original_bytes ? fcs_bytes : 0;
    const tail = new Uint8Array(whole);
    const original = original_bytes + fcs_bytes;
    if (simple) {
      parts.push(pcapngBlock(little, 3, numbers(little, [original, 4]), bytes, tail));
      continue;
    }
    const ticks = microseconds ? time_ns! / 1000n : time_ns!;
    const head = numbers(
      little,
      [number, 4],
      [Number(ticks >> 32n), 4],
      [Number(ticks & 0xffffffffn), 4],
      [bytes.length + whole, 4],
      [original, 4],
    );
    parts.push(pcapngBlock(little, 6, head, bytes, tail));
  }
  return concat(parts);
}
