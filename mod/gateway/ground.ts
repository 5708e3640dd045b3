/** What a run stands on, as both a start and `lvrm check` look at it. */
import { manifest } from "../../ffi/abi.gen.ts";
import type { Core } from "../../ffi/core.ts";
import { ExitCode, Failure } from "../config/mod.ts";
import type { Settings, VrSettings } from "../config/mod.ts";
import { virtualAdapters } from "../config/source.ts";
import type { IngressPlan } from "../ingress/mod.ts";
import type { Prefix } from "../netlink/mod.ts";
import type { CoreNeed } from "../vr_monitor/mod.ts";
import type { Port } from "./ports.ts";

/** The adapter asked for, or the best that works here. Throws Failure (host). */
export function chooseAdapter(
  settings: Pick<Settings, "adapter">,
  core: Pick<Core, "adapterUnavailable">,
): number {
  const onInterfaces = [...manifest.adapters.keys()].filter((i) =>
    !virtualAdapters.includes(manifest.adapters[i]!)
  );
  const candidates = typeof settings.adapter === "number" ? [settings.adapter] : onInterfaces;
  const reasons: string[] = [];
  for (const adapter of candidates) {
    const reason = core.adapterUnavailable(adapter);
    if (reason === null) return adapter;
    if (settings.adapter !== null) throw new Failure(ExitCode.host, reason);
    reasons.push(reason);
  }
  throw new Failure(ExitCode.host, `no socket adapter works here: ${reasons.join("; ")}`);
}

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
  return vrs.map(({ name, vris, maxCores, cores }) => ({ name, minCores: vris, maxCores, cores }));
}
