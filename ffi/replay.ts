/** What the adapter `memory` is told and tells: traces, replays, latencies. */
import { layout, traceFlags } from "./abi.gen.ts";
import { checked, u32Max } from "./checked.ts";

/** How a port of the adapter `memory` uses its trace. */
export interface Replay {
  /** Number of the trace. */
  readonly trace: number;
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
}

/** Frames to generate, as TraceSpec of `zig-src/abi.zig` says. `frames` 0: an empty trace. */
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
  view.setUint32(at.trace, checked("trace", replay.trace, 0, 0xffff) + 1, true);
  const limit = checked("frame limit", replay.frameLimit, 0, Number.MAX_SAFE_INTEGER);
  view.setBigUint64(at.frame_limit, BigInt(limit), true);
  view.setUint32(at.rate_fps, checked("rate", replay.rateFps, 0, u32Max), true);
  view.setUint32(at.window_frames, checked("window", replay.windowFrames, 0, u32Max), true);
  const flags = (replay.replays ? traceFlags.replay : 0) |
    (replay.records ? traceFlags.record : 0) | (replay.stamps ? traceFlags.stamp : 0);
  view.setUint32(at.trace_flags, flags, true);
}

/** TraceSpec as the library takes it. */
export function encodeTraceSpec(spec: TraceSpec): DataView<ArrayBuffer> {
  const at = layout.TraceSpec;
  const view = new DataView(new ArrayBuffer(at.size));
  const bytes = new Uint8Array(view.buffer);
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
  return view;
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
