/** The gateway: one run of lvrm. */
export { runGateway, type RunResult } from "./run.ts";
export { requireComplete } from "./virtual.ts";
