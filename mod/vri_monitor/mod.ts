/** The VRI monitor: makes processes of what the VR monitor decided, and keeps them alive. */
export { VriMonitor } from "./monitor.ts";
export type { Surroundings } from "./monitor.ts";
export type { Target } from "./staff.ts";
export type { VrProgram } from "./launches.ts";
export { Outbox } from "./outbox.ts";
export { encodePlan, hasPort, noPorts, portSet, SentPlan, unite } from "./plan.ts";
export type { Plan, PlanChange, PlanPort, PlanVr, PlanVri } from "./plan.ts";
export type { PortSet, ServedPrefix } from "./plan.ts";
export type { VriView } from "./position.ts";
export { spawnVri } from "./process.ts";
export type { VriCommand, VriProcess } from "./process.ts";
export { bundledRouters, isBundled, resolveRouter } from "./router.ts";
export type { RouterProgram } from "./router.ts";
export type { Seating, Users } from "./seating.ts";
export { begin, lifeTimes, step } from "./state.ts";
export type { Effect, Event, State } from "./state.ts";
export type { VrWants } from "./wants.ts";
