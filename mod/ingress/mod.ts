/**
 * The nftables `netdev` table that keeps served frames from the kernel.
 *
 * ```ts
 * const table = new IngressTable(calls, { pid: Deno.pid }); // calls: NetlinkCalls of ffi/core.ts
 * const clashes = conflicts(plan, table.foreignTables()); // string[]: one line per clash
 * const missing = table.apply({ ports, served, local }); // IngressPlan; atomic; opens the table
 *                                        // the first time; throws an Error with cause and cure.
 *                                        // missing: interfaces that do not exist (no chain)
 * table.apply(…)                         // again after any change of VRs, ports, local
 *                                        // addresses or links (rebinds re-created devices); free
 *                                        // where nothing changed
 * table.drops();                         // IngressDrops[]
 * table.bypassedChains();                // BypassedChain[] for the warning at start
 * table.close();                         // the table vanishes, also when the process dies
 * ```
 */
export { conflicts } from "./inspect.ts";
export { type Claim, wantedRanges } from "./intervals.ts";
export { IngressTable, type IngressTableOptions } from "./table.ts";
export * from "./types.ts";
