/** The control socket: claim, server, client. */
export { askHandler, fetchStatus } from "./client.ts";
export { serveControl } from "./server.ts";
export type { ControlServer, Served } from "./server.ts";
export { claimSocket } from "./socket.ts";
export type { SocketClaim } from "./socket.ts";
