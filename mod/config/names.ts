/** Names of variants that users may choose from, but for those of the library's manifest. */

/** Core allocators, the default first. */
export const allocators = ["dynamic", "fixed", "service_rate"] as const;
export type AllocatorName = typeof allocators[number];

/** Placements of VRIs on cores, the default first. */
export const placements = ["sibling", "non_sibling", "default", "same"] as const;
export type PlacementName = typeof placements[number];

export const logFormats = ["text", "json"] as const;
export const logLevels = ["debug", "info", "warning", "error"] as const;
export type LogFormat = typeof logFormats[number];
export type LogLevel = typeof logLevels[number];
