/** The testbed of the end-to-end tests, the benchmark and the demo. */
export * from "./addresses.ts";
export type * from "./agent.ts";
export { Host, hostInterface } from "./host.ts";
export * from "./leftovers.ts";
export { Lvrm, lvrmCommand, type LvrmOptions } from "./lvrm.ts";
export { eventually, type Finished, must, run, Running, within } from "./process.ts";
export * from "./status.ts";
export { Testbed, type TestbedOptions } from "./testbed.ts";
export * from "./frames.ts";
export * from "./programs.ts";
export { Watch } from "./watch.ts";
