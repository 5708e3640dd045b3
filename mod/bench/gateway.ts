/**
 * A gateway without interfaces: the product's own dispatcher and VRIs, between a port that replays
 * a trace (`m0`) and one that throws away what is sent (`m1`). Needs no privilege.
 */
import { join } from "node:path";
import { manifest } from "../../ffi/abi.gen.ts";
import type { Core, Idle } from "../../ffi/core.ts";
import type { LatencyReport, TraceSpec } from "../../ffi/replay.ts";
import { type PortCounters, SnapshotReader, type TotalCounters } from "../../ffi/stats.ts";
import { ExitCode, Failure } from "../config/mod.ts";
import { arena, idle, link, sharedIdle } from "../config/sizes.ts";
import { addressBytes } from "../netlink/mod.ts";
import type { ControlEvent } from "../routing/mod.ts";
import type { CapturedFrame } from "../trace/mod.ts";
import * as routing from "./routing_state.ts";
import { bytesOf, firstSource, ifindexes, macs, ownAddress } from "./routing_state.ts";
import { encodePlan, noPorts, Outbox, portSet, spawnVri } from "../vri_monitor/mod.ts";
import type { ServedPrefix, VriProcess } from "../vri_monitor/mod.ts";

/** What to build. */
export interface GatewayOptions {
  /** Path of each VRI's executable, and its arguments. */
  readonly executable: string;
  readonly args: readonly string[];
  readonly queue: number;
  readonly balancer: number;
  readonly byFrame: boolean;
  readonly vrs: number;
  readonly vrisPerVr: number;
  /** Destination prefixes, all routed to neighbours behind `m1`. */
  readonly routes: number;
  /** CPU of the dispatcher, then those of VRIs, in turn. */
  readonly cores: readonly number[];
  readonly busyPoll: boolean;
  readonly replay: ReplayOptions;
  /** A captured trace instead of a generated one: the only VR then serves every source. */
  readonly capture?: readonly CapturedFrame[];
}

/** What `m0` replays. */
export interface ReplayOptions {
  /** Bytes of each frame, without check sequence. */
  readonly captured_bytes: number;
  readonly trace_frames: number;
  readonly flows: number;
  /** On their way at most; 0: no bound. */
  readonly window_frames: number;
  /** 0: as fast as they are taken. */
  readonly rate_fps: number;
  /** Latency of each frame is recorded. */
  readonly stamps: boolean;
  /** Frames lie in the VRs' arenas. */
  readonly zeroCopy?: boolean;
}

/** Counters at one instant. */
export interface Sample {
  readonly clock_ns: bigint;
  readonly totals: TotalCounters;
  /** Of the port that replays. */
  readonly input: PortCounters;
  /** Of all VRIs. */
  readonly taken_frames: number;
  readonly busy_ns: number;
}

/** What goes through. */
export interface Throughput {
  readonly frames_per_second: number;
  /** Time that VRIs spent per frame, from taking a batch to finding none. */
  readonly router_ns_per_frame: number;
}

const startDeadline_ms = 10_000;
const memoryAdapter = manifest.adapters.findIndex((name) => name === "memory");
const mostResidents = 1 << 16;

const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** The trace of a gateway: flows go round the VRs' subnets and all routes. */
function traceSpec(options: GatewayOptions): TraceSpec {
  return {
    frames: options.replay.trace_frames,
    sizes: [options.replay.captured_bytes],
    flows: options.replay.flows,
    family: 4,
    source: bytesOf(firstSource),
    sources: options.vrs,
    sourceLength: 16,
    destination: bytesOf(routing.firstDestination),
    destinations: Math.max(1, options.routes),
    destinationLength: 24,
    sourceMac: new Uint8Array([2, 0, 0, 0, 2, 1]),
    destinationMac: macs[0]!,
  };
}

interface Instance {
  readonly vri: number;
  readonly vr: number;
  readonly core: number;
  readonly outbox: Outbox;
  process: VriProcess | null;
  ended: string | null;
}

/** A gateway that runs. Use with `await using`. */
export class BenchGateway {
  readonly #core: Core;
  readonly #options: GatewayOptions;
  readonly #launcher: string;
  readonly #instances: Instance[] = [];
  readonly #trace: number;
  readonly #reader: SnapshotReader;
  readonly #lines: string[] = [];

  private constructor(core: Core, options: GatewayOptions, runtime: string) {
    this.#core = core;
    this.#options = options;
    this.#launcher = join(runtime, "bin", "lvrm-launch");
    core.start({ cores: [options.cores[0]!], idle: this.#idle(0), busyPoll: options.busyPoll });
    this.#reader = new SnapshotReader(core.snapshotMemory());
    const spec = traceSpec(options);
    this.#trace = core.traces.create(...(options.capture === undefined ? [spec] : []));
  }

  /** Builds a gateway and waits until every VRI takes frames. Only one at a time. */
  static async start(core: Core, options: GatewayOptions, runtime: string): Promise<BenchGateway> {
    const gateway = new BenchGateway(core, options, runtime);
    try {
      for (const { bytes, original_bytes, time_ns } of options.capture ?? []) {
        core.traces.append(gateway.#trace, bytes, original_bytes, time_ns ?? 0n);
      }
      gateway.#openPorts();
      gateway.#makeVris();
      await gateway.#plan("attaching");
      await gateway.#becomeReady();
      await gateway.#plan("running");
      return gateway;
    } catch (error) {
      await gateway[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What the VRIs printed. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  #idle(core: number): Idle {
    const users = this.#instances.filter((i) => i.core === core).length;
    const dispatcher = core === this.#options.cores[0] ? 1 : 0;
    return users + dispatcher > 1 ? sharedIdle(users + dispatcher) : idle.own;
  }

  #openPorts(): void {
    const { replay } = this.#options;
    for (const port of [0, 1]) {
      this.#core.portOpen({
        port,
        adapter: memoryAdapter,
        ifindex: ifindexes[port]!,
        vlan: null,
        mac: macs[port]!,
        mtu: 9000,
        receiveBufferBytes: 0,
        name: `m${port}`,
        replay: {
          trace: this.#trace,
          replays: port === 0,
          records: port === 1 && replay.stamps,
          stamps: port === 0 && replay.stamps,
          frameLimit: 0,
          rateFps: replay.rate_fps,
          windowFrames: replay.window_frames,
          zeroCopy: replay.zeroCopy ?? false,
        },
      });
    }
  }

  #makeVris(): void {
    const { cores, vrs, vrisPerVr, routes } = this.#options;
    const everything = this.#options.capture !== undefined;
    const others = cores.length > 1 ? cores.slice(1) : cores;
    for (let vr = 0; vr < vrs; vr++) {
      this.#core.vrCreate({
        vr,
        slotBytes: arena.slot_bytes,
        slotCount: arena.slot_count,
        residentCount: this.#residents(),
        balancer: this.#options.balancer,
        byFrame: this.#options.byFrame,
        flowCount: arena.flow_count,
        flowIdleMs: arena.flow_idle_ms,
        loadEstimator: 0,
        loadWeight: 32,
      });
      for (let i = 0; i < vrisPerVr; i++) {
        const vri = this.#instances.length;
        const send = (event: ControlEvent) => this.#core.eventSend(vri, event.kind, event.payload);
        const core = others[vri % others.length]!;
        const outbox = new Outbox(() => routing.routingState(routes, everything), send);
        this.#instances.push({ vri, vr, core, outbox, process: null, ended: null });
      }
    }
    for (const instance of this.#instances) this.#spawn(instance);
  }

  /** Slots of each arena for frames that lie there: for all of the trace. */
  #residents(): number {
    const { replay, capture } = this.#options;
    if (!replay.zeroCopy) return 0;
    return Math.min(mostResidents, capture?.length ?? replay.trace_frames);
  }

  #spawn(instance: Instance): void {
    const { vri, vr } = instance;
    const created = this.#core.vriCreate({
      vri,
      vr,
      queue: this.#options.queue,
      queueCapacity: link.queue_capacity,
      freeCapacity: link.free_capacity,
      controlCapacity: link.control_capacity_bytes,
    });
    this.#core.vriInherit(vri, true);
    try {
      instance.process = spawnVri({
        launcher: this.#launcher,
        executable: this.#options.executable,
        args: this.#options.args,
        cores: [instance.core],
        linkShmid: created.linkShmid,
        wakeFds: created.wakeFds,
        onLine: (line) => this.#lines.push(line),
      });
      instance.process.ended.then((how) => instance.ended = how);
    } finally {
      this.#core.vriInherit(vri, false);
    }
  }

  /** Hands over a plan and waits until it is in force. `m0` is part of it when VRIs run. */
  async #plan(state: "attaching" | "running"): Promise<void> {
    const ports = state === "running" ? [0, 1] : [1];
    const bytes = encodePlan({
      ports: ports.map((port) => ({ port, promiscuous: false })),
      vrs: Array.from({ length: this.#options.vrs }, (_, vr) => ({
        vr,
        wants: 0,
        wantedPorts: noPorts,
        permittedPorts: portSet([0, 1]),
      })),
      vris: this.#instances.map(({ vri, core, process }) => {
        const pid = process?.pid ?? null;
        return { vri, state, idle: this.#idle(core), decidedNs: 0n, pid };
      }),
      served: this.#served(),
      local: [{ family: 4, address: bytesOf(ownAddress), length: 32 }],
    });
    let generation = this.#core.plan(bytes);
    while (generation === null) {
      await sleep(1);
      generation = this.#core.plan(bytes);
    }
    do await this.sample(); while (this.#reader.generation() < generation);
  }

  #served(): ServedPrefix[] {
    if (this.#options.capture !== undefined) {
      return ([4, 6] as const).map((family) => {
        const address = new Uint8Array(addressBytes(family));
        return { prefix: { family, address, length: 0 }, vr: 0 };
      });
    }
    return Array.from({ length: this.#options.vrs }, (_, vr) => ({
      prefix: { family: 4, address: bytesOf(firstSource + vr * 65536), length: 16 },
      vr,
    }));
  }

  async #becomeReady(): Promise<void> {
    const deadline = performance.now() + startDeadline_ms;
    for (let waiting = this.#instances.length; waiting > 0;) {
      await this.sample();
      waiting = 0;
      for (const { vri, outbox, ended } of this.#instances) {
        if (ended !== null) throw new Failure(ExitCode.failed, `bench: the router ${ended}`);
        const counters = this.#reader.vri(vri);
        if (counters.attached && !outbox.opened) outbox.open();
        if (!outbox.flush() || !counters.ready) waiting++;
      }
      if (waiting > 0 && performance.now() > deadline) {
        throw new Failure(ExitCode.failed, "bench: the router does not become ready");
      }
      if (waiting > 0) await sleep(1);
    }
  }

  /** Counters of this instant. */
  async sample(): Promise<Sample> {
    const asked = this.#core.snapshotRequest();
    while (this.#reader.sequence() < asked) await this.#core.wait(100);
    const reader = this.#reader;
    const vris = this.#instances.map(({ vri }) => reader.vri(vri));
    return {
      clock_ns: reader.clockNs(),
      totals: reader.totals(),
      input: reader.port(0),
      taken_frames: vris.reduce((sum, vri) => sum + vri.receivedFrames, 0),
      busy_ns: vris.reduce((sum, vri) => sum + vri.busyNs, 0),
    };
  }

  /** Frames sent per second over `ms`, after `warm_up_ms`. */
  async framesPerSecond(ms: number, warm_up_ms: number): Promise<number> {
    return (await this.throughput(ms, warm_up_ms)).frames_per_second;
  }

  /** Over `ms`, after `warm_up_ms`. */
  async throughput(ms: number, warm_up_ms: number): Promise<Throughput> {
    await sleep(warm_up_ms);
    const before = await this.sample();
    await sleep(ms);
    const after = await this.sample();
    this.#checkVris();
    const seconds = Number(after.clock_ns - before.clock_ns) / 1e9;
    const taken_frames = after.taken_frames - before.taken_frames;
    return {
      frames_per_second: (after.totals.sentFrames - before.totals.sentFrames) / seconds,
      router_ns_per_frame: (after.busy_ns - before.busy_ns) / Math.max(1, taken_frames),
    };
  }

  /** Latencies over `ms`, after `warm_up_ms`. */
  async latency(ms: number, warm_up_ms: number): Promise<LatencyReport> {
    await sleep(warm_up_ms);
    this.#core.traces.latency(this.#trace, true);
    await sleep(ms);
    const report = this.#core.traces.latency(this.#trace, false);
    this.#checkVris();
    return report;
  }

  /** Throws Failure when a VRI has ended or broken a rule. */
  async checkVris(): Promise<void> {
    await this.sample();
    this.#checkVris();
  }

  #checkVris(): void {
    for (const { vri, ended } of this.#instances) {
      if (ended !== null) throw new Failure(ExitCode.failed, `bench: the router ${ended}`);
      const violation = this.#reader.vri(vri).violation;
      if (violation !== 0) throw new Failure(ExitCode.failed, `bench: violation ${violation}`);
    }
  }

  /** Ends the VRIs, then the dispatcher. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process } of this.#instances) process?.kill();
    await Promise.all(this.#instances.map(({ process }) => process?.ended));
    this.#core.stop();
    this.#core.traces.destroy(this.#trace);
  }
}
