/** A run, fully decided but for what only the host can tell. */
import type { Idle } from "../../ffi/core.ts";
import type { Prefix } from "../netlink/mod.ts";
import type { VirtualSource } from "./source.ts";
import type { AllocatorName, LogFormat, LogLevel, PlacementName } from "./names.ts";

/** One port as asked for. `vlan` null: untagged frames. */
export interface InterfaceSettings {
  readonly name: string;
  readonly vlan: number | null;
}

/** A route of a VR's own, instead of the kernel's. */
export interface StaticRoute {
  readonly prefix: Prefix;
  readonly port: InterfaceSettings;
  /** Null: the destination is on the link. */
  readonly gateway: Uint8Array | null;
}

/** Which VR it is, whom it serves and what runs in it. */
export interface VrIdentity {
  /** `vr1`, `vr2`, … in order, unless the configuration file names it. */
  readonly name: string;
  readonly subnets: readonly Prefix[];
  /** As written. */
  readonly router: string;
  /** Program and its words; at least one. */
  readonly words: readonly string[];
  /** The kernel's routing table that it follows; null: the main one. */
  readonly table: number | null;
  /** With any of these it doesn't follow the kernel's routes. */
  readonly routes: readonly StaticRoute[];
}

/** What can differ between VRs, and what a flag gives to all of them. */
export interface VrValues {
  /** Index into the manifest's queues. */
  readonly queue: number;
  /** Descriptors that a data queue of one VRI holds: a power of two. */
  readonly queueFrames: number;
  /** Bytes of its control queues: a power of two. */
  readonly control_bytes: number;
  /** Index into the manifest's balancers. */
  readonly balancer: number;
  /** Frames are balanced one by one, instead of by flow. */
  readonly byFrame: boolean;
  /** Index into the manifest's load estimators. */
  readonly loadEstimator: number;
  /** Of a new observation, in 1/256: 1 to 256. */
  readonly loadWeight: number;
  readonly allocator: AllocatorName;
  /** With `fixed`: VRIs. Else those that it starts with, `minCores`. */
  readonly vris: number;
  /** With `fixed`: the very cores of its VRIs, in order. Null: the placement chooses. */
  readonly cores: readonly number[] | null;
  /** `dynamic`: what one core is good for. */
  readonly coreRate_fps: number;
  /** `dynamic`: one core more above `coreRate_fps` × cores × this. */
  readonly growAt: number;
  /** `dynamic`: one core less below `coreRate_fps` × (cores − 1) × this; less than `growAt`. */
  readonly shrinkAt: number;
  /** `service_rate`: how busy cores are meant to be, above 0, at most 1. */
  readonly utilisation: number;
  readonly minCores: number;
  /** Null: as many as there are. */
  readonly maxCores: number | null;
  /** Share of the cores when all want more than there are; above 0. */
  readonly weight: number;
  /** Between two changes of its cores, at least. */
  readonly coolDown_ms: number;
  /** Ready processes that wait beside its VRIs, at most; 0: a new VRI is a new process. */
  readonly standbys: number;
  /** Places of the flow table: a power of two. */
  readonly flows: number;
  /** How long a flow must be silent before it may change its VRI. */
  readonly flowIdle_ms: number;
}

/** One virtual router. */
export interface VrSettings extends VrIdentity, VrValues {}

/** What holds for the whole run. */
export interface RunValues {
  /** Index into the manifest's adapters; null: the best that works here. Or no interfaces. */
  readonly adapter: number | null | VirtualSource;
  /** With the adapter `memory`: frames of the trace lie in the arenas. */
  readonly zeroCopy: boolean;
  /** Threads that move frames. */
  readonly dispatchers: number;
  /** Never sleep, neither lvrm nor VRIs. */
  readonly busyPoll: boolean;
  /** What goes before the placement's choice. */
  readonly idle: Partial<Idle>;
  /** Null: those that this process inherited. */
  readonly cores: readonly number[] | null;
  readonly placement: PlacementName;
  /** Between two decisions about cores. */
  readonly period_ms: number;
  /** Decide about cores, say so, and leave all as it is. */
  readonly dryRun: boolean;
  /** More VRIs than there are cores for them. */
  readonly overcommit: boolean;
  readonly socket: string;
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
}

export interface Settings extends RunValues {
  readonly vrs: readonly VrSettings[];
  /** Empty: every Ethernet interface that is up and has an address. */
  readonly interfaces: readonly InterfaceSettings[];
}

/** Reads a variable of the environment. */
export type Environment = (name: string) => string | undefined;
