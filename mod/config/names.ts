/** Names of variants that users may choose from, but for those of the library's manifest. */

import * as registry from "../vr_monitor/allocators/registry.ts";

export type AllocatorName = keyof typeof registry;
const defaultAllocator: AllocatorName = "dynamic";

/** Core allocators, the default first. */
export const allocators: readonly AllocatorName[] = [
  defaultAllocator,
  ...(Object.keys(registry) as AllocatorName[]).filter((name) => name !== defaultAllocator),
];

/** Placements of VRIs on cores, the default first. */
export const placements = ["sibling", "non_sibling", "default", "same"] as const;
export type PlacementName = typeof placements[number];

export const logFormats = ["text", "json"] as const;
export const logLevels = ["debug", "info", "warning", "error"] as const;
export type LogFormat = typeof logFormats[number];
export type LogLevel = typeof logLevels[number];
