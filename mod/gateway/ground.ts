/** What a run stands on, as both a start and `lvrm check` look at it. */
import { join } from "node:path";
import { Core } from "../../ffi/core.ts";
import { Attempts, Failure } from "../config/mod.ts";
import type { Settings, VrSettings } from "../config/mod.ts";
import { virtualSource } from "../config/source.ts";
import type { IngressPlan } from "../ingress/mod.ts";
import type { Prefix } from "../netlink/mod.ts";
import { RouteMonitor } from "../routing/mod.ts";
import type { CoreNeed } from "../vr_monitor/mod.ts";
import { choosePorts } from "./ports.ts";
import type { Port } from "./ports.ts";
import { requireRoutePorts, routeSources } from "./route_sources.ts";
import { lookAt } from "./virtual.ts";

/** The ingress table's plan before any VR has asked for anything. */
export function startPlan(
  ports: readonly Pick<Port, "name" | "vlan">[],
  served: readonly Prefix[],
  local: readonly Prefix[],
): IngressPlan {
  return {
    ports: ports.map(({ name, vlan }) => ({ interface: name, vlan, promiscuous: [] })),
    served,
    local,
  };
}

/** Cores that VRs shall have at least: with `fixed` as many as VRIs. */
export function coreNeeds(vrs: readonly VrSettings[]): CoreNeed[] {
  return vrs.map(({ name, allocator, vris, maxCores, cores }, i) => {
    const least = allocator !== "fixed" ? "min_cores" : cores === null ? "vris" : "cores";
    const at = (key: string) => ["vrs", i, key];
    const places = { least: at(least), most: at("max_cores"), cores: at("cores") };
    return { name, minCores: vris, maxCores, cores, places };
  });
}

/** Throws Failure for static routes by ports that are neither served nor asked for. */
export function requireRoutes(
  { interfaces, vrs }: Settings,
  ports: readonly Port[] | undefined,
): void {
  // What is wrong with a port that was asked for is told by itself.
  const known = interfaces.length > 0 ? interfaces : ports;
  if (known !== undefined) requireRoutePorts(vrs, known);
}

/** The ports, and static routes by them. Throws Failure with all that is wrong about both. */
export function requirePorts(settings: Settings, routes: RouteMonitor): Port[] {
  const all = new Attempts();
  const ports = all.attempt(() =>
    choosePorts(settings.interfaces, routes.links(), routes.addresses())
  );
  all.attempt(() => requireRoutes(settings, ports));
  all.end();
  return ports!; // or it would have thrown
}

/**
 * What a start that has failed already would have failed for later: ports, and files that take
 * their place. Throws Failure; what else goes wrong here is no matter.
 */
export function lookFurther(settings: Settings, runtime: string): void {
  try {
    const source = virtualSource(settings);
    if (source !== null) lookAt(source, settings);
    else if (settings.interfaces.length > 0) {
      lookAtPorts(settings, Core.load(join(runtime, "lib", "liblvrm.so")));
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
  }
}

function lookAtPorts(settings: Settings, core: Core): void {
  const { sources } = routeSources(settings.vrs);
  const routes = new RouteMonitor(core.netlink, { sources });
  try {
    routes.open();
    requirePorts(settings, routes);
  } finally {
    routes.close();
    core.close();
  }
}
