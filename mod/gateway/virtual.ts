/**
 * A run without interfaces (adapters `memory` and `pcap`): its ports, what comes in by them and
 * where it goes. Needs no privilege: nothing here is the kernel's.
 */
import { manifest } from "../../ffi/abi.gen.ts";
import type { Core } from "../../ffi/core.ts";
import type { CaptureReport, Replay } from "../../ffi/replay.ts";
import { ExitCode, Failure } from "../config/mod.ts";
import type { Settings } from "../config/mod.ts";
import type { MemorySource, PcapSource, VirtualSource } from "../config/source.ts";
import { mostVris, slotsFor } from "../config/sizes.ts";
import { neighbourMac, portMac, type RoutingSource, VirtualRoutes } from "../routing/virtual.ts";
import { framesOf } from "../trace/mod.ts";
import type { AdapterChoice } from "./adapters.ts";
import type { Port } from "./ports.ts";
import { requireRoutePorts, routeSources } from "./route_sources.ts";
import { traceSpecs } from "./trace_specs.ts";

/** What a run stands on in place of interfaces and the kernel's routes. */
export interface VirtualGround {
  readonly ports: readonly Port[];
  readonly routes: RoutingSource;
  readonly adapters: AdapterChoice;
  /** Whether what comes in has an end. */
  readonly finite: boolean;
  /** Slots of each VR's arena for frames that lie there. */
  readonly residentSlots: number;
  /** After the dispatcher has stopped: the output written to its end. Throws Failure. */
  finish(): Promise<CaptureReport | null>;
}

/** Frames on their way at most where none may be lost: fewer than any queue or share holds. */
const losslessWindow_frames = 2048;
const batch_frames = 64;
/** VRIs that an allocator may give a VR. */
const coreCount = navigator.hardwareConcurrency;
/** Slots for frames that lie in arenas, of all VRs together and of one. */
const residentSlots = { all: 1 << 18, one: 1 << 16 } as const;
/** Interface numbers of virtual ports: the kernel has none so high. */
const firstIfindex = 0x7f00_0000;
/** For a writer that makes no progress any more (a pipe that nobody reads). */
const finishDeadline_ms = 30_000;

/** Frames of one trace, by the port that they come in by. */
interface Input {
  readonly trace: number;
  readonly frames: number;
}

/** Where traces are kept. */
type Traces = Pick<Core["traces"], "append" | "create">;

/** Reads the files into traces; `apart`: one for each interface of a file. Throws Failure. */
function readInputs(traces: Traces, files: readonly string[], apart: boolean): Input[] {
  return files.flatMap((path) => {
    const found = new Map<number, { trace: number; frames: number }>();
    for (const frame of framesOf(path)) {
      const number = apart ? frame.interface : 0;
      let input = found.get(number);
      if (input === undefined) {
        input = { trace: traces.create(), frames: 0 };
        found.set(number, input);
      }
      traces.append(input.trace, frame.bytes, frame.original_bytes, frame.time_ns ?? 0n);
      input.frames++;
    }
    return [...found.entries()].sort(([a], [b]) => a - b).map(([, input]) => input);
  });
}

function inputsOf(source: VirtualSource, settings: Settings, traces: Traces): Input[] {
  if (source.adapter === "pcap") return readInputs(traces, source.files, true);
  if (source.generated === null) return readInputs(traces, source.files, false);
  const served = settings.vrs.flatMap((vr) => vr.subnets);
  const destination = source.macs[0] ?? portMac(0);
  const specs = traceSpecs(source.generated, served, { source: neighbourMac(0), destination });
  const frames = specs.reduce((sum, spec) => sum + spec.frames, 0);
  return [{ trace: traces.create(...specs), frames }];
}

/** How many ports there are. Throws Failure where that contradicts the inputs. */
function countPorts(source: VirtualSource, inputs: number): number {
  const ports = source.ports ?? Math.max(2, inputs);
  const why = ports < inputs
    ? `ports=${ports} are too few for ${inputs} inputs (each file, and each interface of a ` +
      `pcapng file that is read, has a port of its own)`
    : ports > 64
    ? `${ports} inputs are more than the 64 ports of such a run: take fewer at a time`
    : source.macs.length > ports
    ? `mac= names ${source.macs.length} addresses for ${ports} ports`
    : null;
  if (why === null) return ports;
  throw new Failure(ExitCode.configuration, `--adapter ${source.adapter}: ${why}`);
}

/** Frames that may be on their way without any being lost: half a VRI's share, and its queue. */
function losslessWindow(settings: Settings, mtu: number): number {
  const windows = settings.vrs.map((vr) => {
    const vris = mostVris(vr, settings.overcommit ? Infinity : coreCount);
    const { count } = slotsFor([mtu], vris);
    return Math.min(Math.floor(count / vris / 2), vr.queueFrames - 2 * batch_frames);
  });
  return Math.max(1, Math.min(losslessWindow_frames, ...windows));
}

/** How ports of `memory` use their traces; one without an input only takes frames. */
function memoryReplays(source: MemorySource, settings: Settings, inputs: readonly Input[]) {
  const lossless = source.rate_fps === 0 ? losslessWindow(settings, source.mtu) : 0;
  return (port: number): Replay => ({
    trace: (inputs[port] ?? inputs[0]!).trace,
    replays: port < inputs.length,
    records: false,
    stamps: false,
    frameLimit: source.count,
    rateFps: source.rate_fps,
    windowFrames: source.window_frames ?? lossless,
    ownMac: source.macs[port] !== undefined && source.macs[port] !== null,
    zeroCopy: settings.zeroCopy,
  });
}

function pcapReplays(
  source: PcapSource,
  settings: Settings,
  inputs: readonly Input[],
  capture: number,
) {
  const windowFrames = losslessWindow(settings, source.mtu);
  return (port: number): Replay => ({
    trace: inputs[port]?.trace ?? null,
    replays: port < inputs.length,
    records: false,
    stamps: false,
    frameLimit: 0,
    rateFps: 0,
    windowFrames,
    ownMac: source.macs[port] !== undefined && source.macs[port] !== null,
    capture,
  });
}

/** Throws Failure (configuration) where the output is one of the inputs: it would be emptied. */
function requireOther(source: PcapSource): void {
  const identity = (path: string) => {
    try {
      const { dev, ino } = Deno.statSync(path);
      return `${dev} ${ino}`;
    } catch {
      return null; // not there yet, or told of where it is opened
    }
  };
  const output = identity(source.output);
  const same = source.files.find((path) => output !== null && identity(path) === output);
  if (same === undefined) return;
  throw new Failure(
    ExitCode.configuration,
    `--adapter pcap: ${source.output} is read and would be overwritten: name another file to ` +
      `write, as the last one`,
  );
}

/** What a run would start with; nothing is kept or written. Throws Failure. */
export function lookAt(
  source: VirtualSource,
  settings: Settings,
): { readonly ports: number; readonly frames: number } {
  if (source.adapter === "pcap") requireOther(source);
  const inputs = inputsOf(source, settings, { create: () => 0, append: () => {} });
  const ports = countPorts(source, inputs.length);
  requireRoutePorts(settings.vrs, namesOf(source, ports), false);
  return { ports, frames: inputs.reduce((sum, { frames }) => sum + frames, 0) };
}

/** `mem0`, `mem1`, … or `pcap0`, `pcap1`, … */
function namesOf(source: VirtualSource, ports: number): { name: string; vlan: null }[] {
  const stem = source.adapter === "memory" ? "mem" : "pcap";
  return Array.from({ length: ports }, (_, port) => ({ name: `${stem}${port}`, vlan: null }));
}

const formatOf = (path: string) => /\.pcapng$/i.test(path) ? "pcapng" : "pcap";

function makeCapture(core: Core, source: PcapSource, ports: number): number {
  return core.traces.createCapture({
    format: formatOf(source.output),
    nanoseconds: source.nanoseconds,
    interfaces: ports,
    speedPermille: source.speed_permille,
  }, source.output);
}

/** Reads what comes in and makes the ports. Throws Failure, or CoreError. */
export function prepareVirtual(
  source: VirtualSource,
  settings: Settings,
  core: Core,
): VirtualGround {
  if (source.adapter === "pcap") requireOther(source);
  const inputs = inputsOf(source, settings, core.traces);
  const count = countPorts(source, inputs.length);
  requireRoutePorts(settings.vrs, namesOf(source, count), false); // before the output is emptied
  const capture = source.adapter === "pcap" ? makeCapture(core, source, count) : null;
  const replayOf = source.adapter === "memory"
    ? memoryReplays(source, settings, inputs)
    : pcapReplays(source, settings, inputs, capture!);
  const ports = namesOf(source, count).map((named, port): Port => ({
    ...named,
    port,
    ifindex: firstIfindex + port,
    mac: source.macs[port] ?? portMac(port),
    mtu: source.mtu,
    replay: replayOf(port),
  }));
  const frames = Math.max(...inputs.map((input) => input.frames));
  const room = Math.min(residentSlots.one, Math.floor(residentSlots.all / settings.vrs.length));
  const adapter = manifest.adapters.findIndex((name) => name === source.adapter);
  return {
    ports,
    routes: new VirtualRoutes(ports, routeSources(settings.vrs).sources),
    adapters: { candidates: [adapter], asked: true, passed: [] },
    finite: source.adapter === "pcap" || source.count > 0,
    residentSlots: settings.zeroCopy ? Math.min(frames, room) : 0,
    finish: () => finishCapture(core, capture, source),
  };
}

async function finishCapture(
  core: Core,
  capture: number | null,
  source: VirtualSource,
): Promise<CaptureReport | null> {
  if (capture === null || source.adapter !== "pcap") return null;
  const deadline_ms = performance.now() + finishDeadline_ms;
  for (;;) {
    const report = core.traces.finishCapture(capture);
    if (report !== null) return report;
    if (performance.now() > deadline_ms) {
      throw new Failure(
        ExitCode.failed,
        `${source.output} takes nothing any more: it is not complete`,
      );
    }
    await new Promise((done) => setTimeout(done, 5));
  }
}

const errnoTexts: Readonly<Record<number, string>> = {
  5: "input/output error",
  27: "it would be larger than this process may write (ulimit -f)",
  28: "no space left on the device: make room",
  32: "its reader has gone",
  122: "the disk quota is used up",
};

/** Throws Failure (failed) where not all that was sent is in the output. */
export function requireComplete(source: VirtualSource, report: CaptureReport | null): void {
  if (report === null || source.adapter !== "pcap" || report.errno === 0) return;
  throw new Failure(
    ExitCode.failed,
    `${source.output} is not complete: ${report.writtenFrames} frames are in it, ` +
      `${report.lostFrames} more were sent and could not be written: ` +
      (errnoTexts[report.errno] ?? `errno ${report.errno}`),
  );
}
