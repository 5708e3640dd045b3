/**
 * The VR monitor: how many VRIs each VR gets and on which core each runs. Pure; the VRI monitor
 * makes it so.
 */
import * as placementRegistry from "./placements/registry.ts";
import type { Placement } from "./types.ts";

export { allocators } from "./allocate.ts";
export { LoadMeter, readSample } from "./load.ts";
export type { LoadSample, VriRow } from "./load.ts";
export { VrMonitor } from "./monitor.ts";
export { changeOf, outcomeOf } from "./words.ts";
export type { Period, VrMonitorOptions, VrMonitorState } from "./monitor.ts";
export type {
  Allocator,
  Choice,
  Core,
  DecisionRecord,
  Placement,
  PlacementView,
  VriLoad,
  VrLoad,
  VrPolicy,
} from "./types.ts";
export {
  CoreWatch,
  explainCores,
  replan,
  requireCores,
  toList,
  usableTopology,
} from "./topology/mod.ts";
export type {
  CoreChange,
  CoreNeed,
  GoneCore,
  Move,
  Pinned,
  PlacedVri,
  Replan,
  Runner,
  UsableTopology,
} from "./topology/mod.ts";

/** Every placement; the types are checked here. */
export const placements: Readonly<Record<PlacementName, Placement>> = placementRegistry;

/** Name of a placement. */
export type PlacementName = keyof typeof placementRegistry;
