/** Virtual routers for lvrm in TypeScript, on Deno. `docs/writing-a-vr.md` is the guide. */
export { Drop, EventKind, layout, limits, RouteKind, Wants } from "./abi.gen.ts";
export { HandlerOperation, HandlerStatus } from "./abi.gen.ts";
export type * from "./events.ts";
export { Frame } from "./frame.ts";
export { serve, VirtualRouter, type VirtualRouterOptions } from "./virtual_router.ts";
