/**
 * One run of lvrm from settings to exit code: checks the host before anything starts, puts the
 * gateway together, serves the control socket, and ends it all in order.
 */
import { join } from "node:path";
import { version } from "../../ffi/abi.gen.ts";
import { Core, CoreError } from "../../ffi/core.ts";
import { claimSocket, serveControl } from "../api/mod.ts";
import type { ControlServer } from "../api/mod.ts";
import type { CaptureReport } from "../../ffi/replay.ts";
import { Attempts, ExitCode, Failure } from "../config/mod.ts";
import type { Settings } from "../config/mod.ts";
import { type VirtualSource, virtualSource } from "../config/source.ts";
import type { IngressTable } from "../ingress/mod.ts";
import { configureLog, getLogger } from "../log/mod.ts";
import type { Status } from "../metrics/mod.ts";
import { formatPrefix, NetlinkError } from "../netlink/mod.ts";
import { RouteMonitor } from "../routing/mod.ts";
import type { RoutingSource } from "../routing/mod.ts";
import { runtimeDirectory } from "../runtime/mod.ts";
import {
  CoreWatch,
  explainCores,
  placements,
  requireCores,
  usableTopology,
} from "../vr_monitor/mod.ts";
import type { UsableTopology } from "../vr_monitor/mod.ts";
import { resolveRouter } from "../vri_monitor/mod.ts";
import type { RouterProgram, VriView } from "../vri_monitor/mod.ts";
import { chooseAdapters } from "./adapters.ts";
import type { AdapterChoice } from "./adapters.ts";
import { Cores } from "./cores.ts";
import { Gateway } from "./gateway.ts";
import { coreNeeds, lookFurther, requirePorts, startPlan } from "./ground.ts";
import { requireCapabilities } from "./host.ts";
import { portName } from "./ports.ts";
import type { Port } from "./ports.ts";
import { routeSources as sourcesOf } from "./route_sources.ts";
import type { Progress } from "./input_end.ts";
import { openTable } from "./table.ts";
import { prepareVirtual } from "./virtual.ts";
import type { VirtualGround } from "./virtual.ts";
import { connectedPrefixes, forwardingWarning, remotePrefixes } from "./warnings.ts";

const log = getLogger(["lvrm"]);

/** What a run leaves behind. */
export interface RunResult {
  /** When its input had ended and all was back; null: a signal ended it. */
  readonly status: Status | null;
  /** What became of the file that it wrote, if any. */
  readonly capture: CaptureReport | null;
}

/** Runs until a signal ends it, or its input. Throws Failure. */
export async function runGateway(settings: Settings): Promise<RunResult> {
  configureLog(settings.logFormat, settings.logLevel);
  const runtime = runtimeDirectory();
  const { programs, usable } = requireConfiguration(settings, runtime);
  const source = virtualSource(settings);
  if (source === null) requireCapabilities();
  const { dispatchers } = settings;
  const cores = new Cores({
    cores: usable.cores,
    placement: placements[settings.placement],
    named: settings.vrs.map((vr) => vr.cores),
    idle: settings.idle,
    dispatchers,
  });
  const claim = claimSocket(settings.socket);
  let gateway: Gateway | null = null;
  let server: ControlServer | null = null;
  let ground: Ground | null = null;
  let status: Status | null = null;
  let capture: CaptureReport | null = null;
  const stop = stopSignal(() => gateway?.abandon(), claim.release);
  try {
    const core = Core.load(join(runtime, "lib", "liblvrm.so"));
    stopOnFatal(core, claim.release);
    ground = source === null ? prepare(settings, core) : withoutKernel(settings, source, core);
    const { warnings, virtual, ...parts } = ground;
    gateway = new Gateway({
      ...parts,
      settings,
      core,
      finite: virtual?.finite ?? false,
      residentSlots: virtual?.residentSlots ?? 0,
      programs,
      cores,
      watch: new CoreWatch(settings.cores, usable.cores),
      launcher: join(runtime, "bin", "lvrm-launch"),
    });
    const running = gateway;
    const started = running.start();
    await Promise.race([started, stop.asked]);
    if (!stop.wasAsked()) {
      server = serveControl(settings.socket, running);
      warnings.forEach((warning) => log.warn("{warning}", { warning }));
      explain(settings, parts.ports, { usable, cores }, running.vris());
      log.info("lvrm {version} serves; control socket {socket}", {
        version,
        socket: settings.socket,
      });
      const ended = running.inputEnded();
      await Promise.race([running.finished, stop.asked, ended]);
      if (!stop.wasAsked()) status = await drained(running, await ended);
      log.info("stopping");
    }
    started.catch(() => {}); // ended before it had started
  } catch (error) {
    throw explained(error, gateway?.serving ?? false);
  } finally {
    await server?.close();
    await gateway?.stop();
    capture = await ground?.virtual?.finish() ?? null;
    claim.release();
  }
  return { status, capture };
}

/** Routers and cores. Throws Failure (configuration) with all that is wrong, also of the rest. */
function requireConfiguration(settings: Settings, runtime: string) {
  const { vrs, overcommit, dispatchers } = settings;
  const all = new Attempts();
  const programs = vrs.map((vr, i) =>
    all.attempt(() => resolveRouter(vr, runtime), ["vrs", i, "router"])
  );
  const usable = all.attempt(() => usableTopology(settings.cores));
  if (usable !== undefined) {
    all.attempt(() => requireCores(coreNeeds(vrs), usable, overcommit, dispatchers));
  }
  const source = virtualSource(settings);
  if (all.failed) {
    all.attempt(() => lookFurther(settings, runtime), source === null ? null : ["adapter"]);
  }
  all.end();
  return { programs: programs as RouterProgram[], usable: usable! }; // or it would have thrown
}

/** The status of a run whose input has ended. Throws Failure where not all came back. */
async function drained(gateway: Gateway, progress: Progress): Promise<Status> {
  const status = await gateway.status();
  if (progress !== "stuck") return status;
  throw new Failure(
    ExitCode.failed,
    `the input has ended, and ${status.totals.in_flight_frames} frames don't come back from ` +
      `their VRs: those keep them`,
  );
}

/** What a gateway stands on. */
interface Ground {
  readonly routes: RoutingSource;
  readonly ports: readonly Port[];
  readonly table: IngressTable | null;
  readonly adapters: AdapterChoice;
  /** Null on interfaces. */
  readonly virtual: VirtualGround | null;
  /** To be said once lvrm serves: a start that fails says one thing only. */
  readonly warnings: readonly string[];
}

/** Mirror of the kernel, ports, and an ingress table where it is needed. Throws Failure. */
function prepare(settings: Settings, core: Core): Ground {
  const warnings: string[] = [];
  const { sources: routeSources } = sourcesOf(settings.vrs);
  const routes = new RouteMonitor(core.netlink, { sources: routeSources });
  routes.open();
  const ports = requirePorts(settings, routes);
  const served = settings.vrs.flatMap((vr) => vr.subnets);
  const plan = startPlan(ports, served, routes.localPrefixes());
  const forwarding = routes.forwarding();
  const forwards = forwarding.ipv4 || forwarding.ipv6 === true;
  const table = openTable(core.netlink, plan, forwards, warnings);
  routes.setPorts(ports.map((port) => ({ ...port, interface: port.name })));
  const sources = [
    ...connectedPrefixes(routes.addresses()),
    ...[...routeSources.keys()].flatMap((source) => remotePrefixes(routes.snapshot(source))),
  ];
  const unserved = forwardingWarning(forwarding, served, sources);
  if (unserved !== null) warnings.push(unserved);
  const adapters = chooseAdapters(settings, core);
  return { routes, ports, table, adapters, virtual: null, warnings };
}

/** The same without interfaces: nothing of the kernel's is read or changed. */
function withoutKernel(settings: Settings, source: VirtualSource, core: Core): Ground {
  const all = new Attempts();
  const prepared = all.attempt(() => prepareVirtual(source, settings, core), ["adapter"]);
  all.end();
  const virtual = prepared!; // or it would have thrown
  const { routes, ports, adapters } = virtual;
  return { routes, ports, adapters, table: null, virtual, warnings: [] };
}

/** Says which core does what and who serves what. */
function explain(
  settings: Settings,
  ports: readonly Port[],
  { usable, cores }: { readonly usable: UsableTopology; readonly cores: Cores },
  vris: readonly VriView[],
): void {
  const names = ports.map(portName).join(", ");
  const [first, ...others] = cores.dispatchers.map((core) => core ?? "any");
  if (others.length === 0) {
    log.info("ports {ports}; dispatcher on core {core}", { ports: names, core: first });
  } else {
    const on = [first, ...others].join(", ");
    log.info("ports {ports}; dispatchers on cores {on}", { ports: names, on });
  }
  const running = vris.filter((vri) => vri.state === "running");
  const name = settings.placement;
  const placement = { name, place: placements[name] };
  for (const line of explainCores(usable, placement, running, cores.helpers)) {
    log.info("{line}", { line });
  }
  for (const [i, vr] of settings.vrs.entries()) {
    const mine = running.filter((vri) => vri.vr === i);
    log.info("{vr} serves {subnets} with {router} on core {cores}", {
      vr: vr.name,
      subnets: vr.subnets.map(formatPrefix).join(", "),
      router: vr.router,
      cores: mine.map((vri) => vri.core ?? "any").join(", "),
    });
  }
}

/**
 * Errors of the host in words for the user; others as they are. Once lvrm served, the host could
 * do it: then it is lvrm that failed.
 */
export function explained(error: unknown, served: boolean): unknown {
  const code = served ? ExitCode.failed : ExitCode.host;
  if (error instanceof NetlinkError) {
    return new Failure(code, `cannot talk to the kernel: ${error.message}`);
  }
  if (error instanceof CoreError) return new Failure(code, error.message);
  if (served && error instanceof Failure) return new Failure(code, error.message);
  return error;
}

interface StopSignal {
  /** Resolves with the first SIGTERM or SIGINT. */
  readonly asked: Promise<void>;
  readonly wasAsked: () => boolean;
}

/** The first signal asks for an orderly end, the second gets an immediate one. */
function stopSignal(abandon: () => void, release: () => void): StopSignal {
  let was = false;
  const asked = new Promise<void>((resolve) => {
    const onSignal = () => {
      if (!was) {
        was = true;
        resolve();
        return;
      }
      abandon();
      release();
      Deno.exit(ExitCode.failed);
    };
    Deno.addSignalListener("SIGTERM", onSignal);
    Deno.addSignalListener("SIGINT", onSignal);
  });
  return { asked, wasAsked: () => was };
}

/** Whatever ends this process must stop the dispatcher first: its thread runs in our memory. */
function stopOnFatal(core: Core, release: () => void): void {
  const fatal = (reason: unknown) => {
    log.error("internal error: {reason}", {
      reason: reason instanceof Error ? reason.stack ?? reason.message : String(reason),
    });
    core.stop();
    release();
    Deno.exit(ExitCode.failed);
  };
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    fatal(event.reason);
  });
  addEventListener("error", (event) => {
    event.preventDefault();
    fatal(event.error);
  });
  addEventListener("unload", () => core.stop());
}
