/** What a run stands on, as both a start and `lvrm check` look at it. */
import type { VrSettings } from "../config/mod.ts";
import type { IngressPlan } from "../ingress/mod.ts";
import type { Prefix } from "../netlink/mod.ts";
import type { CoreNeed } from "../vr_monitor/mod.ts";
import type { Port } from "./ports.ts";

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
