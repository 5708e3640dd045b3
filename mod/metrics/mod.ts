/** Counters with names put to them. */
export { buildStatus } from "./status.ts";
export type {
  InterfaceStatus,
  Names,
  Status,
  TotalStatus,
  VrCores,
  VriStatus,
  VrStatus,
} from "./status.ts";
