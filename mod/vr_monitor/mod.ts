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
  Choice,
  Core,
  DecisionRecord,
  Placement,
  PlacementView,
  VrDemand,
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

/** One VRI's place. */
export interface Place {
  /** Index of its VR. */
  readonly vr: number;
  /** Index within its VR. */
  readonly index: number;
  /** Null: the kernel places it. */
  readonly core: number | null;
  /** Why there, in words. */
  readonly why: string;
  readonly idle: Idle;
}

/** Who runs where. */
export interface Decision {
  readonly dispatcher: { readonly core: number; readonly idle: Idle };
  readonly vris: readonly Place[];
  /** CPU numbers that lvrm may use: where the kernel may place what isn't pinned. */
  readonly cores: readonly number[];
}

/**
 * Decides VRIs and cores. `cores` are those that lvrm may use, the dispatcher's first; at least
 * one. Who shares a core spins only briefly there, unless `asked` says how long.
 */
export function decide(
  demands: readonly VrDemand[],
  cores: readonly Core[],
  asked: Partial<Idle> = {},
  placement: Placement = placements.sibling,
): Decision {
  const dispatcher = cores[0];
  if (dispatcher === undefined) throw new RangeError("there is no core to decide about");
  const counts = demands.map((demand) => demand.wanted);
  // First VRIs of all VRs come first, so that each VR gets a core before any gets its second.
  const seats = counts.flatMap((count, vr) =>
    Array.from({ length: count }, (_, index) => ({ vr, index }))
  );
  seats.sort((a, b) => a.index - b.index || a.vr - b.vr);
  const users = new Map<number, number>([[dispatcher.core, 1]]);
  const placed = seats.map((seat) => {
    const choice = placement({ dispatcher, cores, users });
    if (choice.core !== null) users.set(choice.core, (users.get(choice.core) ?? 0) + 1);
    return { ...seat, ...choice };
  });
  // The kernel spreads what it places over free cores, as long as there are any.
  const crowded = placed.some((vri) => vri.core === null) && placed.length >= cores.length;
  const idleOn = (core: number | null): Idle => {
    const alone = !crowded && (core === null || users.get(core) === 1);
    return { ...(alone ? idle.own : idle.shared), ...asked };
  };
  const vris = placed.map((vri) => ({ ...vri, idle: idleOn(vri.core) }));
  return {
    dispatcher: { core: dispatcher.core, idle: idleOn(dispatcher.core) },
    vris,
    cores: cores.map(({ core }) => core),
  };
}
