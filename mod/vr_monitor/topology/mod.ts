/** Where the cores of this machine lie, and which of them lvrm may use. */
export { toList } from "./cpu_set.ts";
export { usableTopology } from "./usable.ts";
export type { UsableTopology } from "./usable.ts";
