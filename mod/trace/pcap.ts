/** The pcap format (draft-ietf-opsawg-pcap). Pure. */
import { type CapturedFrame, CaptureError, frameOf, Reader, requireEthernet } from "./reader.ts";

const header_bytes = 24;
const record_bytes = 16;
const magic = { microseconds: 0xa1b2c3d4, nanoseconds: 0xa1b23c4d } as const;
/** Longest packet that libpcap itself reads: a longer one means that the file is damaged. */
const longest_bytes = 262_144;

function order(bytes: Uint8Array<ArrayBuffer>): { little: boolean; ns: bigint } | null {
  if (bytes.length < 4) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 4);
  for (const little of [true, false]) {
    const found = view.getUint32(0, little);
    if (found === magic.microseconds) return { little, ns: 1000n };
    if (found === magic.nanoseconds) return { little, ns: 1n };
  }
  return null;
}

/** Whether the bytes start as a pcap file does. */
export function isPcap(bytes: Uint8Array<ArrayBuffer>): boolean {
  return order(bytes) !== null;
}

/** The frames of a file that `isPcap`. */
export function* parsePcap(bytes: Uint8Array<ArrayBuffer>): Iterable<CapturedFrame> {
  const reader = new Reader(bytes);
  reader.need(0, header_bytes, "its header");
  const { little, ns } = order(bytes)!;
  reader.little = little;
  const major = reader.u16(4);
  if (major !== 2) throw new CaptureError(`its format is pcap version ${major}, not 2`);
  const link = reader.u32(20);
  requireEthernet(link & 0xffff);
  // Bit 26 says that the upper four bits tell the length of check sequences, in 16-bit words.
  const fcs_bytes = (link >>> 26 & 1) === 1 ? (link >>> 28) * 2 : 0;
  let number = 0;
  for (let at = header_bytes; at < reader.length;) {
    number++;
    reader.need(at, record_bytes, `the header of frame ${number}`);
    const captured = reader.u32(at + 8);
    if (captured > longest_bytes) {
      throw new CaptureError(`it is damaged: frame ${number} claims ${captured} bytes`);
    }
    const time_ns = BigInt(reader.u32(at)) * 1_000_000_000n + BigInt(reader.u32(at + 4)) * ns;
    const original = reader.u32(at + 12);
    at += record_bytes;
    reader.need(at, captured, `frame ${number}`);
    yield frameOf(reader, at, captured, original, fcs_bytes, time_ns);
    at += captured;
  }
}
