/** Where the cores of this machine lie, which of them lvrm may use, and what becomes of that. */
export { toList } from "./cpu_set.ts";
export { explainCores } from "./explain.ts";
export type { PlacedVri } from "./explain.ts";
export { requireCores } from "./need.ts";
export type { CoreNeed } from "./need.ts";
export { replan } from "./replan.ts";
export type { Move, Replan, Runner } from "./replan.ts";
export { usableTopology } from "./usable.ts";
export type { UsableTopology } from "./usable.ts";
export { CoreWatch } from "./watch.ts";
export type { CoreChange, GoneCore, Pinned } from "./watch.ts";
