/**
 * Captures in files: pcap (microseconds and nanoseconds, either byte order) and pcapng (section,
 * interface, enhanced, simple and obsolete packet blocks), for the adapters `memory`
 * and `pcap`.
 */
export { type CapturedFrame, CaptureError, parseCapture } from "./capture.ts";
export { framesOf, readTrace } from "./file.ts";
