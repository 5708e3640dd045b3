/**
 * The VR monitor: how many VRIs each VR gets and on which core each runs. Pure; the VRI monitor
 * makes it so.
 */
import type { Idle } from "../../ffi/core.ts";
import { idle } from "../config/sizes.ts";
import * as placementRegistry from "./placements/registry.ts";
import type { Core, Placement, VrDemand } from "./types.ts";

export { allocators } from "./allocate.ts";
export { LoadMeter, readSample } from "./load.ts";
export type { LoadSample, VriRow } from "./load.ts";
export { VrMonitor } from "./monitor.ts";
export type { Period, VrMonitorOptions, VrMonitorState } from "./monitor.ts";
export type {
  Allocator,
  Core,
  DecisionRecord,
  Placement,
  VrDemand,
  VriLoad,
  VrLoad,
  VrPolicy,
} from "./types.ts";

/** Every placement; the types are checked here. */
export const placements: { readonly sibling: Placement } = placementRegistry;

/** One VRI's place. */
export interface Place {
  /** Index of its VR. */
  readonly vr: number;
  /** Index within its VR. */
  readonly index: number;
  readonly core: number;
  readonly idle: Idle;
}

/** Who runs where. */
export interface Decision {
  readonly dispatcher: { readonly core: number; readonly idle: Idle };
  readonly vris: readonly Place[];
}

/**
 * Decides VRIs and cores. `cores` are those that lvrm may use, the dispatcher's first; at least
 * one. Who shares a core spins only briefly there, unless `asked` says how long.
 */
export function decide(
  demands: readonly VrDemand[],
  cores: readonly Core[],
  asked: Partial<Idle> = {},
): Decision {
  const [dispatcher, ...others] = cores;
  if (dispatcher === undefined) throw new RangeError("there is no core to decide about");
  const counts = demands.map((demand) => demand.wanted);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const placed = placements.sibling(dispatcher, others, total);
  const users = new Map<number, number>([[dispatcher.core, 1]]);
  for (const core of placed) users.set(core, (users.get(core) ?? 0) + 1);
  const idleOn = (core: number): Idle => ({
    ...(users.get(core) === 1 ? idle.own : idle.shared),
    ...asked,
  });
  // First VRIs of all VRs come first, so that each VR gets a core before any gets its second.
  const seats = counts.flatMap((count, vr) =>
    Array.from({ length: count }, (_, index) => ({ vr, index }))
  );
  seats.sort((a, b) => a.index - b.index || a.vr - b.vr);
  const vris = seats.map((seat, i) => ({ ...seat, core: placed[i]!, idle: idleOn(placed[i]!) }));
  return { dispatcher: { core: dispatcher.core, idle: idleOn(dispatcher.core) }, vris };
}
