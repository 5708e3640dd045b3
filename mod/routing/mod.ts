/**
 * Mirror of the kernel's links, addresses, routes and neighbours, and the feed to VRIs.
 *
 * ```ts
 * const monitor = new RouteMonitor(calls, { sources }); // calls: NetlinkCalls of ffi/core.ts;
 *                                     // sources: tables of the kernel's or lists of routes
 * monitor.open();                     // dumps all; throws NetlinkError
 * monitor.setPorts(ports);            // RoutingPort[]; events for what changed go to listeners
 * for (const e of monitor.snapshot(source)) core.eventSend(vri, e.kind, e.payload);
 *                                     // the last is `synchronised`
 * monitor.onEvents((events, source) => …); // send each to every attached VRI of it, in order
 * monitor.onLocalChange(() => …);     // localPrefixes() changed: new plan, ingress.apply
 * monitor.onLinksChange(() => …);     // links() changed: ports, ingress.apply (rebinds chains)
 * monitor.poll();                     // whenever lvrm_wait says bit 4, and once per second
 * monitor.requestNeighbour(vr, query) // need_neighbour; false: over this VR's rate
 * monitor.renewNeighbour(vr, query)   // renew_neighbour; once per 4.5 s and neighbour
 *                                     // (query: decodeNeighbourQuery(payload), null if malformed)
 * monitor.localPrefixes() / links() / addresses() / forwarding() / close()
 * ```
 * A resynchronisation inside (ENOBUFS) yields the differences only: VRIs need no `flush`.
 */
export * from "./types.ts";
export { decodeNeighbourQuery } from "./encode.ts";
export type { RoutingSource } from "./virtual.ts";
export { mainTable, RouteMonitor, type RouteMonitorOptions } from "./monitor.ts";
