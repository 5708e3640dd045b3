/**
 * `lvrm check`: whether this host can do what a run is asked to, without starting it. It looks at
 * everything a start looks at, all of it also after an error, and changes nothing: the control
 * socket's lock and the ingress table that it tries are gone when it ends.
 */
import { join } from "node:path";
import { EventKind, manifest } from "../../ffi/abi.gen.ts";
import { Core } from "../../ffi/core.ts";
import { claimSocket } from "../api/mod.ts";
import type { Origin, Settings } from "../config/mod.ts";
import { type VirtualSource, virtualSource } from "../config/source.ts";
import type { IngressPlan } from "../ingress/mod.ts";
import { formatPrefix } from "../netlink/mod.ts";
import { RouteMonitor } from "../routing/mod.ts";
import type { Link } from "../routing/mod.ts";
import { runtimeDirectory } from "../runtime/mod.ts";
import { Attempts } from "../config/mod.ts";
import { placements, requireCores, toList, usableTopology } from "../vr_monitor/mod.ts";
import { resolveRouter } from "../vri_monitor/mod.ts";
import { chooseAdapters, withoutCure } from "./adapters.ts";
import type { AdapterChoice } from "./adapters.ts";
import { Cores } from "./cores.ts";
import { Findings } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { coreNeeds, startPlan } from "./ground.ts";
import { requireCapabilities } from "./host.ts";
import { choosePorts, portName } from "./ports.ts";
import type { Port } from "./ports.ts";
import { requireRoutePorts, routeSources } from "./route_sources.ts";
import { openTable } from "./table.ts";
import { lookAt } from "./virtual.ts";
import { connectedPrefixes, forwardingWarning, remotePrefixes } from "./warnings.ts";

/** Looks at everything; `origin`: where the settings come from. */
export function checkHost(settings: Settings, origin: Origin | null = null): Finding[] {
  const runtime = runtimeDirectory();
  const findings = new Findings(origin);
  for (const [i, vr] of settings.vrs.entries()) {
    const place = ["vrs", i, "router"];
    const program = findings.attempt(vr.name, () => resolveRouter(vr, runtime), place);
    const subnets = vr.subnets.map(formatPrefix).join(", ");
    if (program !== undefined) findings.ok(vr.name, `${subnets} by ${vr.router}`);
  }
  const source = virtualSource(settings);
  const permitted = findings.attempt("permissions", () => {
    if (source === null) requireCapabilities();
    findings.ok("permissions", source === null ? "CAP_NET_ADMIN and CAP_NET_RAW" : "none needed");
    return true;
  });
  checkCores(settings, findings);
  const isRunning = checkSocket(settings, findings);
  if (source !== null) checkSource(source, settings, findings);
  const core = findings.attempt("library", () => Core.load(join(runtime, "lib", "liblvrm.so")));
  if (core === undefined) return findings.all;
  if (source !== null) {
    core.close();
    return findings.all;
  }
  try {
    const adapters = findings.attempt("adapter", () => chooseAdapters(settings, core), ["adapter"]);
    if (adapters !== undefined) findings.ok("adapter", describeAdapters(adapters));
    checkNetwork(settings, core, findings, { permitted: permitted === true, isRunning });
  } finally {
    core.close();
  }
  return findings.all;
}

/** What comes in without interfaces; its output is not touched. */
function checkSource(source: VirtualSource, settings: Settings, findings: Findings): void {
  const known = findings.attempt("adapter", () => lookAt(source, settings), ["adapter"]);
  if (known === undefined) return;
  const frames = `${known.frames.toLocaleString("en-US")} frames`;
  findings.ok("adapter", `${source.adapter}: ${frames} on ${known.ports} ports`);
}

/** Which adapter ports will be tried with first; whether it opens there shows with a start. */
function describeAdapters({ candidates, asked, passed }: AdapterChoice): string {
  const [first, ...others] = candidates.map((adapter) => manifest.adapters[adapter]!);
  if (asked) return first!;
  return [
    `${first} where it opens, else ${others.join(", ") || "none"}`,
    ...passed.map(withoutCure),
  ]
    .join("; ");
}

function checkCores(settings: Settings, findings: Findings): void {
  const usable = findings.attempt("cores", () => usableTopology(settings.cores));
  if (usable === undefined) return;
  const { dispatcher, dispatcherWhy, cores } = usable;
  const { dispatchers, overcommit } = settings;
  const seats = new Cores({
    cores,
    placement: placements[settings.placement],
    named: settings.vrs.map((vr) => vr.cores),
    idle: settings.idle,
    dispatchers,
  });
  const taken = seats.dispatchers;
  const others = toList(
    cores.map(({ core }) => core).filter((core) => !taken.includes(core)),
  );
  const theirs = dispatchers === 1
    ? `dispatcher on core ${dispatcher.core} (${dispatcherWhy})`
    : `dispatchers on cores ${taken.map((core) => core ?? "any").join(", ")}`;
  findings.ok(
    "cores",
    `${theirs}, VRIs on ${others === "" ? "the same: they take turns" : others}`,
  );
  const needs = coreNeeds(settings.vrs);
  const enough = findings.attempt("cores", () => {
    requireCores(needs, usable, overcommit, dispatchers);
    return true;
  });
  if (enough === undefined) return;
  const vris = needs.reduce((sum, { minCores }) => sum + minCores, 0);
  const free = cores.length - dispatchers;
  if (vris > Math.max(1, free)) {
    findings.warn(
      "cores",
      `${vris} VRIs share ${Math.max(1, free)} core${free > 1 ? "s" : ""}, and take turns: ask ` +
        `for fewer, or give lvrm more with --cores`,
    );
  }
}

/** Whether an lvrm runs that has the socket. */
function checkSocket(settings: Settings, findings: Findings): boolean {
  const before = findings.all.length;
  const claim = findings.attempt("socket", () => claimSocket(settings.socket), ["socket"]);
  if (claim !== undefined) {
    claim.undo();
    findings.ok("socket", settings.socket);
    return false;
  }
  const [failed] = findings.all.slice(before);
  if (!failed!.text.includes("another lvrm")) return false;
  findings.all.length = before;
  findings.warn("socket", failed!.text);
  return true;
}

/** What the rest goes by. */
interface Known {
  readonly permitted: boolean;
  /** An lvrm that serves the same now is no obstacle: it has to end before this one starts. */
  readonly isRunning: boolean;
}

function checkNetwork(settings: Settings, core: Core, findings: Findings, known: Known): void {
  const { sources, sourceOf } = routeSources(settings.vrs);
  const routes = new RouteMonitor(core.netlink, { sources });
  if (findings.attempt("kernel", () => (routes.open(), true)) === undefined) return;
  try {
    const ports = checkPorts(settings, routes, findings);
    findings.attempt("routes", () => requireRoutePorts(settings.vrs, ports));
    routes.setPorts(ports.map((port) => ({ ...port, interface: port.name })));
    checkTables(settings, routes, sourceOf, findings);
    const served = settings.vrs.flatMap((vr) => vr.subnets);
    const from = [
      ...connectedPrefixes(routes.addresses()),
      ...[...sources.keys()].flatMap((source) => remotePrefixes(routes.snapshot(source))),
    ];
    const forwarding = routes.forwarding();
    const unserved = forwardingWarning(forwarding, served, from);
    const on = (state: boolean | null) => state === null ? "absent" : state ? "on" : "off";
    const states = `IPv4 ${on(forwarding.ipv4)}, IPv6 ${on(forwarding.ipv6)}`;
    if (unserved === null) findings.ok("forwarding", `the kernel's: ${states}`);
    else findings.warn("forwarding", unserved);
    const forwards = forwarding.ipv4 || forwarding.ipv6 === true;
    checkIngress(startPlan(ports, served, routes.localPrefixes()), core, forwards, findings, known);
  } finally {
    routes.close();
  }
}

/** The ports that could be opened. */
function checkPorts(settings: Settings, routes: RouteMonitor, findings: Findings): Port[] {
  const links = routes.links();
  const addresses = routes.addresses();
  const { interfaces } = settings;
  // Where some can't be, those that can are looked at all the same.
  const ports = findings.attempt("interfaces", () => choosePorts(interfaces, links, addresses)) ??
    interfaces.flatMap((port) =>
      new Attempts().attempt(() => choosePorts([port], links, addresses)) ?? []
    );
  for (const port of ports) {
    const link = links.find(({ ifindex }) => ifindex === port.ifindex) as Link;
    if (link.carrier) findings.ok("interfaces", `${portName(port)}: up, MTU ${port.mtu}`);
    else {
      findings.warn(
        "interfaces",
        `${portName(port)} is up and has no carrier: is its cable, or its other end, there?`,
      );
    }
  }
  return ports;
}

/** Routing tables that nobody has written to yet. */
function checkTables(
  settings: Settings,
  routes: RouteMonitor,
  sourceOf: readonly number[],
  findings: Findings,
): void {
  for (const [i, { name, table }] of settings.vrs.entries()) {
    if (table === null) continue;
    const count = routes.snapshot(sourceOf[i]).filter(({ kind }) =>
      kind === EventKind.route
    ).length;
    if (count > 0) findings.ok("routes", `${name} follows table ${table}: ${count} routes`);
    else {
      findings.warn(
        "routes",
        `${name} follows the routing table ${table}, which has no routes: it reaches nothing ` +
          `until there are some (ip route add … table ${table})`,
      );
    }
  }
}

/** Tries the ingress table, still empty of rules, and takes it away again. */
function checkIngress(
  plan: IngressPlan,
  core: Core,
  forwards: boolean,
  findings: Findings,
  { permitted, isRunning }: Known,
): void {
  if (!permitted) return; // told already
  const before = findings.all.length;
  const warnings: string[] = [];
  const table = findings.attempt(
    "ingress",
    () => openTable(core.netlink, plan, forwards, warnings),
  );
  table?.close();
  for (const warning of warnings) findings.warn("ingress", warning);
  if (findings.all.length === before) {
    findings.ok("ingress", "nftables keeps served frames from the kernel");
  } else if (isRunning && table === undefined) {
    const [failed] = findings.all.splice(before);
    findings.warn("ingress", failed!.text);
  }
}
