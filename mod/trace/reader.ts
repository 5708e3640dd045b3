/** Reading numbers from a capture, with errors instead of surprises. Pure. */

/** A frame as captured. */
export interface CapturedFrame {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** On the wire, without check sequence: more than `bytes` where the capture cut it. */
  readonly original_bytes: number;
  /** Since 1970; null where the format has none (simple packet blocks). */
  readonly time_ns: bigint | null;
  /** Number of the interface that it was captured on, within its section (pcapng); else 0. */
  readonly interface: number;
}

/** What is wrong with a capture, as the end of a sentence: `it is empty`. */
export class CaptureError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CaptureError";
  }
}

/** Link types are of `https://www.ietf.org/archive/id/draft-ietf-opsawg-pcaplinktype`. */
export const ethernet = 1;

const otherLinks: Readonly<Record<number, string>> = {
  0: "BSD loopback",
  101: "raw IP",
  105: "IEEE 802.11",
  113: "Linux cooked",
  127: "IEEE 802.11 with radiotap",
  276: "Linux cooked, version 2",
};

/** Throws unless the link type is Ethernet. */
export function requireEthernet(linkType: number): void {
  if (linkType === ethernet) return;
  const name = otherLinks[linkType];
  throw new CaptureError(
    `its link type is ${linkType}${name === undefined ? "" : ` (${name})`}, not Ethernet (1): ` +
      `capture on an Ethernet interface, not on "any"`,
  );
}

/** Bytes with a byte order. */
export class Reader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  little = true;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** Throws unless `count` bytes follow `at`; `what` is being read. */
  need(at: number, count: number, what: string): void {
    if (at + count <= this.#bytes.length) return;
    throw new CaptureError(
      `it is truncated: ${what} would end at byte ${at + count}, the file ends at ` +
        `${this.#bytes.length}`,
    );
  }

  u16(at: number): number {
    return this.#view.getUint16(at, this.little);
  }

  u32(at: number): number {
    return this.#view.getUint32(at, this.little);
  }

  slice(at: number, count: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(at, at + count);
  }
}

/** The frame without its check sequence, where the capture has those. */
export function frameOf(
  reader: Reader,
  at: number,
  captured: number,
  original: number,
  fcs_bytes: number,
  time_ns: bigint | null,
  number = 0,
): CapturedFrame {
  const original_bytes = Math.max(0, Math.max(original, captured) - fcs_bytes);
  const bytes = reader.slice(at, Math.min(captured, original_bytes));
  return { bytes, original_bytes, time_ns, interface: number };
}
