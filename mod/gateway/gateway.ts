/**
 * The gateway: ports, VRs and VRIs of one run, and the one loop that moves them. The loop waits in
 * `lvrm_wait`; whatever happens elsewhere (a process ends, a status is asked for) leaves a note and
 * wakes it. Nothing else talks to the library while it runs.
 */
import type { Core } from "../../ffi/core.ts";
import { SnapshotReader } from "../../ffi/stats.ts";
import type { Settings } from "../config/mod.ts";
import { largestMtu, slotsFor, times } from "../config/sizes.ts";
import type { IngressTable } from "../ingress/mod.ts";
import { Handlers } from "../handlers/mod.ts";
import { buildStatus } from "../metrics/mod.ts";
import type { Status } from "../metrics/mod.ts";
import { formatPrefix } from "../netlink/mod.ts";
import type { RoutingSource } from "../routing/mod.ts";
import type { CoreWatch } from "../vr_monitor/mod.ts";
import { portSet, VriMonitor } from "../vri_monitor/mod.ts";
import type { Plan, PlanChange, RouterProgram, ServedPrefix } from "../vri_monitor/mod.ts";
import type { VriView, VrWants } from "../vri_monitor/mod.ts";
import { Allocation } from "./allocation.ts";
import { answerVris } from "./answer.ts";
import { createVrs } from "./arenas.ts";
import { Conditions } from "./conditions.ts";
import { CoreKeeper } from "./core_keeper.ts";
import type { Cores } from "./cores.ts";
import { IngressKeeper, ingressPlan } from "./ingress_keeper.ts";
import { InputEnd, type Progress } from "./input_end.ts";
import { PlanKeeper } from "./plan_keeper.ts";
import { portName } from "./ports.ts";
import type { Port } from "./ports.ts";
import type { AdapterChoice } from "./adapters.ts";
import { PortKeeper } from "./port_keeper.ts";
import { routeSources } from "./route_sources.ts";
import { RoutePoller } from "./route_poller.ts";
import { startFailure } from "./start_failure.ts";
import { within } from "./within.ts";

/** What a gateway is made of. */
export interface GatewayParts {
  readonly settings: Settings;
  readonly core: Core;
  readonly routes: RoutingSource;
  /** Null where the kernel can't have it and doesn't forward anyway. */
  readonly table: IngressTable | null;
  readonly ports: readonly Port[];
  readonly adapters: AdapterChoice;
  /** Program of each VR, in order. */
  readonly programs: readonly RouterProgram[];
  readonly cores: Cores;
  readonly watch: CoreWatch;
  readonly launcher: string;
  /** What comes in has an end, and the run with it. */
  readonly finite?: boolean;
  /** Slots of each arena for frames that lie there. */
  readonly residentSlots?: number;
}

const eventsReady = 1;
const netlinkReady = 4;

export class Gateway {
  readonly #parts: GatewayParts;
  readonly #vris: VriMonitor;
  readonly #allocation: Allocation;
  readonly #ports: PortKeeper;
  readonly #served: readonly ServedPrefix[];
  /** Where its routes come from, by VR. */
  readonly #sourceOf: readonly number[];
  readonly #ingress: IngressKeeper;
  readonly #routes: RoutePoller;
  readonly #started_ms = performance.now();
  readonly #snapshotWaiters: ((reader: SnapshotReader) => void)[] = [];
  readonly #conditions = new Conditions();
  readonly #input: InputEnd | null;
  readonly #plans: PlanKeeper;
  readonly handlers: Handlers;
  #reader: SnapshotReader | null = null;
  #requested: bigint | null = null; // snapshot under way
  #serving = false;
  #planDirty = true;
  #eventsBlocked = false;
  #lastSnapshot_ms = 0;
  #stopping = false;
  #ended = false;
  #loop: Promise<void> | null = null;
  #failure: unknown = null;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.#plans = new PlanKeeper(parts.core);
    this.handlers = new Handlers({
      vrs: parts.settings.vrs.map((vr) => vr.name),
      members: (vr) => this.#vris.roster.members(vr),
      wake: () => parts.core.wake(),
    });
    const mtu = largestMtu(slotsFor(parts.ports.map((port) => port.mtu), 1).bytes);
    this.#ports = new PortKeeper(parts.ports, parts.adapters, parts.core, mtu);
    this.#served = parts.settings.vrs.flatMap(({ subnets }, vr) =>
      subnets.map((prefix) => ({ prefix, vr }))
    );
    this.#ingress = new IngressKeeper(parts.table, () =>
      ingressPlan({
        ports: this.#ports.present(),
        served: this.#served,
        wants: this.#wants(),
        local: parts.routes.localPrefixes(),
      }));
    this.#routes = new RoutePoller(parts.routes);
    this.#input = parts.finite ? new InputEnd(parts.ports.map(({ port }) => port)) : null;
    this.#sourceOf = routeSources(parts.settings.vrs).sourceOf;
    this.#vris = new VriMonitor({
      core: parts.core,
      launcher: parts.launcher,
      vrs: parts.settings.vrs.map((vr, i) => {
        return { name: vr.name, program: parts.programs[i]!, link: vr };
      }),
      seating: parts.cores,
      snapshot: (vr) => this.handlers.snapshot(vr, parts.routes.snapshot(this.#sourceOf[vr])),
      wake: () => parts.core.wake(),
      now: () => performance.now(),
    });
    const vris = this.#vris;
    const keeper = new CoreKeeper({ ...parts, vris });
    const clockNs = () => parts.core.clockNs();
    this.#allocation = new Allocation({ ...parts, vris, keeper, clockNs });
  }

  /**
   * Starts everything and returns when frames are served. The kernel forwards as before until the
   * VRIs are ready; then the ingress table comes first and capture second, so that no frame goes
   * both ways. Throws Failure; call `stop` then as well.
   */
  async start(): Promise<void> {
    const { core, routes, settings, cores } = this.#parts;
    routes.setPorts(this.#ports.routingPorts());
    routes.onEvents((events, source) =>
      this.#vris.broadcast(events, (vr) => this.#sourceOf[vr] === source)
    );
    routes.onLocalChange(() => this.#touch());
    routes.onLinksChange(() => this.#linksChanged());
    const idle = cores.dispatcherIdle;
    core.start({ cores: cores.dispatchers, idle, busyPoll: settings.busyPoll });
    this.#reader = new SnapshotReader(core.snapshotMemory());
    const mtus = this.#parts.ports.map((port) => port.mtu);
    const residentSlots = this.#parts.residentSlots ?? 0;
    const usable = settings.overcommit ? Infinity : cores.forVris;
    createVrs(core, settings, { mtus, residentSlots }, usable);
    this.#allocation.begin();
    this.#vris.catchUp();
    this.#loop = this.#run();
    const broken = () => this.vris().find((vri) => vri.reason !== null);
    const ready = () => this.vris().every((vri) => vri.state !== "starting");
    await this.#conditions.until(() => ready() || broken() !== undefined);
    if (this.#stopping) throw new Error("the gateway was stopped");
    const failed = broken();
    if (failed !== undefined) throw startFailure(settings.vrs[failed.vr]!, failed);
    this.#ingress.begin();
    this.#ports.openAll();
    this.#serving = true;
    this.#planDirty = true;
    this.#vris.serve();
    this.#allocation.serve(performance.now());
    core.wake();
    await this.#conditions.until(() => !this.#planDirty && this.#plans.inForce);
  }

  /** VRIs as they are now. */
  vris(): VriView[] {
    return this.#vris.roster.views();
  }

  /** Resolves when the loop ends; rejects when it fails. */
  get finished(): Promise<void> {
    return (this.#loop ?? Promise.resolve()).then(() => {
      if (this.#failure !== null) throw this.#failure;
    });
  }

  /** Resolves when the input has ended and all is back, or stuck; never where it has no end. */
  async inputEnded(): Promise<Progress> {
    await this.#conditions.until(() => this.#input?.isDone === true);
    return this.#input!.progress;
  }

  /** Whether it forwards, or did. */
  get serving(): boolean {
    return this.#serving;
  }

  /** A status out of a fresh snapshot. */
  status(): Promise<Status> {
    const { settings } = this.#parts;
    return new Promise((resolve) => {
      this.#snapshotWaiters.push((reader) => {
        const cores = this.#allocation.vrs();
        resolve(buildStatus({
          uptime_s: (performance.now() - this.#started_ms) / 1000,
          dispatchers: this.#parts.cores.dispatchers,
          ports: this.#parts.ports.map((port) => ({
            name: portName(port),
            ...this.#ports.adapter(port.port),
            counters: this.#ports.counters(port.port, reader),
          })),
          vrs: settings.vrs.map((vr, number) => ({
            vr: number,
            name: vr.name,
            subnets: vr.subnets.map(formatPrefix),
            router: vr.router,
            cores: cores[number]!,
          })),
          vris: this.vris(),
          decisions: this.#allocation.decisions,
        }, reader));
      });
      this.#parts.core.wake();
    });
  }

  /**
   * Ends everything in order: VRIs drain and exit, then the dispatcher stops, and last the ingress
   * table goes, so that no frame is forwarded twice. Never throws; idempotent.
   */
  async stop(): Promise<void> {
    const { core, table, routes } = this.#parts;
    this.#stopping = true;
    // Without a loop nothing comes about that could be waited for.
    if (this.#loop !== null && !this.#ended) {
      const now_ms = performance.now();
      this.#vris.drain(now_ms + times.drain_ms);
      core.wake();
      const gone = this.#conditions.until(() =>
        this.vris().every((vri) => vri.state === "stopped")
      );
      await within(gone, times.drain_ms + 2 * times.stop_ms);
    }
    this.#ended = true;
    core.wake();
    await this.#loop;
    this.#vris.killAll();
    await within(this.#vris.allEnded(), times.stop_ms);
    core.stop();
    table?.close();
    routes.close();
  }

  /** Ends at once, without waiting for anything. For a second signal and for fatal errors. */
  abandon(): void {
    this.#vris.killAll();
    this.#parts.core.stop();
  }

  async #run(): Promise<void> {
    try {
      while (!this.#ended) this.#pass(await this.#parts.core.wait(this.#timeout()));
    } catch (error) {
      this.#failure = error;
      this.#ended = true;
    }
    this.#conditions.end(this.#failure ?? new Error("the gateway was stopped"));
  }

  /** How long the next wait may last. */
  #timeout(): number {
    if (this.#plans.blocked || this.#eventsBlocked) return times.retry_ms;
    if (this.#requested !== null) return times.tick_ms; // its arrival ends the wait
    const due_ms = Math.min(this.#snapshotDue(), this.#serving ? this.#ingress.due_ms : Infinity);
    const wait_ms = Math.ceil(due_ms - performance.now());
    return Math.max(0, Math.min(times.tick_ms, wait_ms));
  }

  /** When the counters should be looked at again. */
  #snapshotDue(): number {
    const period_ms = this.#busy() ? times.busy_tick_ms : times.tick_ms;
    const input_ms = this.#serving ? this.#input?.due_ms ?? Infinity : Infinity;
    const due_ms = Math.min(this.#vris.nextDeadline(), this.#allocation.due_ms, input_ms);
    return Math.min(this.#lastSnapshot_ms + period_ms, due_ms);
  }

  #busy(): boolean {
    return this.#vris.busy || this.#allocation.busy || this.#ports.busy || !this.#plans.inForce;
  }

  /** Everything that may have happened, in one fixed order. */
  #pass(bits: number): void {
    const vrOf = (vri: number) => this.#vris.roster.vrOf(vri);
    if ((bits & eventsReady) !== 0) {
      answerVris({
        core: this.#parts.core,
        routes: this.#parts.routes,
        handlers: this.handlers,
        vrOf,
      });
    }
    const now_ms = performance.now();
    this.#routes.poll((bits & netlinkReady) !== 0, now_ms);
    this.#takeSnapshot();
    this.#vris.tick();
    this.handlers.sweep();
    if (this.#serving) {
      this.#vris.activate();
      this.#routes.warn();
    }
    if (this.#vris.wants.dirty) {
      this.#vris.wants.dirty = false;
      this.#touch();
    }
    // The table first, capture second, also for a port whose interface is back.
    if (this.#serving && this.#ingress.refresh(now_ms) && !this.#ports.openReturned()) {
      this.#ingress.touch();
    }
    this.#eventsBlocked = !this.#vris.flushOutboxes();
    this.#sendPlan();
    if (this.#vris.catchUp()) this.#sendPlan();
    this.#requestSnapshot();
    this.#conditions.check();
  }

  /** Takes in a snapshot that was asked for, and asks nobody to write to it meanwhile. */
  #takeSnapshot(): void {
    const reader = this.#reader;
    if (reader === null || this.#requested === null) return;
    if (reader.sequence() < this.#requested) return;
    this.#requested = null;
    this.#plans.generation = reader.generation();
    this.#ports.adopted(this.#plans.generation, reader);
    this.#ports.warnOfTruncation(reader);
    if (this.#ports.planDirty) this.#portsChanged();
    this.#allocate(reader);
    this.#vris.observe(reader, this.#plans.generation);
    this.#input?.observe(reader, performance.now());
    for (const waiter of this.#snapshotWaiters.splice(0)) waiter(reader);
  }

  /** Decides about cores once per period. A change is handed over at once, in the last plan. */
  #allocate(reader: SnapshotReader): void {
    if (!this.#serving || this.#stopping) return;
    const act = (changes: readonly PlanChange[]) => this.#plans.amend(changes);
    this.#allocation.observe(reader, performance.now(), act);
  }

  #requestSnapshot(): void {
    if (this.#requested !== null) return;
    const now_ms = performance.now();
    if (now_ms < this.#snapshotDue() && this.#snapshotWaiters.length === 0) return;
    this.#lastSnapshot_ms = now_ms;
    this.#requested = this.#parts.core.snapshotRequest();
  }

  #sendPlan(): void {
    const dirty = this.#planDirty || this.#vris.planDirty || this.#ports.planDirty;
    this.#plans.blocked = false;
    if (!dirty) return;
    const generation = this.#plans.send(this.#plan());
    if (generation === null) return;
    this.#planDirty = false;
    this.#vris.planDirty = false;
    this.#ports.planDirty = false;
    this.#vris.planSent(generation);
    this.#ports.planSent(generation);
  }

  /** The plan as of now. Before the gateway serves, it has VRs and VRIs, and nothing to do. */
  #plan(): Plan {
    const { settings, routes } = this.#parts;
    const numbers = this.#ports.open();
    const permittedPorts = portSet(numbers.map((port) => port.port));
    const promiscuous = this.#ports.promiscuous(this.#wants());
    return {
      ports: numbers.map(({ port }) => ({ port, promiscuous: promiscuous.has(port) })),
      vrs: settings.vrs.map((_, vr) => {
        const { wants, ports } = this.#vris.wants.of(vr);
        return { vr, wants, wantedPorts: ports, permittedPorts };
      }),
      vris: this.#vris.planVris(),
      served: this.#serving ? this.#served : [],
      local: this.#serving ? routes.localPrefixes() : [],
    };
  }

  /** What each VR asked for. */
  #wants(): VrWants[] {
    return this.#parts.settings.vrs.map((_, vr) => this.#vris.wants.of(vr));
  }

  /** Plan and ingress table have to follow a change. */
  #touch(): void {
    this.#planDirty = true;
    this.#ingress.touch();
  }

  #linksChanged(): void {
    this.#ports.linksChanged(this.#parts.routes.links());
    this.#portsChanged();
  }

  #portsChanged(): void {
    this.#parts.routes.setPorts(this.#ports.routingPorts());
    this.#touch();
  }
}
