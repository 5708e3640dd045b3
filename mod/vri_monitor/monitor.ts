/**
 * The VRI monitor's hands: holds every position, feeds its state machine, and carries out what
 * that says. All methods run to their end on the main thread, called from the gateway's one loop;
 * only `onExit` is called in between, from the promise of a process that ended.
 */
import { limits, Violation } from "../../ffi/abi.gen.ts";
import type { Core, Idle } from "../../ffi/core.ts";
import type { SnapshotReader, VriCounters } from "../../ffi/stats.ts";
import { times } from "../config/sizes.ts";
import { getLogger } from "../log/mod.ts";
import type { ControlEvent } from "../routing/mod.ts";
import { LineLimit } from "./line_limit.ts";
import { createLink } from "./link.ts";
import type { LinkSizes } from "./link.ts";
import { VriNumbers } from "./numbers.ts";
import { Outbox } from "./outbox.ts";
import { noPorts, unite } from "./plan.ts";
import type { PlanVri, PortSet } from "./plan.ts";
import { spawnVri } from "./process.ts";
import type { VriProcess } from "./process.ts";
import { Retirements } from "./retirement.ts";
import type { RouterProgram } from "./router.ts";
import { begin, step } from "./state.ts";
import type { Effect, Event, State } from "./state.ts";

/** A place for one VRI of one VR, through all its processes. */
export interface PositionConfig {
  /** `vr1.1`. */
  readonly id: string;
  readonly vr: number;
  readonly program: RouterProgram;
  /** Null: the kernel places it. */
  readonly core: number | null;
  readonly idle: Idle;
  readonly link: LinkSizes;
}

/** One process of a position, from the making of its link to the end of it. */
interface Instance {
  readonly vri: number;
  readonly outbox: Outbox;
  process: VriProcess | null;
  /** Generation of the first plan that names it; its counters mean nothing before. */
  since: number | null;
}

interface Position {
  readonly config: PositionConfig;
  state: State;
  instance: Instance | null;
  restarts: number;
  lastFailure: string | null;
}

/** What the monitor needs of its surroundings. */
export interface Surroundings {
  readonly core: Core;
  readonly launcher: string;
  /** Where the kernel may place the VRIs that have no core of their own; empty: anywhere. */
  readonly cores: readonly number[];
  /** The routing state as events for a VR, ending in `synchronised`. */
  readonly snapshot: (vr: number) => Iterable<ControlEvent>;
  /** Something happened that the loop should look at soon. */
  readonly wake: () => void;
  readonly now: () => number;
}

/** What the status shows of a VRI. */
export interface VriView {
  readonly id: string;
  readonly vr: number;
  readonly state: State["is"];
  readonly reason: string | null;
  /** Why it last failed or was quarantined, also after it was replaced. */
  readonly lastFailure: string | null;
  readonly pid: number | null;
  /** Null: the kernel places it. */
  readonly core: number | null;
  readonly restarts: number;
  /** Row of its counters, null while it has none. */
  readonly vri: number | null;
}

/** What the VRIs of one VR asked for. */
export interface VrWants {
  readonly wants: number;
  readonly ports: PortSet;
}

const log = getLogger(["lvrm", "vri"]);
const violationNames = new Map<number, string>(
  Object.entries(Violation).map(([name, number]) => [number, name]),
);

const planStates: Record<State["is"], PlanVri["state"]> = {
  starting: "attaching",
  standby: "attaching",
  running: "running",
  draining: "draining",
  stopping: "draining",
  failed: "draining", // its process is being ended
  quarantined: "draining",
  stopped: "draining",
};

export class VriMonitor {
  readonly #around: Surroundings;
  readonly #positions: Position[] = [];
  readonly #exits: { position: Position; instance: Instance; how: string }[] = [];
  readonly #wants = new Map<number, VrWants>(); // by VR
  readonly #retirements: Retirements;
  readonly #numbers = new VriNumbers(limits.max_vris);
  /** The plan no longer says what it should. */
  planDirty = false;
  /** A VR's wants changed: plan and ingress table have to follow. */
  wantsDirty = false;
  /** Whether VRIs that fail are replaced. Not while lvrm starts: it gives up then. */
  replacing = false;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#retirements = new Retirements(around.core);
  }

  /** Adds a position and starts its process. */
  add(config: PositionConfig): void {
    const [state, effects] = begin(this.#around.now());
    const none = { instance: null, lastFailure: null };
    const position: Position = { config, state, restarts: -1, ...none };
    this.#positions.push(position);
    this.#carryOut(position, effects);
  }

  /** Positions as the status shows them. */
  views(): VriView[] {
    return this.#positions.map((p) => ({
      id: p.config.id,
      vr: p.config.vr,
      state: p.state.is,
      reason: "reason" in p.state ? p.state.reason : null,
      lastFailure: p.lastFailure,
      pid: p.instance?.process?.pid ?? null,
      core: p.config.core,
      restarts: Math.max(0, p.restarts),
      vri: p.instance !== null && p.instance.since !== null ? p.instance.vri : null,
    }));
  }

  /** The VRIs' part of a plan. */
  planVris(): PlanVri[] {
    const live = this.#positions.flatMap((p): PlanVri[] => {
      if (p.instance === null) return [];
      return [{ vri: p.instance.vri, state: planStates[p.state.is], idle: p.config.idle }];
    });
    return [...live, ...this.#retirements.planVris(this.#running(), this.#around.now())];
  }

  /** VRs with a VRI that takes frames. */
  #running(): Set<number> {
    return new Set(
      this.#positions.filter((p) => p.state.is === "running").map((p) => p.config.vr),
    );
  }

  /** What the VRIs of this VR asked for when they became ready. */
  wants(vr: number): VrWants {
    return this.#wants.get(vr) ?? { wants: 0, ports: noPorts };
  }

  /** VR that a VRI number belongs to, or null when it has ended. */
  vrOf(vri: number): number | null {
    return this.#positions.find((p) => p.instance?.vri === vri)?.config.vr ?? null;
  }

  /** A plan made of `planVris` was handed over. */
  planSent(generation: number): void {
    for (const { instance } of this.#positions) {
      if (instance !== null) instance.since ??= generation;
    }
    this.#retirements.planSent(generation);
  }

  /** Looks at a snapshot's counters; the caller's plan of `generation` is in force. */
  observe(reader: SnapshotReader, generation: number): void {
    const now_ms = this.#around.now();
    const { freed, planDirty } = this.#retirements.adopted(generation);
    this.#numbers.give(...freed);
    if (planDirty) this.planDirty = true;
    for (const position of this.#positions) {
      const instance = position.instance;
      const counted = instance !== null && instance.since !== null &&
        instance.since <= generation;
      const counters = counted ? reader.vri(instance.vri) : null;
      if (counters !== null && instance !== null) this.#feed(position, instance, counters);
      this.#apply(position, {
        is: "observed",
        now_ms,
        attached: counters?.attached ?? false,
        ready: (counters?.ready ?? false) && (instance?.outbox.opened ?? false),
        beat_age_ms: counters?.beatAgeMs ?? 0,
        violation: counters !== null && counters.violation !== 0
          ? violationNames.get(counters.violation) ?? `violation ${counters.violation}`
          : null,
        held_frames: (counters?.queueFrames ?? 0) + (counters?.inFlightFrames ?? 0),
      });
    }
  }

  /** Sends the route snapshot to who has attached, and notes what the ready ones want. */
  #feed(position: Position, instance: Instance, counters: VriCounters): void {
    if (counters.attached && !instance.outbox.opened) instance.outbox.open();
    if (!counters.ready) return;
    const vr = position.config.vr;
    const known = this.wants(vr);
    const wants = known.wants | counters.wants;
    const ports = unite(known.ports, counters.wantedPorts);
    if (wants === known.wants && ports.every((word, i) => word === known.ports[i])) return;
    this.#wants.set(vr, { wants, ports });
    this.wantsDirty = true;
    this.planDirty = true;
  }

  /** Lets time pass and takes in the processes that ended. */
  tick(): void {
    const now_ms = this.#around.now();
    for (const { position, instance, how } of this.#exits.splice(0)) {
      if (position.instance !== instance) continue;
      this.#apply(position, { is: "exited", now_ms, how });
    }
    if (!this.replacing) return;
    for (const position of this.#positions) this.#apply(position, { is: "tick", now_ms });
    if (this.#retirements.due(this.#running(), now_ms)) this.planDirty = true;
  }

  /** Ready VRIs get frames from the next plan on. */
  activate(): void {
    const now_ms = this.#around.now();
    for (const position of this.#positions) this.#apply(position, { is: "activate", now_ms });
  }

  /** Ends all positions: what they hold comes back until `deadline_ms`, then they exit. */
  drain(deadline_ms: number): void {
    const now_ms = this.#around.now();
    for (const p of this.#positions) this.#apply(p, { is: "drain", now_ms, deadline_ms });
  }

  /** SIGKILL to every process that is left. */
  killAll(): void {
    for (const position of this.#positions) position.instance?.process?.kill();
  }

  /** Resolves when every process that was started is reaped. */
  async allEnded(): Promise<void> {
    await Promise.all(this.#positions.map((p) => p.instance?.process?.ended));
  }

  /** Whether something is on its way that the counters will tell about soon. */
  get busy(): boolean {
    if (this.#retirements.busy) return true;
    return this.#positions.some(({ state, instance }) =>
      state.is === "starting" || state.is === "draining" ||
      (instance === null && state.is === "failed" && state.retry_ms <= this.#around.now())
    );
  }

  /** Earliest time at which a tick does something by itself; Infinity for none. */
  nextDeadline(): number {
    return Math.min(...this.#positions.map(({ state }) => {
      if (state.is === "stopping") return state.deadline_ms;
      return "retry_ms" in state && !state.ending ? state.retry_ms : Infinity;
    }));
  }

  /** Queues changes of the routing state for every VRI of these VRs that has its snapshot. */
  broadcast(events: readonly ControlEvent[], concerned: (vr: number) => boolean): void {
    for (const { config, instance } of this.#positions) {
      if (concerned(config.vr)) instance?.outbox.add(events);
    }
  }

  /** Sends what waits. False: some of it has to be tried again. */
  flushOutboxes(): boolean {
    let done = true;
    for (const { instance } of this.#positions) {
      if (instance !== null && !instance.outbox.flush()) done = false;
    }
    return done;
  }

  #apply(position: Position, event: Event): void {
    const before = position.state;
    const [after, effects] = step(before, event);
    position.state = after;
    if (before.is !== after.is) {
      this.#report(position, after);
      this.planDirty = true;
    }
    this.#carryOut(position, effects);
  }

  #report(position: Position, state: State): void {
    const about = {
      vri: position.config.id,
      state: state.is,
      pid: position.instance?.process?.pid,
    };
    if (state.is !== "failed" && state.is !== "quarantined") {
      log[this.replacing ? "info" : "debug"]("{vri} is {state}", about);
      return;
    }
    position.lastFailure = state.reason;
    if (!this.replacing) {
      log.debug("{vri} {reason}", { ...about, reason: state.reason });
      return;
    }
    const wait_ms = Math.max(0, Math.round(state.retry_ms - this.#around.now()));
    const when = wait_ms === 0 ? "at once" : `in ${wait_ms} ms`;
    log.warn("{vri} {reason}; it is replaced {when}", { ...about, reason: state.reason, when });
  }

  #carryOut(position: Position, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.do === "spawn") this.#spawn(position);
      else if (effect.do === "kill") position.instance?.process?.kill();
      else if (effect.do === "tell_stop") position.instance?.outbox.stop();
      else this.#retire(position);
    }
  }

  #spawn(position: Position): void {
    position.restarts++;
    try {
      position.instance = this.#start(position);
    } catch (error) {
      const reason = `could not be started: ${error instanceof Error ? error.message : error}`;
      this.#apply(position, { is: "not_spawned", now_ms: this.#around.now(), reason });
    }
    this.planDirty = true;
  }

  /** Makes a link and the process at its other end. */
  #start(position: Position): Instance {
    const { core, launcher, cores } = this.#around;
    const { config } = position;
    const { vri, linkShmid, wakeFd } = createLink(core, this.#numbers, config.vr, config.link);
    const outbox = new Outbox(() => this.#around.snapshot(config.vr), (event) => {
      try {
        return core.eventSend(vri, event.kind, event.payload);
      } catch (error) {
        // It is about to be found dead: what is not told to it is in its successor's snapshot.
        log.debug("{vri} took no event: {error}", { vri: config.id, error: String(error) });
        return true;
      }
    });
    const instance: Instance = { vri, outbox, process: null, since: null };
    position.instance = instance; // from here on a failure retires the link
    const lines = new LineLimit((line) => {
      // Until lvrm serves, its one error line quotes what the VR said last.
      log[this.replacing ? "info" : "debug"]("{vri} says: {line}", { vri: config.id, line });
    }, this.#around.now);
    core.vriInherit(vri, true);
    try {
      instance.process = spawnVri({
        launcher,
        executable: config.program.executable,
        args: config.program.args,
        cores: config.core === null ? cores : [config.core],
        linkShmid,
        wakeFd,
        onLine: (line) => lines.line(line),
      });
    } finally {
      core.vriInherit(vri, false);
    }
    instance.process.ended.then((how) => {
      this.#exits.push({ position, instance, how });
      this.#around.wake();
    });
    log.debug("{vri} started as process {pid}", { vri: config.id, pid: instance.process.pid });
    return instance;
  }

  #retire(position: Position): void {
    const instance = position.instance;
    position.instance = null;
    if (instance === null) return;
    const { vr, idle } = position.config;
    // What broke the rules gets nothing more; what was told to end has no successor.
    const waits = position.state.is === "failed" && this.replacing;
    const until_ms = waits ? this.#around.now() + times.successor_ms : 0;
    this.#retirements.add(instance.vri, vr, idle, until_ms);
    this.planDirty = true;
  }
}
