/**
 * Netlink: message codec (pure) and a request/reply socket over injected system calls.
 *
 * - `NetlinkCalls`: what `ffi/core.ts` implements with `lvrm_netlink_*`.
 * - `NetlinkSocket`: `request`, `dump`, `poll` (multicast), all synchronous.
 * - `Prefix`, `parsePrefix`, `formatPrefix`, … : addresses as bytes.
 */
export * from "./address.ts";
export * from "./calls.ts";
