/** The pcapng format (draft-ietf-opsawg-pcapng). Pure. */
import { type CapturedFrame, CaptureError, frameOf, Reader, requireEthernet } from "./reader.ts";

const block = { section: 0x0a0d0d0a, interface: 1, obsolete: 2, simple: 3, enhanced: 6 } as const;
const orderMagic = 0x1a2b3c4d;
const option = { end: 0, tsresol: 9, fcslen: 13 } as const;
const overhead_bytes = 12; // type, length, and length again at the end

interface Interface {
  readonly snapLength: number; // 0: no limit
  /** Nanoseconds of a time unit, as a fraction. */
  readonly unit: { readonly times: bigint; readonly by: bigint };
  readonly fcs_bytes: number;
}

/** Whether the bytes start as a pcapng file does. */
export function isPcapng(bytes: Uint8Array<ArrayBuffer>): boolean {
  return bytes.length >= 4 && new Reader(bytes).u32(0) === block.section;
}

/** The frames of a file that `isPcapng`. */
export function* parsePcapng(bytes: Uint8Array<ArrayBuffer>): Iterable<CapturedFrame> {
  const reader = new Reader(bytes);
  let interfaces: Interface[] = [];
  for (let at = 0; at < reader.length;) {
    reader.need(at, overhead_bytes, `the block at byte ${at}`);
    const type = reader.u32(at); // a section's reads the same in both orders
    if (type === block.section) {
      startSection(reader, at);
      interfaces = [];
    }
    const length = reader.u32(at + 4);
    if (length < overhead_bytes || length % 4 !== 0) {
      throw new CaptureError(`it is damaged: the block at byte ${at} claims ${length} bytes`);
    }
    reader.need(at, length, `the block at byte ${at}`);
    if (reader.u32(at + length - 4) !== length) {
      throw new CaptureError(`it is damaged: the block at byte ${at} ends with another length`);
    }
    const body = { at: at + 8, end: at + length - 4 };
    if (type === block.interface) interfaces.push(readInterface(reader, body));
    const frame = readFrame(reader, type, body, interfaces);
    if (frame !== null) yield frame;
    at += length;
  }
}

interface Span {
  readonly at: number;
  readonly end: number;
}

function within(span: Span, count: number, what: string): void {
  if (span.at + count <= span.end) return;
  throw new CaptureError(`it is damaged: ${what} at byte ${span.at - 8} is too short`);
}

function startSection(reader: Reader, at: number): void {
  reader.need(at, 28, "its section header");
  reader.little = true;
  if (reader.u32(at + 8) !== orderMagic) reader.little = false;
  if (reader.u32(at + 8) !== orderMagic) {
    throw new CaptureError(`it is damaged: the section at byte ${at} has no byte order`);
  }
  const major = reader.u16(at + 12);
  if (major !== 1) throw new CaptureError(`its format is pcapng version ${major}, not 1`);
}

function readInterface(reader: Reader, body: Span): Interface {
  within(body, 8, "the interface");
  requireEthernet(reader.u16(body.at));
  let unit = { times: 1000n, by: 1n };
  let fcs_bytes = 0;
  for (let at = body.at + 8; at + 4 <= body.end;) {
    const code = reader.u16(at);
    const length = reader.u16(at + 2);
    if (code === option.end) break;
    within({ at: at + 4, end: body.end }, length, "an option");
    if (code === option.tsresol && length === 1) unit = unitOf(reader.slice(at + 4, 1)[0]!);
    if (code === option.fcslen && length === 1) fcs_bytes = reader.slice(at + 4, 1)[0]!;
    at += 4 + padded(length);
  }
  return { snapLength: reader.u32(body.at + 4), unit, fcs_bytes };
}

/** if_tsresol: a negative power of ten, or of two where the highest bit is set. */
function unitOf(resolution: number): Interface["unit"] {
  const power = BigInt(resolution & 0x7f);
  return { times: 1_000_000_000n, by: (resolution & 0x80) === 0 ? 10n ** power : 2n ** power };
}

const padded = (bytes: number) => bytes + 3 & ~3;

function readFrame(
  reader: Reader,
  type: number,
  body: Span,
  interfaces: readonly Interface[],
): CapturedFrame | null {
  if (type === block.simple) return readSimple(reader, body, interfaces);
  if (type !== block.enhanced && type !== block.obsolete) return null;
  within(body, 20, "the frame");
  const number = type === block.enhanced ? reader.u32(body.at) : reader.u16(body.at);
  const known = interfaceOf(interfaces, number, body);
  const captured = reader.u32(body.at + 12);
  within(body, 20 + captured, "the frame");
  const ticks = BigInt(reader.u32(body.at + 4)) << 32n | BigInt(reader.u32(body.at + 8));
  const time_ns = ticks * known.unit.times / known.unit.by;
  const original = reader.u32(body.at + 16);
  return frameOf(reader, body.at + 20, captured, original, known.fcs_bytes, time_ns, number);
}

function readSimple(
  reader: Reader,
  body: Span,
  interfaces: readonly Interface[],
): CapturedFrame {
  within(body, 4, "the frame");
  const known = interfaceOf(interfaces, 0, body);
  const original = reader.u32(body.at);
  const limit = known.snapLength === 0 ? original : known.snapLength;
  const captured = Math.min(original, limit);
  within(body, 4 + captured, "the frame");
  return frameOf(reader, body.at + 4, captured, original, known.fcs_bytes, null);
}

function interfaceOf(interfaces: readonly Interface[], number: number, body: Span): Interface {
  const known = interfaces[number];
  if (known !== undefined) return known;
  throw new CaptureError(
    `it is damaged: the frame at byte ${body.at - 8} is of interface ${number}, which it does ` +
      `not describe`,
  );
}
