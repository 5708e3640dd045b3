/** The gateway: one run of lvrm. */
export { formatAdapters, listAdapters } from "./adapter_list.ts";
export type { AdapterRow } from "./adapter_list.ts";
export { checkHost } from "./check.ts";
export { exitCodeOf, formatFindings } from "./findings.ts";
export type { Finding } from "./findings.ts";
export { runGateway, type RunResult } from "./run.ts";
export { requireComplete } from "./virtual.ts";
