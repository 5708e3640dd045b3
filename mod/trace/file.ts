/** A capture file's frames. */
import { ExitCode, Failure } from "../config/failure.ts";
import { type CapturedFrame, CaptureError, parseCapture } from "./capture.ts";

/** The whole file is held in memory, beside the trace itself. */
const largest_bytes = 2 ** 30;
const ethernetHeader_bytes = 14;

/** Reads all frames of a file. Throws Failure in one line. */
export function readTrace(path: string): CapturedFrame[] {
  return [...framesOf(path)];
}

/** The frames of a file, one after another. Throws Failure in one line, perhaps after some. */
export function* framesOf(path: string): Iterable<CapturedFrame> {
  const refuse = (code: ExitCode, why: string) => new Failure(code, `trace ${path}: ${why}`);
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    const info = Deno.statSync(path);
    if (!info.isFile) throw refuse(ExitCode.configuration, "it is not a file");
    if (info.size > largest_bytes) {
      throw refuse(
        ExitCode.configuration,
        `it has ${info.size} bytes, at most ${largest_bytes} are replayed: take a part of it, ` +
          `for example with editcap -r`,
      );
    }
    bytes = Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (error instanceof Deno.errors.NotFound) {
      throw refuse(ExitCode.configuration, "there is no such file");
    }
    throw refuse(ExitCode.host, error instanceof Error ? error.message : String(error));
  }
  try {
    let number = 0;
    for (const frame of parseCapture(bytes)) {
      number++;
      if (frame.bytes.length < ethernetHeader_bytes) {
        throw new CaptureError(
          `frame ${number} has ${frame.bytes.length} bytes: fewer than an Ethernet header`,
        );
      }
      yield frame;
    }
  } catch (error) {
    if (error instanceof CaptureError) throw refuse(ExitCode.configuration, error.message);
    throw error;
  }
}
