/** What allocators and placements see and say. All of them are pure functions. */

/** Load of one running VRI over the last period. */
export interface VriLoad {
  readonly id: string;
  /** In its incoming data queue, at the period's end. */
  readonly queue_frames: number;
  /** Frames per busy second: what its core can do. NaN until it was busy for a while. */
  readonly service_rate_fps: number;
  /** Share of the time that it spent with frames, 0 to 1. */
  readonly busy_fraction: number;
  /** Frames that it sent or dropped by its own decision. */
  readonly departure_rate_fps: number;
}

/** Load of one VR. */
export interface VrLoad {
  /** Moving average over some 20 ms: what arrives now. */
  readonly arrival_rate_fps: number;
  readonly arrival_rate_Bps: number;
  /** Mean over the last period. */
  readonly mean_arrival_rate_fps: number;
  /** Frames that its VRIs were done with: sent, or dropped by a router's decision. */
  readonly departure_rate_fps: number;
  /** Frames dropped since the VRIs did not keep up: full queues, full arena. */
  readonly queue_full_drops_fps: number;
  /** Running VRIs only. */
  readonly vris: readonly VriLoad[];
}

/** How many cores one VR may have, and by what rule. */
export interface VrPolicy {
  readonly name: string;
  /** Name of an allocator. */
  readonly allocator: string;
  /** `fixed`: so many. */
  readonly vris: number;
  /** `dynamic`: frames per second that one core is good for. */
  readonly coreRate_fps: number;
  /** `dynamic`: times what its cores are good for, above which it takes one more: 1.05. */
  readonly growAt: number;
  /** `dynamic`: times what one core less is good for, below which it gives one up: 1.02. */
  readonly shrinkAt: number;
  /** `service_rate`: share of their time that cores may be busy after one was taken away. */
  readonly utilisation: number;
  readonly minCores: number;
  /** Null: as many as there are. */
  readonly maxCores: number | null;
  /** Of its share when all want more than there is; > 0. */
  readonly weight: number;
  /** After a change of its own wish, before the next one. 0: one change per period. */
  readonly coolDown_ms: number;
}

/** What an allocator keeps between two periods; `null` before the first. Never changed in place. */
export type Memory = Readonly<Record<string, number>> | null;

/** What an allocator goes by. */
export interface AllocatorView {
  readonly policy: VrPolicy;
  readonly load: VrLoad;
  /** Cores that the VR has now; at least 1. */
  readonly cores_now: number;
  readonly now_ms: number;
  readonly memory: Memory;
}

/** What an allocator says. Bounds, cool-down and shares are applied after it. */
export interface Wish {
  /** Cores that the VR should have. */
  readonly wanted: number;
  /** Short machine name of what decided. */
  readonly rule: string;
  /** One sentence. */
  readonly reason: string;
  /** Numbers that decided. */
  readonly inputs: Readonly<Record<string, number>>;
  readonly memory: Memory;
}

/** Cores for one VR, from its load. Pure. */
export type Allocator = (view: AllocatorView) => Wish;

/** One change of one VR's cores, explained. */
export interface DecisionRecord {
  /** ISO time. */
  readonly at: string;
  readonly uptime_ms: number;
  readonly vr: string;
  readonly before: number;
  readonly after: number;
  /** Cores that it would have, were there enough. */
  readonly wanted: number;
  /** Short machine name: the allocator's own, or `share`, `minimum`, `maximum`, `broken`. */
  readonly rule: string;
  /** One sentence. */
  readonly reason: string;
  readonly inputs: Readonly<Record<string, number>>;
  /** From the decision to the first frame served; null until that is known. */
  readonly took_us: number | null;
  /** Decided, not acted upon. */
  readonly dry_run: boolean;
}

export type { Choice, Core, Placement, PlacementView } from "./placements/types.ts";
