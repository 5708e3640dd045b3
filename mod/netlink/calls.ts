/**
 * The five system calls that netlink needs, as `ffi/core.ts` gives them (`lvrm_netlink_*`), and
 * the error that a refused request becomes.
 */

/** Thin netlink system calls; each result is 0, a count or a descriptor, or -errno. */
export interface NetlinkCalls {
  /** Opens a non-blocking socket of `protocol`, member of the groups in the bitmap. */
  open(protocol: number, groups: number, receiveBufferBytes: number): number;
  /** Joins one more multicast group. */
  join(socket: number, group: number): number;
  /** Sends one datagram. */
  send(socket: number, message: Uint8Array<ArrayBuffer>): number;
  /** Receives one datagram; -EAGAIN: none, -ENOBUFS: messages were lost. */
  receive(socket: number, buffer: Uint8Array<ArrayBuffer>): number;
  /** Closes the socket. */
  close(socket: number): number;
}

/** Linux errno values that callers tell apart. */
export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EAGAIN: 11,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  ENETDOWN: 100,
  ENOBUFS: 105,
} as const;

const errnoTexts: Record<number, string> = {
  1: "operation not permitted",
  2: "no such object",
  3: "no such process or object",
  11: "no answer",
  13: "permission denied",
  16: "device or resource busy",
  17: "exists already",
  19: "no such device",
  22: "invalid argument",
  28: "no space left",
  34: "out of range",
  90: "message too long",
  93: "protocol not supported",
  95: "operation not supported",
  97: "address family not supported",
  100: "network is down",
  101: "network unreachable",
  105: "no buffer space",
  113: "no route to host",
};

/** A netlink request that the kernel refused, or a socket that failed. */
export class NetlinkError extends Error {
  /** Positive errno. */
  readonly errno: number;
  /** The kernel's own words (extended acknowledgement), if it gave any. */
  readonly reason: string;

  constructor(what: string, errno: number, reason = "") {
    const text = errnoTexts[errno] ?? `errno ${errno}`;
    super(`${what}: ${text}${reason === "" ? "" : ` (${reason})`}`);
    this.name = "NetlinkError";
    this.errno = errno;
    this.reason = reason;
  }
}
