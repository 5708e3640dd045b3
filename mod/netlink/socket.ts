/**
 * A netlink socket: requests and dumps, answered before the call returns, and multicast messages.
 *
 * The kernel works on a request while it is sent and on a dump while it is received, so that a
 * non-blocking socket has every answer at once; a bounded number of retries covers the rest.
 */
import { Errno, type NetlinkCalls, NetlinkError } from "./calls.ts";
import { decodeError, decodeMessages, type Message, MessageWriter, Nlmsg } from "./message.ts";

const receiveBytes = 1 << 18;
const maxEmptyReceives = 200;
const maxDumpAttempts = 10;
const maxDatagramsPerPoll = 4096;

/** What a NetlinkSocket is opened with. */
export interface SocketOptions {
  /** Bitmap of multicast groups: group n is bit n-1. */
  readonly groups?: number;
  /** Kernel's receive buffer; 0 leaves the default. */
  readonly receiveBufferBytes?: number;
}

/** Multicast messages that came; `lost`: the kernel had to throw some away. */
export interface Notifications {
  readonly messages: Message[];
  readonly lost: boolean;
}

/** One netlink socket. All calls are synchronous; every failure is a NetlinkError. */
export class NetlinkSocket {
  readonly #calls: NetlinkCalls;
  readonly #buffer = new Uint8Array(receiveBytes);
  #socket: number;
  #sequence = 0;

  /** Opens a socket of `protocol` (0 route, 12 netfilter). */
  constructor(calls: NetlinkCalls, protocol: number, options: SocketOptions = {}) {
    this.#calls = calls;
    const { groups = 0, receiveBufferBytes = 0 } = options;
    this.#socket = calls.open(protocol, groups >>> 0, receiveBufferBytes);
    if (this.#socket < 0) throw new NetlinkError("Cannot open a netlink socket", -this.#socket);
  }

  /** The next sequence number, for messages that the caller writes itself. */
  nextSequence(): number {
    this.#sequence = (this.#sequence + 1) >>> 0 || 1;
    return this.#sequence;
  }

  /** One request with acknowledgement. Returns what the kernel replied besides it. */
  request(what: string, type: number, flags: number, payload: Uint8Array): Message[] {
    const sequence = this.nextSequence();
    const writer = new MessageWriter();
    writer.begin(type, Nlmsg.F_REQUEST | Nlmsg.F_ACK | flags, sequence).raw(payload).finish();
    return this.exchange(what, writer.datagram(), sequence, sequence);
  }

  /**
   * Sends a datagram whose messages have the sequence numbers `first`..`last`, the last of which
   * asks for an acknowledgement. Returns the replies; throws at the first error among them.
   */
  exchange(
    what: string,
    datagram: Uint8Array<ArrayBuffer>,
    first: number,
    last: number,
  ): Message[] {
    this.#send(what, datagram);
    const replies: Message[] = [];
    for (;;) {
      for (const message of this.#receive(what)) {
        if (message.sequence < first || message.sequence > last) continue;
        if (message.type !== Nlmsg.ERROR) {
          if (message.type !== Nlmsg.DONE) replies.push(message);
          continue;
        }
        const error = decodeError(message.payload, message.flags);
        if (error.errno !== 0) {
          this.#drain();
          throw new NetlinkError(what, error.errno, error.reason);
        }
        if (message.sequence === last) return replies;
      }
    }
  }

  /** All objects of one kind, as one consistent set where the kernel grants it. */
  dump(what: string, type: number, payload: Uint8Array): Message[] {
    for (let attempt = 1;; attempt++) {
      const result = this.#dumpOnce(what, type, payload);
      if (result.complete || attempt === maxDumpAttempts) return result.messages;
    }
  }

  /**
   * Multicast messages that have come since the last call. After a loss the socket is read to its
   * end: until it is empty the kernel goes on throwing messages away, and says so no second time.
   * What a dump shows before that may be followed by changes that nobody tells.
   */
  poll(): Notifications {
    const messages: Message[] = [];
    let lost = false;
    for (let i = 0; lost || i < maxDatagramsPerPoll; i++) {
      const bytes = this.#calls.receive(this.#socket, this.#buffer);
      if (bytes === -Errno.EAGAIN) break;
      if (bytes === -Errno.ENOBUFS) {
        lost = true;
        continue;
      }
      if (bytes < 0) throw new NetlinkError("Cannot receive netlink messages", -bytes);
      for (const message of decodeMessages(this.#buffer.slice(0, bytes))) messages.push(message);
    }
    return { messages, lost };
  }

  /** Closes the socket; what the kernel ties to it (an owned table) goes too. Idempotent. */
  close(): void {
    if (this.#socket >= 0) this.#calls.close(this.#socket);
    this.#socket = -1;
  }

  #dumpOnce(
    what: string,
    type: number,
    payload: Uint8Array,
  ): { messages: Message[]; complete: boolean } {
    const sequence = this.nextSequence();
    const writer = new MessageWriter();
    writer.begin(type, Nlmsg.F_REQUEST | Nlmsg.F_DUMP, sequence).raw(payload).finish();
    this.#send(what, writer.datagram());
    const messages: Message[] = [];
    let complete = true;
    for (;;) {
      for (const message of this.#receive(what)) {
        if (message.sequence !== sequence) continue;
        if (message.flags & Nlmsg.F_DUMP_INTR) complete = false;
        if (message.type === Nlmsg.DONE || message.type === Nlmsg.ERROR) {
          // The payload of both begins with a negative errno, or zero.
          const flags = message.type === Nlmsg.ERROR ? message.flags : 0;
          const error = message.payload.length < 4
            ? { errno: 0, reason: "" }
            : decodeError(message.payload, flags);
          if (error.errno === Errno.EINTR) return { messages, complete: false };
          if (error.errno !== 0) throw new NetlinkError(what, error.errno, error.reason);
          return { messages, complete };
        }
        messages.push(message);
      }
    }
  }

  #send(what: string, datagram: Uint8Array<ArrayBuffer>): void {
    const sent = this.#calls.send(this.#socket, datagram);
    if (sent < 0) throw new NetlinkError(what, -sent);
  }

  /** Next datagram's messages. */
  #receive(what: string): Message[] {
    for (let i = 0; i < maxEmptyReceives; i++) {
      const bytes = this.#calls.receive(this.#socket, this.#buffer);
      if (bytes > 0) return decodeMessages(this.#buffer.slice(0, bytes));
      if (bytes !== -Errno.EAGAIN && bytes !== -Errno.ENOBUFS) {
        throw new NetlinkError(what, bytes === 0 ? Errno.EAGAIN : -bytes);
      }
    }
    throw new NetlinkError(what, Errno.EAGAIN);
  }

  /** Takes away what is left of an exchange that failed, or `lvrm_wait` would never sleep. */
  #drain(): void {
    for (let i = 0; i < maxDatagramsPerPoll; i++) {
      const bytes = this.#calls.receive(this.#socket, this.#buffer);
      if (bytes < 0 && bytes !== -Errno.ENOBUFS) return;
    }
  }
}
