/** Names of variants that users may choose from, but for those of the library's manifest. */
import * as allocatorRegistry from "../vr_monitor/allocators/registry.ts";
import * as placementRegistry from "../vr_monitor/placements/registry.ts";

export type AllocatorName = keyof typeof allocatorRegistry;
export type PlacementName = keyof typeof placementRegistry;

/** A registry's names, this one first. */
function namesOf<T extends string>(registry: Readonly<Record<T, unknown>>, first: T): readonly T[] {
  return [first, ...(Object.keys(registry) as T[]).filter((name) => name !== first)];
}

/** Core allocators, the default first. */
export const allocators: readonly AllocatorName[] = namesOf(allocatorRegistry, "dynamic");

/** Placements of VRIs on cores, the default first. */
export const placements: readonly PlacementName[] = namesOf(placementRegistry, "sibling");

export const logFormats = ["text", "json"] as const;
export const logLevels = ["debug", "info", "warning", "error"] as const;
export type LogFormat = typeof logFormats[number];
export type LogLevel = typeof logLevels[number];

/** `clickvr:FILE`: a router that is a configuration in the Click language. */
export const clickPrefix = "clickvr:";
