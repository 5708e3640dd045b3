/**
 * The VRI monitor's hands: feeds each position's state machine and carries out what that says. Each
 * VR has as many running VRIs as its target says, and standbys beside them: ready processes that
 * wait, so that one more VRI, or another in place of one that died, is a change of plan and not a
 * process start.
 *
 * All methods run to their end on the main thread, called from the gateway's one loop; only what
 * follows the end of a process is called in between, and leaves a note.
 */
import { limits, Violation, wants } from "../../ffi/abi.gen.ts";
import type { AnnouncedVri } from "../../ffi/core.ts";
import type { SnapshotReader } from "../../ffi/stats.ts";
import { times } from "../config/sizes.ts";
import type { ControlEvent } from "../routing/mod.ts";
import { Launches } from "./launches.ts";
import type { LaunchGround } from "./launches.ts";
import { VriNumbers } from "./numbers.ts";
import type { PlanChange, PlanVri } from "./plan.ts";
import type { Position } from "./position.ts";
import { report } from "./report.ts";
import { Retirements } from "./retirement.ts";
import { Roster } from "./roster.ts";
import type { Seating } from "./seating.ts";
import { Seats } from "./seats.ts";
import { staff } from "./staff.ts";
import type { Target } from "./staff.ts";
import { begin, step } from "./state.ts";
import type { Effect, Event } from "./state.ts";
import { Wants } from "./wants.ts";

/** What the monitor needs of its surroundings. */
export interface Surroundings extends LaunchGround {
  readonly seating: Seating;
}

const violationNames = new Map<number, string>(
  Object.entries(Violation).map(([name, number]) => [number, name]),
);

export class VriMonitor {
  readonly #around: Surroundings;
  readonly #targets: number[];
  readonly #standbys: number[];
  readonly #retirements: Retirements;
  readonly #numbers = new VriNumbers(limits.max_vris);
  readonly #launches: Launches;
  readonly #seats: Seats;
  readonly roster = new Roster();
  readonly wants = new Wants();
  #news: (() => void)[] = [];
  #seated = true;
  #chosen = 0; // positions that became active so far
  #serving = false;
  #ending = false;
  /** The plan no longer says what it should. */
  planDirty = false;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#targets = around.vrs.map(() => 0);
    this.#standbys = around.vrs.map(() => 0);
    this.#retirements = new Retirements(around.core);
    this.#launches = new Launches(around, this.#numbers);
    this.#seats = new Seats(around.core, around.seating, this.roster);
  }

  /** VRIs that each VR shall have running. */
  get targets(): readonly number[] {
    return this.#targets;
  }

  /**
   * Ahead of all else, the dispatcher hears who runs or leaves when each VR has so many VRIs.
   * `setTargets` has to follow.
   */
  announce(targets: readonly number[], decidedNs: bigint): void {
    if (!this.#serving) return;
    const changes: AnnouncedVri[] = [];
    for (let vr = 0; vr < targets.length; vr++) {
      if (targets[vr] === this.#targets[vr]) continue;
      for (const { instance, active } of this.#choose(vr, targets[vr]!)) {
        changes.push({ vri: instance!.vri, state: active ? "draining" : "running" });
      }
    }
    if (changes.length > 0) this.#around.core.announce(changes, decidedNs);
  }

  /**
   * So many VRIs of each VR run from now on, and standbys wait beside them. Where standbys are
   * ready and VRIs are too many, `act` is told at once which change their state in the plan, and
   * may hand that over; it returns the plan's generation. All else is done after that.
   */
  setTargets(
    targets: readonly Target[],
    decidedNs: bigint,
    act: (changes: readonly PlanChange[]) => number | null,
  ): void {
    const chosen = this.#serving ? targets.flatMap((it) => this.#choose(it.vr, it.target)) : [];
    const changes = chosen.map(({ instance, active }): PlanChange => {
      return { vri: instance!.vri, state: active ? "draining" : "running", decidedNs };
    });
    const generation = changes.length === 0 ? null : act(changes);
    for (const position of chosen) if (!position.active) this.#promote(position, decidedNs);
    for (const { vr, target, standbys } of targets) {
      this.#targets[vr] = target;
      this.#standbys[vr] = standbys;
      this.#restaff(vr, decidedNs);
    }
    if (generation === null) return;
    for (const position of chosen) {
      if (position.state.is === "draining") position.leftSince = generation;
    }
  }

  /** Those that a change of plan is enough for. */
  #choose(vr: number, target: number): Position[] {
    const before = this.#targets[vr]!;
    if (target >= before) return this.#seats.ready(vr, target - before);
    return staff(this.roster.of(vr), target, this.#standbys[vr]!).drain
      .filter((position) => position.state.is === "running" && position.instance !== null);
  }

  /** Whether a VR's VRIs, all of them, fail over and over. */
  broken(vr: number): boolean {
    return this.roster.broken(vr, this.#around.now());
  }

  /** Frames come: ready VRIs run, those that fail are replaced. Before, lvrm gives up on one. */
  serve(): void {
    this.#serving = true;
    this.#launches.serve();
    this.activate();
  }

  /** Ready VRIs that are wanted get frames from the next plan on. */
  activate(): void {
    if (!this.#serving) return;
    const now_ms = this.#around.now();
    for (const p of this.roster.all) if (p.active) this.#apply(p, { is: "activate", now_ms });
  }

  #restaff(vr: number, decidedNs: bigint): void {
    const todo = staff(this.roster.of(vr), this.#targets[vr]!, this.#standbys[vr]!);
    for (const position of todo.promote) this.#promote(position, decidedNs);
    for (let i = 0; i < todo.hire; i++) this.#promote(this.#add(vr), decidedNs);
    const now_ms = this.#around.now();
    const deadline_ms = now_ms + times.leave_ms;
    for (const position of [...todo.drain, ...todo.dismiss]) {
      position.decidedNs = decidedNs;
      this.#apply(position, { is: "drain", now_ms, deadline_ms });
    }
    for (let i = 0; i < todo.standbys; i++) this.#add(vr);
  }

  /** One more position of a VR, a standby for now. */
  #add(vr: number): Position {
    const [state, effects] = begin(this.#around.now());
    const position = this.roster.add(vr, this.#around.vrs[vr]!.name, state);
    this.#carryOut(position, effects);
    return position;
  }

  /** It runs from now on, or as soon as it is ready. */
  #promote(position: Position, decidedNs: bigint): void {
    this.#seats.take(position);
    position.active = true;
    position.order = ++this.#chosen;
    position.decidedNs = decidedNs;
    const now_ms = this.#around.now();
    if (this.#serving) this.#apply(position, { is: "activate", now_ms });
  }

  /** These move to other cores. */
  reseat(moves: ReadonlyMap<Position, number | null>): void {
    for (const [position, core] of moves) {
      position.core = core;
      this.#seats.move(position);
    }
    if (moves.size > 0) this.planDirty = true;
    this.#seated = false; // standbys too, perhaps
  }

  /** The VRIs' part of a plan. */
  planVris(): PlanVri[] {
    return [
      ...this.roster.planVris(this.#around.seating),
      ...this.#retirements.planVris(this.roster.running(), this.#around.now()),
    ];
  }

  /** A plan made of `planVris` was handed over. */
  planSent(generation: number): void {
    for (const position of this.roster.all) {
      if (position.instance !== null) position.instance.since ??= generation;
      if (position.state.is === "draining") position.leftSince ??= generation;
    }
    this.#retirements.planSent(generation);
  }

  /** Looks at a snapshot's counters; the caller's plan of `generation` is in force. */
  observe(reader: SnapshotReader, generation: number): void {
    const { freed, planDirty } = this.#retirements.adopted(generation);
    this.#numbers.give(...freed);
    if (planDirty) this.planDirty = true;
    for (const position of this.roster.all) this.#observe(position, reader, generation);
    this.#tidy();
  }

  #observe(position: Position, reader: SnapshotReader, generation: number): void {
    const { instance, leftSince } = position;
    const counted = instance !== null && instance.since !== null && instance.since <= generation;
    const counters = counted ? reader.vri(instance.vri) : null;
    // Who has attached gets the route snapshot; who is ready has said what it wants.
    if (counters?.attached && !instance!.outbox.opened) instance!.outbox.open();
    if (counters?.ready) {
      instance!.offersHandlers = (counters.wants & wants.handler_requests) !== 0;
      if (this.wants.add(position.vr, counters)) this.planDirty = true;
    }
    const mayGetMore = position.state.is === "draining" &&
      (leftSince === null || leftSince > generation);
    this.#apply(position, {
      is: "observed",
      now_ms: this.#around.now(),
      attached: counters?.attached ?? false,
      ready: (counters?.ready ?? false) && (instance?.outbox.opened ?? false),
      beat_age_ms: counters?.beatAgeMs ?? 0,
      violation: counters !== null && counters.violation !== 0
        ? violationNames.get(counters.violation) ?? `violation ${counters.violation}`
        : null,
      held_frames: mayGetMore
        ? Infinity
        : (counters?.queueFrames ?? 0) + (counters?.inFlightFrames ?? 0),
      reusable: this.#lacksStandby(position.vr),
    });
  }

  /** Whether a VR has fewer standbys than it should, those to come not counted. */
  #lacksStandby(vr: number): boolean {
    if (this.#ending) return false;
    const others = this.roster.of(vr).filter((position) => position.state.is !== "draining");
    return staff(others, this.#targets[vr]!, this.#standbys[vr]!).standbys > 0;
  }

  /** Lets time pass and takes in the processes that ended. */
  tick(): void {
    const now_ms = this.#around.now();
    for (const { instance, how } of this.#launches.exits()) {
      const position = this.roster.whose(instance);
      if (position !== undefined) this.#apply(position, { is: "exited", now_ms, how });
    }
    if (this.#serving) {
      for (const position of this.roster.all) this.#apply(position, { is: "tick", now_ms });
      if (this.#retirements.due(this.roster.running(), now_ms)) this.planDirty = true;
    }
    this.#tidy();
  }

  /** Forgets who has gone; its VR may want another. */
  #tidy(): void {
    for (const vr of this.roster.sweep()) {
      if (!this.#ending) this.#restaff(vr, this.#around.core.clockNs());
    }
  }

  /** Ends all positions: what they hold comes back until `deadline_ms`, then they exit. */
  drain(deadline_ms: number): void {
    this.#ending = true;
    const now_ms = this.#around.now();
    for (const p of this.roster.all) this.#apply(p, { is: "drain", now_ms, deadline_ms });
    this.#tidy();
  }

  /** SIGKILL to every process that is left. */
  killAll(): void {
    for (const position of this.roster.all) position.instance?.process?.kill();
  }

  /** Resolves when every process that was started is reaped. */
  async allEnded(): Promise<void> {
    await Promise.all(this.roster.all.map((p) => p.instance?.process?.ended));
  }

  /** Whether something is on its way that the counters will tell about soon. */
  get busy(): boolean {
    if (this.#retirements.busy) return true;
    return this.roster.all.some(({ state, instance }) =>
      state.is === "starting" || state.is === "draining" ||
      (instance === null && state.is === "failed" && state.retry_ms <= this.#around.now())
    );
  }

  /** Earliest time at which a tick does something by itself; Infinity for none. */
  nextDeadline(): number {
    return Math.min(...this.roster.all.map(({ state }) => {
      if (state.is === "stopping") return state.deadline_ms;
      return "retry_ms" in state && !state.ending ? state.retry_ms : Infinity;
    }));
  }

  /** Queues changes of the routing state for every VRI of these VRs that has its snapshot. */
  broadcast(events: readonly ControlEvent[], concerned: (vr: number) => boolean): void {
    for (const { vr, instance } of this.roster.all) {
      if (concerned(vr)) instance?.outbox.add(events);
    }
  }

  /** Sends what waits. False: some of it has to be tried again. */
  flushOutboxes(): boolean {
    let done = true;
    for (const { instance } of this.roster.all) {
      if (instance !== null && !instance.outbox.flush()) done = false;
    }
    return done;
  }

  #apply(position: Position, event: Event): void {
    const before = position.state;
    const [after, effects] = step(before, event);
    position.state = after;
    if (before.is !== after.is) {
      if (after.is === "draining") position.leftSince = null;
      if (after.is === "starting") position.restarts++;
      if (before.is === "draining" && after.is === "standby") position.active = false;
      if ("reason" in after) position.lastFailure = after.reason;
      const now_ms = this.#around.now();
      this.#news.push(() => report(position, after, this.#serving, now_ms));
      this.planDirty = true;
      this.#seated = false;
    }
    this.#carryOut(position, effects);
  }

  #carryOut(position: Position, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.do === "spawn") this.#replace(position);
      else if (effect.do === "kill") this.#kill(position);
      else if (effect.do === "tell_stop") position.instance?.outbox.stop();
      else this.#retire(position);
    }
  }

  /** A process for a position that starts: its VR's standby where there is one, else a new one. */
  #replace(position: Position): void {
    this.planDirty = true;
    if (!position.active) return this.#launches.add(position);
    this.#seats.keep(position);
    const standby = this.roster.readyStandby(position.vr);
    const instance = standby?.instance ?? null;
    if (standby === undefined || instance === null) return this.#launches.add(position);
    position.instance = instance;
    instance.id = position.id;
    position.decidedNs = this.#around.core.clockNs();
    this.#seats.move(position);
    const now_ms = this.#around.now();
    this.#apply(position, { is: "given", now_ms });
    this.#apply(position, { is: "activate", now_ms });
    standby.instance = null;
    [standby.state] = begin(now_ms);
    this.#launches.add(standby);
  }

  /**
   * What can wait until a plan was handed over, and takes a while: tells what happened, seats
   * standbys and starts processes. Whether it started any: then another plan is due.
   */
  catchUp(): boolean {
    for (const tell of this.#news.splice(0)) tell();
    if (!this.#seated) this.#seats.seatStandbys();
    this.#seated = true;
    if (!this.#launches.waiting) return false;
    this.planDirty = true;
    const coresOf = ({ active, core }: Position) => this.#around.seating.coresFor(active, core);
    this.#launches.run(coresOf, (position, reason) => {
      this.#apply(position, { is: "not_spawned", now_ms: this.#around.now(), reason });
    });
    return true;
  }

  #kill(position: Position): void {
    const process = position.instance?.process ?? null;
    if (process !== null) return process.kill();
    const now_ms = this.#around.now();
    this.#apply(position, { is: "exited", now_ms, how: "was never started" });
  }

  #retire(position: Position): void {
    const instance = position.instance;
    position.instance = null;
    if (instance === null) return;
    position.lastLines = instance.process?.lastLines ?? [];
    const idle = this.#around.seating.idle(position.core, this.roster.users(), false);
    // What broke the rules gets nothing more; what was told to end has no successor.
    const waits = position.state.is === "failed" && this.#serving;
    const until_ms = waits ? this.#around.now() + times.successor_ms : 0;
    this.#retirements.add(instance.vri, position.vr, idle, until_ms);
    this.planDirty = true;
  }
}
