/**
 * A gateway without interfaces whose VRs each have traffic of their own, at a rate that changes,
 * and VRIs that come and go: the product's dispatcher, queues, balancers and VRIs. Every VRI that
 * may be wanted is started at once and waits as a standby, so that one more is a change of plan.
 */
import { join } from "node:path";
import { manifest } from "../../ffi/abi.gen.ts";
import type { AnnouncedVri, Core, Idle } from "../../ffi/core.ts";
import { SnapshotReader } from "../../ffi/stats.ts";
import { ExitCode, Failure } from "../config/mod.ts";
import { arena, idle, link, slotsFor } from "../config/sizes.ts";
import { PlanKeeper } from "../gateway/plan_keeper.ts";
import type { ControlEvent } from "../routing/mod.ts";
import type { Placement } from "../vr_monitor/mod.ts";
import { placements, readSample } from "../vr_monitor/mod.ts";
import { noPorts, Outbox, portSet, spawnVri } from "../vri_monitor/mod.ts";
import type { Plan, VriProcess } from "../vri_monitor/mod.ts";
import * as routes from "./stage_routes.ts";
import type { ChangeTimes, Offer, StageChange, StageOptions, StageSample } from "./stage_types.ts";

export type { ChangeTimes, Offer, StageChange, StageOptions, StageSample } from "./stage_types.ts";

type State = "attaching" | "running" | "draining";

interface Instance {
  readonly vri: number;
  readonly vr: number;
  /** Null: the kernel places it. */
  readonly core: number | null;
  readonly outbox: Outbox;
  state: State;
  /** It is not ready yet, while others run. */
  starts: boolean;
  /** When its state was chosen, by the dispatcher's clock. */
  decidedNs: bigint;
  process: VriProcess | null;
  ended: string | null;
}

const startDeadline_ms = 20_000;
/** How long a change of VRIs may take to take effect. */
const effect_ms = 1_000;
const memoryAdapter = manifest.adapters.findIndex((name) => name === "memory");
const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** A stage on which traffic plays. Use with `await using`; one at a time. */
export class Stage {
  readonly #core: Core;
  readonly #options: StageOptions;
  readonly #launcher: string;
  readonly #instances: Instance[] = [];
  readonly #traces: number[] = [];
  readonly #offers = new Map<number, Offer>(); // by VR
  readonly #users: Map<number, number>;
  readonly #plans: PlanKeeper;
  #reader: SnapshotReader | null = null;
  /** Why the VRIs are where they are, by VR and VRI. */
  readonly whys: string[] = [];

  private constructor(core: Core, options: StageOptions, runtime: string) {
    this.#core = core;
    this.#options = options;
    this.#plans = new PlanKeeper(core);
    this.#launcher = join(runtime, "bin", "lvrm-launch");
    this.#users = new Map([[options.cores[0]!.core, 1]]);
  }

  /** Starts every VRI; all of them wait as standbys, and no frames come. */
  static async start(core: Core, options: StageOptions, runtime: string): Promise<Stage> {
    const stage = new Stage(core, options, runtime);
    try {
      await stage.#build();
      return stage;
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #build(): Promise<void> {
    const { vrs, cores, placement } = this.#options;
    const seats = vrs.flatMap((vris, vr) => vris.map((args) => ({ vr, args }))).map((seat) => {
      const choice = placement({ dispatcher: cores[0]!, cores, users: this.#users });
      const { core } = choice;
      if (core !== null) this.#users.set(core, (this.#users.get(core) ?? 0) + 1);
      this.whys.push(choice.why);
      return { ...seat, core };
    });
    const dispatcher = cores[0]!.core;
    this.#core.start({ cores: [dispatcher], idle: this.#idle(dispatcher), busyPoll: false });
    this.#reader = new SnapshotReader(this.#core.snapshotMemory());
    for (const vr of vrs.keys()) {
      this.#traces.push(this.#core.traces.create(routes.traceSpec(vr)));
      this.#createVr(vr);
    }
    this.#openPort(routes.outPort, 0, { rate_fps: 0, window_frames: 0 });
    for (const seat of seats) this.#spawn(seat.vr, seat.core, seat.args);
    await this.#plan();
    await this.#becomeReady();
  }

  #createVr(vr: number): void {
    const { balancer, byFrame, vrs } = this.#options;
    const slots = slotsFor([1500], vrs[vr]!.length);
    this.#core.vrCreate({
      vr,
      slotBytes: slots.bytes,
      slotCount: slots.count,
      balancer,
      byFrame,
      flowCount: arena.flow_count,
      flowIdleMs: arena.flow_idle_ms,
      loadEstimator: 0,
      loadWeight: 32,
    });
  }

  #openPort(port: number, vr: number, offer: Offer): void {
    this.#core.portOpen({
      port,
      adapter: memoryAdapter,
      ifindex: routes.portIfindex(port),
      vlan: null,
      mac: routes.portMac(port),
      mtu: routes.mtu,
      receiveBufferBytes: 0,
      name: routes.portName(port),
      replay: {
        trace: this.#traces[vr]!,
        replays: port !== routes.outPort,
        records: false,
        stamps: false,
        frameLimit: 0,
        rateFps: offer.rate_fps,
        windowFrames: offer.window_frames,
      },
    });
  }

  /** Long spins only where nobody else is on the core. */
  #idle(core: number | null): Idle {
    if (this.#instances.some((it) => it.starts && it.core === core)) return idle.crowded;
    const total = [...this.#users.values()].reduce((sum, users) => sum + users, 0);
    const alone = core === null
      ? total + this.#instances.length < this.#options.cores.length
      : this.#users.get(core) === 1;
    return alone ? idle.own : idle.shared;
  }

  #spawn(vr: number, core: number | null, args: readonly string[]): void {
    const vri = this.#instances.length;
    const send = (event: ControlEvent) => this.#core.eventSend(vri, event.kind, event.payload);
    const outbox = new Outbox(() => routes.routingState(this.#options.vrs.length), send);
    const created = this.#core.vriCreate({
      vri,
      vr,
      queue: this.#options.queue,
      queueCapacity: link.queue_capacity,
      freeCapacity: link.free_capacity,
      controlCapacity: link.control_capacity_bytes,
    });
    const parts = { decidedNs: 0n, process: null, ended: null, starts: false };
    const instance: Instance = { vri, vr, core, outbox, state: "attaching", ...parts };
    this.#instances.push(instance);
    this.#core.vriInherit(vri, true);
    try {
      instance.process = spawnVri({
        launcher: this.#launcher,
        executable: this.#options.executable,
        args,
        cores: core === null ? this.#options.cores.map((it) => it.core) : [core],
        linkShmid: created.linkShmid,
        wakeFds: created.wakeFds,
        onLine: () => {},
      });
      instance.process.ended.then((how) => instance.ended = how);
    } finally {
      this.#core.vriInherit(vri, false);
    }
  }

  async #becomeReady(): Promise<void> {
    const deadline = performance.now() + startDeadline_ms;
    for (;;) {
      const reader = await this.#snapshot();
      let waiting = 0;
      for (const { vri, outbox } of this.#instances) {
        const counters = reader.vri(vri);
        if (counters.attached && !outbox.opened) outbox.open();
        if (!outbox.flush() || !counters.ready) waiting++;
      }
      if (waiting === 0) return;
      if (performance.now() > deadline) {
        throw new Failure(ExitCode.failed, "bench: the router does not become ready");
      }
      await sleep(1);
    }
  }

  #planNow(): Plan {
    const { vrs } = this.#options;
    const ports = [routes.outPort, ...[...this.#offers.keys()].map(routes.inPort)];
    const all = portSet([routes.outPort, ...vrs.keys().map(routes.inPort)]);
    return {
      ports: ports.map((port) => ({ port, promiscuous: false })),
      vrs: vrs.map((_, vr) => ({ vr, wants: 0, wantedPorts: noPorts, permittedPorts: all })),
      vris: this.#instances.map(({ vri, state, core, decidedNs, process }) => {
        const pid = process?.pid ?? null;
        return { vri, state, idle: this.#idle(core), decidedNs, pid };
      }),
      served: vrs.map((_, vr) => ({ prefix: routes.servedPrefix(vr), vr })),
      local: [{ family: 4, address: routes.ownAddress, length: 32 }],
    };
  }

  /** Hands over the plan as it is now and waits until it is in force. */
  async #plan(): Promise<SnapshotReader> {
    while (this.#plans.send(this.#planNow()) === null) await this.#snapshot();
    return await this.#inForce();
  }

  async #inForce(): Promise<SnapshotReader> {
    for (;;) {
      const reader = await this.#snapshot();
      this.#plans.generation = reader.generation();
      if (this.#plans.inForce) return reader;
    }
  }

  async #snapshot(): Promise<SnapshotReader> {
    const asked = this.#core.snapshotRequest();
    while (this.#reader!.sequence() < asked) await this.#core.wait(100);
    for (const { vri, ended } of this.#instances) {
      if (ended !== null) throw new Failure(ExitCode.failed, `bench: the router ${ended}`);
      const { violation } = this.#reader!.vri(vri);
      if (violation !== 0) throw new Failure(ExitCode.failed, `bench: violation ${violation}`);
    }
    return this.#reader!;
  }

  /** A VR's frames come like this from now on; null: none come. */
  async offer(vr: number, offer: Offer | null): Promise<void> {
    const port = routes.inPort(vr);
    if (this.#offers.delete(vr)) { // its port closes for a moment: a trace's rate is its port's
      await this.#plan();
      this.#core.portClose(port);
    }
    if (offer === null) return;
    this.#openPort(port, vr, offer);
    this.#offers.set(vr, offer);
    await this.#plan();
  }

  /** VRIs of a VR that take frames. */
  running(vr: number): number {
    return this.#in(vr, "running").length;
  }

  #in(vr: number, state: State): Instance[] {
    return this.#instances.filter((it) => it.vr === vr && it.state === state);
  }

  /**
   * So many VRIs of each VR run from now on: standbys first come in, the youngest leave first. As
   * in the gateway, the last plan is amended and handed over at once; times are the dispatcher's.
   */
  async setTargets(targets: readonly number[]): Promise<ChangeTimes> {
    const decidedNs = this.#core.clockNs();
    const joining: Instance[] = [];
    const leaving: Instance[] = [];
    for (const [vr, target] of targets.entries()) {
      const running = this.#in(vr, "running");
      joining.push(...this.#in(vr, "attaching").slice(0, Math.max(0, target - running.length)));
      leaving.push(...running.slice(target));
    }
    for (const it of joining) it.state = "running";
    for (const it of leaving) it.state = "draining";
    const changed = [...joining, ...leaving];
    if (changed.length === 0) {
      return { inForce_ms: performance.now(), joined: [], left: [] };
    }
    this.#core.announce(
      changed.map(({ vri }, i): AnnouncedVri => {
        return { vri, state: i < joining.length ? "running" : "draining" };
      }),
      decidedNs,
    );
    for (const it of changed) it.decidedNs = decidedNs;
    const sent = this.#plans.amend(changed);
    await (sent === null ? this.#plan() : this.#inForce());
    const inForce_ms = performance.now();
    // Others have no frame to serve.
    const served = joining.filter(({ vr }) => this.#offers.has(vr));
    return {
      inForce_ms,
      joined: await this.#took(served, "firstFrameNs"),
      left: await this.#took(leaving, "emptiedNs"),
    };
  }

  /** From the decision to its effect on each of these VRIs, but for those that take too long. */
  async #took(
    instances: readonly Instance[],
    effect: "firstFrameNs" | "emptiedNs",
  ): Promise<StageChange[]> {
    const deadline = performance.now() + effect_ms;
    const seen = (reader: SnapshotReader, { vri, decidedNs }: Instance): boolean => {
      const counters = reader.vri(vri);
      return counters.decidedNs === Number(decidedNs) && counters[effect] !== 0;
    };
    let reader = await this.#snapshot();
    while (!instances.every((it) => seen(reader, it)) && performance.now() < deadline) {
      await sleep(1);
      reader = await this.#snapshot();
    }
    return instances.filter((it) => seen(reader, it)).map(({ vri, decidedNs }) => {
      const { unparkedNs, [effect]: effectNs } = reader.vri(vri);
      const since_us = (ns: number) => Math.round((ns - Number(decidedNs)) / 100) / 10;
      const joins = effect === "firstFrameNs";
      return { unparked_us: joins ? since_us(unparkedNs) : null, effect_us: since_us(effectNs) };
    });
  }

  /**
   * Starts one more process of a VR, as a standby is replaced: it attaches and takes in its routes
   * while all else goes on. Call what is returned to end it, once it was ready.
   */
  async startBystander(vr: number): Promise<() => Promise<void>> {
    const { core } = this.#in(vr, "running")[0]!;
    this.#spawn(vr, core, this.#options.vrs[vr]![0]!);
    const bystander = this.#instances.at(-1)!;
    bystander.starts = true;
    await this.#plan();
    return async () => {
      await this.#becomeReady();
      this.#instances.pop();
      bystander.process!.kill();
      await bystander.process!.ended;
      await this.#plan();
      this.#core.vriDestroy(bystander.vri);
    };
  }

  /** Counters of this instant; who has drained is a standby again. */
  async sample(): Promise<StageSample> {
    let reader = await this.#snapshot();
    const drained = this.#instances.filter(({ vri, state }) => {
      if (state !== "draining") return false;
      const { queueFrames, inFlightFrames } = reader.vri(vri);
      return queueFrames + inFlightFrames === 0;
    });
    for (const instance of drained) instance.state = "attaching";
    if (drained.length > 0) reader = await this.#plan();
    const rows = this.#options.vrs.map((_, vr) =>
      this.#instances.filter((it) => it.vr === vr).map(({ vri, state }, i) => {
        return { id: `vr${vr + 1}.${i + 1}`, vri, life: vri, running: state === "running" };
      })
    );
    return {
      clock_ns: reader.clockNs(),
      sent_frames: rows.map((_, vr) => reader.vr(vr).sentFrames),
      loads: readSample(reader, rows),
    };
  }

  /** Frames that each VR sent per second, over `ms` after `warm_up_ms`. */
  async framesPerSecond(ms: number, warm_up_ms: number): Promise<number[]> {
    await sleep(warm_up_ms);
    const before = await this.sample();
    await sleep(ms);
    const after = await this.sample();
    return carried_fps(before, after);
  }

  /** Ends the VRIs, then the dispatcher. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process } of this.#instances) process?.kill();
    await Promise.all(this.#instances.map(({ process }) => process?.ended));
    this.#core.stop();
    for (const trace of this.#traces) this.#core.traces.destroy(trace);
  }
}

/** What each VR sent per second between two samples. */
export function carried_fps(before: StageSample, after: StageSample): number[] {
  const seconds = Number(after.clock_ns - before.clock_ns) / 1e9;
  return after.sent_frames.map((frames, vr) => (frames - before.sent_frames[vr]!) / seconds);
}

/** The placement where an experiment isn't about it. */
export const usualPlacement: Placement = placements.sibling;
