/** What the adapters `memory` and `pcap` are told and tell: traces, captures, latencies. */
import { CaptureFormat, layout, traceFlags } from "./abi.gen.ts";
import { checked, u32Max } from "./checked.ts";

/** How a port of the adapters `memory` and `pcap` uses its trace. */
export interface Replay {
  /** Number of the trace; null: nothing comes in (`pcap`). */
  readonly trace: number | null;
  /** The port receives the trace's frames. */
  readonly replays: boolean;
  /** The stamps of what the port sends are read. */
  readonly records: boolean;
  /** Each frame's last 8 bytes tell when it was handed out, for its latency. */
  readonly stamps: boolean;
  /** Frames to hand out; 0: no end. */
  readonly frameLimit: number;
  /** 0: as fast as they are taken. */
  readonly rateFps: number;
  /** On their way through the gateway at most; 0: no bound. */
  readonly windowFrames: number;
  /** Only unicast to the port's own MAC is for it; else all unicast is. */
  readonly ownMac?: boolean;
  /** Frames lie in their VRs' arenas (`memory`). */
  readonly zeroCopy?: boolean;
  /** Number of the capture that the port writes (`pcap`). */
  readonly capture?: number;
}

/** A capture file to write. */
export interface CaptureConfig {
  readonly format: keyof typeof CaptureFormat;
  /** Times are in nanoseconds, not in microseconds. */
  readonly nanoseconds: boolean;
  /** Ports of the run. */
  readonly interfaces: number;
  /** Of the captured timing, in thousandths; 0: as fast as frames are taken. */
  readonly speedPermille: number;
}

/** What became of a capture file. */
export interface CaptureReport {
  readonly writtenFrames: number;
  readonly writtenBytes: number;
  /** Counted as sent, but not written. */
  readonly lostFrames: number;
  /** Of the first write that failed; 0: none did. */
  readonly errno: number;
}

/** Frames to generate, as TraceSpec of `zig-src/abi.zig` says. */
export interface TraceSpec {
  readonly frames: number;
  /** Bytes as captured, in turn. */
  readonly sizes: readonly number[];
  readonly flows: number;
  readonly family: 4 | 6;
  /** Address of the first source subnet, 4 or 16 bytes. */
  readonly source: Uint8Array;
  readonly sources: number;
  readonly sourceLength: number;
  readonly destination: Uint8Array;
  readonly destinations: number;
  readonly destinationLength: number;
  readonly sourceMac: Uint8Array;
  readonly destinationMac: Uint8Array;
}

/** Latencies of a trace's frames, in nanoseconds; `clockNs`: what a reading of the clock takes. */
export interface LatencyReport {
  readonly frames: number;
  readonly meanNs: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly p999Ns: number;
  readonly maxNs: number;
  readonly clockNs: number;
}

/** Writes a port's replay into its PortConfig. */
export function putReplay(view: DataView, replay: Replay): void {
  const at = layout.PortConfig;
  const number = (what: string, value: number | null | undefined) =>
    value === null || value === undefined ? 0 : checked(what, value, 0, 0xffff) + 1;
  view.setUint32(at.trace, number("trace", replay.trace), true);
  view.setUint32(at.capture, number("capture", replay.capture), true);
  const limit = checked("frame limit", replay.frameLimit, 0, Number.MAX_SAFE_INTEGER);
  view.setBigUint64(at.frame_limit, BigInt(limit), true);
  view.setUint32(at.rate_fps, checked("rate", replay.rateFps, 0, u32Max), true);
  view.setUint32(at.window_frames, checked("window", replay.windowFrames, 0, u32Max), true);
  const flags = (replay.replays ? traceFlags.replay : 0) |
    (replay.records ? traceFlags.record : 0) | (replay.stamps ? traceFlags.stamp : 0) |
    (replay.ownMac ? traceFlags.own_mac : 0) | (replay.zeroCopy ? traceFlags.zero_copy : 0);
  view.setUint32(at.trace_flags, flags, true);
}

/** TraceSpecs as the library takes them. */
export function encodeTraceSpecs(specs: readonly TraceSpec[]): Uint8Array<ArrayBuffer> {
  const { size } = layout.TraceSpec;
  const all = new Uint8Array(specs.length * size);
  specs.forEach((spec, i) => putTraceSpec(new DataView(all.buffer, i * size, size), spec));
  return all;
}

function putTraceSpec(view: DataView<ArrayBuffer>, spec: TraceSpec): void {
  const at = layout.TraceSpec;
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const put = (offset: number, name: string, value: number) =>
    view.setUint32(offset, checked(name, value, 0, u32Max), true);
  put(at.frames, "frames", spec.frames);
  put(at.size_count, "number of sizes", checked("number of sizes", spec.sizes.length, 0, 16));
  spec.sizes.forEach((size, i) =>
    view.setUint16(at.sizes + 2 * i, checked("frame size", size, 14, 65535), true)
  );
  put(at.flows, "flows", spec.flows);
  put(at.family, "family", spec.family);
  bytes.set(spec.source.subarray(0, 16), at.source);
  bytes.set(spec.destination.subarray(0, 16), at.destination);
  put(at.sources, "sources", spec.sources);
  put(at.source_length, "length of source subnets", spec.sourceLength);
  put(at.destinations, "destinations", spec.destinations);
  put(at.destination_length, "length of destination subnets", spec.destinationLength);
  bytes.set(spec.sourceMac.subarray(0, 6), at.source_mac);
  bytes.set(spec.destinationMac.subarray(0, 6), at.destination_mac);
}

/** CaptureConfig as the library takes it. */
export function encodeCapture(config: CaptureConfig): DataView<ArrayBuffer> {
  const at = layout.CaptureConfig;
  const view = new DataView(new ArrayBuffer(at.size));
  view.setUint32(at.format, CaptureFormat[config.format], true);
  view.setUint32(at.nanoseconds, config.nanoseconds ? 1 : 0, true);
  view.setUint32(at.interfaces, checked("interfaces", config.interfaces, 0, 64), true);
  view.setUint32(at.speed_permille, checked("speed", config.speedPermille, 0, u32Max), true);
  return view;
}

/** Reads a CaptureReport; null: the writer has not ended yet. */
export function decodeCaptureReport(view: DataView): CaptureReport | null {
  const at = layout.CaptureReport;
  const read = (offset: number) => Number(view.getBigUint64(offset, true));
  if (read(at.finished) === 0) return null;
  return {
    writtenFrames: read(at.written_frames),
    writtenBytes: read(at.written_bytes),
    lostFrames: read(at.lost_frames),
    errno: read(at.errno),
  };
}

/** Reads a LatencyReport. */
export function decodeLatency(view: DataView): LatencyReport {
  const at = layout.LatencyReport;
  const ns = (offset: number) => Number(view.getBigUint64(offset, true)) / 1000;
  return {
    frames: Number(view.getBigUint64(at.frames, true)),
    meanNs: ns(at.mean_ps),
    p50Ns: ns(at.p50_ps),
    p99Ns: ns(at.p99_ps),
    p999Ns: ns(at.p999_ps),
    maxNs: ns(at.max_ps),
    clockNs: ns(at.clock_ps),
  };
}
