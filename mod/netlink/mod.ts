/**
 * Netlink: message codec (pure) and a request/reply socket over injected system calls.
 *
 * - `NetlinkCalls`: what `ffi/core.ts` implements with `lvrm_netlink_*`.
 * - `NetlinkSocket`: `request`, `exchange`, `dump`, `poll` (multicast), all synchronous; failures
 *   are `NetlinkError` with `errno` and the kernel's own words.
 * - `Prefix`, `parsePrefix`, `formatPrefix`, … : addresses as bytes.
 * - `decodeEvent`, `decodeRoute`, … : rtnetlink messages as plain objects.
 */
export * from "./address.ts";
export * from "./calls.ts";
export * from "./message.ts";
export * from "./rtnetlink.ts";
export * from "./rtnetlink_constants.ts";
export * from "./socket.ts";
