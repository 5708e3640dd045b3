/** What a run is asked to do, parsed and checked. */
export { parseCpuList } from "./cores.ts";
export { Attempts, ExitCode, Failure, partsOf, placed } from "./failure.ts";
export type { Place } from "./failure.ts";
export { meant } from "./near.ts";
export { allocators, clickPrefix, placements } from "./names.ts";
export type { AllocatorName, LogFormat, LogLevel, PlacementName } from "./names.ts";
export { loadConfig } from "./file/load.ts";
export type { Origin } from "./origin.ts";
export { originOf } from "./origin.ts";
export { jsonSchema } from "./file/schema.ts";
export { writeConfig } from "./file/write.ts";
export { valueOf } from "./options.ts";
export type { RunOptions } from "./options.ts";
export { decideSettings, defaultSocket, runDefaults, socketPath, vrDefaults } from "./settings.ts";
export type * from "./types.ts";
