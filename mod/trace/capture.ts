/** Which format a capture has, and the frames in it. Pure. */
import { type CapturedFrame, CaptureError } from "./reader.ts";
import { isPcap, parsePcap } from "./pcap.ts";
import { isPcapng, parsePcapng } from "./pcapng.ts";

export { type CapturedFrame, CaptureError };

/**
 * The frames of a capture, in order, without frame check sequences. Throws CaptureError where it
 * is malformed, perhaps after some frames, and before the first when it has none.
 */
export function* parseCapture(bytes: Uint8Array<ArrayBuffer>): Iterable<CapturedFrame> {
  if (bytes.length === 0) throw new CaptureError("it is empty");
  let frames = 0;
  for (const frame of parseAny(bytes)) {
    frames++;
    yield frame;
  }
  if (frames === 0) throw new CaptureError("it holds no frames");
}

function parseAny(bytes: Uint8Array<ArrayBuffer>): Iterable<CapturedFrame> {
  if (isPcapng(bytes)) return parsePcapng(bytes);
  if (isPcap(bytes)) return parsePcap(bytes);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    throw new CaptureError("it is compressed: unpack it first, for example with gunzip");
  }
  const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0"));
  throw new CaptureError(
    `it is neither pcap nor pcapng (it starts with ${start.join(" ")}): convert it, for example ` +
      `with editcap -F pcap`,
  );
}
