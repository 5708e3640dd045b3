/** VRIs of known speed: the dummy load that 2b to 3b run with. */
import type { Core as CpuCore } from "../vr_monitor/mod.ts";
import { usableTopology } from "../vr_monitor/mod.ts";
import { manifest } from "../../ffi/abi.gen.ts";
import { benchRouters, relays, routerCommand } from "./routers.ts";
import { Stage, type StageOptions, usualPlacement } from "./stage.ts";
import type { BenchContext } from "./types.ts";
import { inPort, outPort, portName } from "./stage_routes.ts";

/** Frames per second that a VRI with the paper's dummy load serves. */
export const coreRate_fps = 60_000;
/** What is offered where nothing else is said: what six such VRIs serve. */
export const offered_fps = 360_000;
/** VRIs that the paper's experiments want at once. */
export const vris = 6;

/** Cores that lvrm may use, the dispatcher's first. */
export function benchCores(): readonly CpuCore[] {
  const { dispatcher, cores } = usableTopology(null);
  return [dispatcher, ...cores.filter(({ core }) => core !== dispatcher.core)];
}

/** Whether six VRIs can't have a core each: they then sleep their service time away. Pure. */
export function mustPace(cores: readonly Pick<CpuCore, "smt">[]): boolean {
  return new Set(cores.map(({ smt }) => smt)).size < vris + 1;
}

/** Words of a VRI with a dummy load; `rate_fps` null: without one. */
export function vriArgs(
  router: string,
  runtime: string,
  vr: number,
  rate_fps: number | null,
  paced: boolean,
): string[] {
  const { args } = routerCommand(router, runtime, [portName(inPort(vr)), portName(outPort)]);
  const service = rate_fps === null ? [] : ["--service-rate", String(rate_fps)];
  return [...args, ...service, ...(paced && rate_fps !== null ? ["--pace"] : [])];
}

/** What differs between the stages of these experiments. */
export interface StageSpec {
  readonly router: string;
  /** Service rate of each VRI of each VR; null: no dummy load. */
  readonly rates_fps: readonly (readonly (number | null)[])[];
  readonly byFrame: boolean;
  readonly balancer?: number;
  readonly placement?: StageOptions["placement"];
  readonly paced: boolean;
}

/** Builds a stage of this experiment's VRIs. */
export function startStage(context: BenchContext, spec: StageSpec): Promise<Stage> {
  const { router, rates_fps, byFrame, balancer = 0, paced } = spec;
  const queue = context.queue ?? manifest.queues[0];
  return Stage.start(context.core, {
    executable: routerCommand(router, context.runtime).executable,
    vrs: rates_fps.map((rates, vr) =>
      rates.map((rate) => vriArgs(router, context.runtime, vr, rate, paced))
    ),
    queue: manifest.queues.findIndex((name) => name === queue),
    balancer,
    byFrame,
    cores: benchCores(),
    placement: spec.placement ?? usualPlacement,
  }, context.runtime);
}

/** The paper's minimal forwarders, balanced by frame, and full routing, balanced by flow. */
export interface Kind {
  readonly router: string;
  readonly byFrame: boolean;
}

/** What is run: the paper's first, then the further one; `--router` chooses. */
export function kinds(context: BenchContext): Kind[] {
  const all = benchRouters.map((router) => ({ router, byFrame: relays(router) }));
  if (context.router !== null) return all.filter(({ router }) => router === context.router);
  return context.quick ? all.slice(0, 1) : all;
}

/** `1 VRI`, `2 VRIs`. */
export const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? "" : "s"}`;

/** `reached` or `missed`, for a line about a target. Timing never fails a run. */
export const verdict = (reached: boolean): string => reached ? "reached" : "missed";
export const balancedBy = (byFrame: boolean): string => byFrame ? "frame" : "flow";
export const kfps = (fps: number): string => `${Math.round(fps / 1000)} Kfps`;
export const pacedWord = (paced: boolean): string => paced ? "paced" : "a core for each VRI";
