/** What a run is asked to do, parsed and checked. */
export { parseCpuList } from "./cores.ts";
export { ExitCode, Failure } from "./failure.ts";
export { decideSettings, defaultSocket, socketPath } from "./settings.ts";
export type { Environment, LogFormat, LogLevel, RunOptions, Settings } from "./settings.ts";
export type { InterfaceSettings, VrSettings } from "./vr.ts";
