/** What VRIs ask of lvrm, and answer. */
import { EventKind } from "../../ffi/abi.gen.ts";
import type { Core, ReceivedEvent } from "../../ffi/core.ts";
import type { Handlers } from "../handlers/mod.ts";
import { decodeNeighbourQuery } from "../routing/mod.ts";
import type { RoutingSource } from "../routing/mod.ts";

/** Takes up what a VRI of `vr` (null: it has ended) asked for; what is malformed is ignored. */
export function answerVri(
  routes: Pick<RoutingSource, "renewNeighbour" | "requestNeighbour">,
  vr: number | null,
  event: ReceivedEvent,
): void {
  const query = decodeNeighbourQuery(event.payload);
  if (vr === null || query === null) return;
  if (event.kind === EventKind.need_neighbour) routes.requestNeighbour(vr, query);
  if (event.kind === EventKind.renew_neighbour) routes.renewNeighbour(vr, query);
}

/** Where what VRIs say goes. */
export interface Listeners {
  readonly core: Core;
  readonly routes: Pick<RoutingSource, "renewNeighbour" | "requestNeighbour">;
  readonly handlers: Handlers;
  readonly vrOf: (vri: number) => number | null;
}

/** Takes the events that are there. */
export function answerVris({ core, routes, handlers, vrOf }: Listeners): void {
  // Bounded, so that VRIs that talk without end cannot keep the loop from all else.
  for (let i = 0; i < 4096; i++) {
    const event = core.eventReceive();
    if (event === null) return;
    if (event.kind === EventKind.handler_reply) handlers.receive(event.vri, event.payload);
    else answerVri(routes, vrOf(event.vri), event);
  }
  core.wake();
}
