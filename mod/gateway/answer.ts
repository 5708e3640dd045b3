/** What VRIs ask of lvrm. */
import { EventKind } from "../../ffi/abi.gen.ts";
import type { ReceivedEvent } from "../../ffi/core.ts";
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
