/** The part of the library that keeps traces (`zig-src/trace.zig`) and captures (`capture.zig`). */
import { layout } from "./abi.gen.ts";
import { checked, u32Max } from "./checked.ts";
import type { CoreSymbols } from "./core.ts";
import * as replays from "./replay.ts";
import type { CaptureConfig, CaptureReport, LatencyReport, TraceSpec } from "./replay.ts";

/** Traces and captures of a loaded library; methods throw CoreError. Main thread only. */
export class Traces {
  readonly #symbols: CoreSymbols;
  readonly #check: (result: number) => number;

  /** `check` throws for a negative result. */
  constructor(symbols: CoreSymbols, check: (result: number) => number) {
    this.#symbols = symbols;
    this.#check = check;
  }

  /** Makes one, with a frame of each specification in turn; returns its number. */
  create(...specs: TraceSpec[]): number {
    const bytes = replays.encodeTraceSpecs(specs);
    return this.#check(this.#symbols.lvrm_trace_create(bytes, specs.length));
  }

  /** Adds a captured frame, of `originalBytes` on the wire, to a trace made of nothing. */
  append(
    trace: number,
    frame: Uint8Array<ArrayBuffer>,
    originalBytes: number,
    time_ns: bigint,
  ): void {
    checked("trace", trace, 0, u32Max);
    checked("original bytes", originalBytes, 0, u32Max);
    const { lvrm_trace_append } = this.#symbols;
    const time = BigInt.asUintN(64, time_ns);
    this.#check(lvrm_trace_append(trace, frame, frame.byteLength, originalBytes, time));
  }

  /** Frees a trace that no port uses. */
  destroy(trace: number): void {
    this.#check(this.#symbols.lvrm_trace_destroy(checked("trace", trace, 0, u32Max)));
  }

  /** Latencies since the last reset; `reset` forgets them afterwards. */
  latency(trace: number, reset: boolean): LatencyReport {
    const view = new DataView(new ArrayBuffer(layout.LatencyReport.size));
    checked("trace", trace, 0, u32Max);
    this.#check(this.#symbols.lvrm_trace_latency(trace, view, reset ? 1 : 0));
    return replays.decodeLatency(view);
  }

  /** Makes a capture file for the adapter `pcap`; returns its number. */
  createCapture(config: CaptureConfig, path: string): number {
    const name = new TextEncoder().encode(path);
    const { lvrm_capture_create } = this.#symbols;
    const view = replays.encodeCapture(config);
    return this.#check(lvrm_capture_create(view, name, name.byteLength));
  }

  /** Once the ports are closed: ends a capture's writer. Null: not yet; ask again. */
  finishCapture(capture: number): CaptureReport | null {
    const view = new DataView(new ArrayBuffer(layout.CaptureReport.size));
    checked("capture", capture, 0, u32Max);
    this.#check(this.#symbols.lvrm_capture_finish(capture, view));
    return replays.decodeCaptureReport(view);
  }
}
