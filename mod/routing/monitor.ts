/**
 * RouteMonitor: follows the kernel by rtnetlink and feeds VRIs. Main thread only; every call is
 * synchronous and short but for the dump of a large table.
 *
 * Notifications are applied at once. They are not the whole truth, though: when a link goes down or
 * an address is deleted, the kernel drops IPv4 routes without a word. So routes are dumped again
 * after whatever may have changed them: in the same poll while that is cheap; where the table is
 * large, at most a quarter of the time after links, addresses and nexthop objects, and at most a
 * twentieth after mere routes, which were told.
 */
import { EventKind } from "../../ffi/abi.gen.ts";
import type { Prefix } from "../netlink/address.ts";
import { Errno, type NetlinkCalls, NetlinkError } from "../netlink/calls.ts";
import { Nlmsg } from "../netlink/message.ts";
import {
  decodeEvent,
  dumpRequest,
  type RouteMessage,
  type RouteSocketEvent,
  useNeighbourRequest,
} from "../netlink/rtnetlink.ts";
import { Af, Rtm, RtnlGroup } from "../netlink/rtnetlink_constants.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { encodeNeighbour, encodeRemoval } from "./encode.ts";
import { misses } from "./feed.ts";
import { Mirror } from "./mirror.ts";
import { RateLimit } from "./rate_limit.ts";
import type {
  ControlEvent,
  ForwardingState,
  InterfaceAddress,
  Link,
  NeighbourQuery,
  RouteSource,
  RoutingPort,
} from "./types.ts";

/** The kernel's main routing table. */
export const mainTable = 254;
const defaultReceiveBufferBytes = 8 << 20;
const groups = Object.values(RtnlGroup).reduce((bits, group) => bits | (1 << (group - 1)), 0);
const cheapDump_ms = 5;
// Pauses, in times the duration of the last dump.
const urgentPause = 3;
const routinePause = 20;
const requestsPerSecond = 100;
const requestBurst = 100;
// VRs renew what they use every 5 s. At that very rate each that came a moment early would be
// refused, and the next one be too late.
const renewInterval_ms = 4500;

/** What the monitor is made with. */
export interface RouteMonitorOptions {
  /** Where routes come from, for each group of VRs; by default one: the main table. */
  readonly sources?: readonly RouteSource[];
  /** Of the socket for notifications; what does not fit is lost and all is read anew. */
  readonly receiveBufferBytes?: number;
  /** Monotonic clock in milliseconds. */
  readonly now_ms?: () => number;
}

/** Follows the kernel's routing state; see `mod.ts`. */
export class RouteMonitor {
  readonly #calls: NetlinkCalls;
  readonly #now_ms: () => number;
  readonly #receiveBufferBytes: number;
  readonly #mirror: Mirror;
  readonly #requests = new RateLimit(requestsPerSecond, requestBurst);
  readonly #renewals = new RateLimit(1000 / renewInterval_ms, 1);
  readonly #eventListeners: ((events: ControlEvent[], source: number) => void)[] = [];
  readonly #localListeners: (() => void)[] = [];
  readonly #linksListeners: (() => void)[] = [];
  #notifications: NetlinkSocket | null = null;
  #socket: NetlinkSocket | null = null;
  #dumpWanted: "no" | "routine" | "urgent" = "no";
  #dumped = { end_ms: -Infinity, duration_ms: 0 };
  #polls = 0;
  #desynchronised = false;
  #ignoresSourceRoutes = false;

  constructor(calls: NetlinkCalls, options: RouteMonitorOptions = {}) {
    this.#calls = calls;
    this.#now_ms = options.now_ms ?? (() => performance.now());
    this.#receiveBufferBytes = options.receiveBufferBytes ?? defaultReceiveBufferBytes;
    this.#mirror = new Mirror(options.sources ?? [{ table: mainTable }]);
  }

  /** Opens the sockets and reads the whole state. Throws NetlinkError. */
  open(): void {
    try {
      const receiveBufferBytes = this.#receiveBufferBytes;
      this.#notifications = new NetlinkSocket(this.#calls, 0, { groups, receiveBufferBytes });
      this.#socket = new NetlinkSocket(this.#calls, 0);
      this.#synchronise();
    } catch (error) {
      this.close();
      throw error;
    }
    this.#mirror.takeChanges();
  }

  /** Closes the sockets. Idempotent. */
  close(): void {
    this.#notifications?.close();
    this.#socket?.close();
    this.#notifications = null;
    this.#socket = null;
  }

  /** The ports that VRIs know. What changes for them goes to the event listeners. */
  setPorts(ports: readonly RoutingPort[]): void {
    this.#mirror.setPorts(ports);
    this.#publish();
  }

  /**
   * All that VRIs of a source have been told, for one that just attached; ends with
   * `synchronised`.
   */
  snapshot(source = 0): ControlEvent[] {
    return this.#mirror.snapshot(source);
  }

  /** Calls `listener` with the changes, in order, for every attached VRI of a source. */
  onEvents(listener: (events: ControlEvent[], source: number) => void): void {
    this.#eventListeners.push(listener);
  }

  /** Calls `listener` when `localPrefixes` has changed. */
  onLocalChange(listener: () => void): void {
    this.#localListeners.push(listener);
  }

  /** Calls `listener` when `links` has changed (state, MAC, MTU, coming, going). */
  onLinksChange(listener: () => void): void {
    this.#linksListeners.push(listener);
  }

  /**
   * Takes what the kernel has to say. Call it when netlink is readable and once per second.
   * Throws NetlinkError; then the next call reads everything anew.
   */
  poll(): void {
    if (!this.#notifications) return;
    const missed = this.#desynchronised;
    this.#desynchronised = true;
    const { messages, lost } = this.#notifications.poll();
    if (lost || missed) this.#synchronise();
    else {
      for (const message of messages) {
        const event = decodeEvent(message);
        if (!event) continue;
        this.#mirror.apply(event);
        this.#note(event);
      }
    }
    if (this.#dumpDue()) this.#dumpRoutes();
    this.#desynchronised = false;
    if (++this.#polls % 1024 === 0) {
      this.#requests.prune(this.#now_ms());
      this.#renewals.prune(this.#now_ms());
    }
    this.#publish();
  }

  /**
   * Resolves a neighbour for a VR (`vr`: its rate's key). The answer comes as an event, also when
   * it fails. False: over the rate of 100 per second, or not a neighbour that a port can have.
   */
  requestNeighbour(vr: string | number, query: NeighbourQuery): boolean {
    const ifindex = this.#mirror.deviceOf(query.port);
    if (ifindex === null || !this.#requests.take(String(vr), this.#now_ms())) return false;
    const known = this.#mirror.neighbour(query);
    if (known?.usable) {
      this.#emitToAll([{ kind: EventKind.neighbour, payload: known.event }]);
      return true;
    }
    return this.#use(ifindex, query);
  }

  /**
   * Tells the kernel that a neighbour is in use, so that it is asked again before it is forgotten.
   * One that the mirror doesn't know is resolved: the VRI has it from before the kernel forgot it.
   * False: renewed less than 4.5 s ago, or as with `requestNeighbour`.
   */
  renewNeighbour(vr: string | number, query: NeighbourQuery): boolean {
    const ifindex = this.#mirror.deviceOf(query.port);
    if (ifindex === null) return false;
    if (!this.#mirror.neighbour(query)) return this.requestNeighbour(vr, query);
    const key = `${ifindex} ${query.address.join(".")}`;
    if (!this.#renewals.take(key, this.#now_ms())) return false;
    return this.#use(ifindex, query);
  }

  /** Destinations that are the gateway's own: the local table, multicast, link-local. */
  localPrefixes(): Prefix[] {
    return this.#mirror.localPrefixes();
  }

  /** Whether there were routes for packets of some sources only, which VRs are not told. */
  ignoresSourceRoutes(): boolean {
    return this.#ignoresSourceRoutes;
  }

  /** All links, by index. */
  links(): Link[] {
    return this.#mirror.links();
  }

  /** All addresses of all links. */
  addresses(): InterfaceAddress[] {
    return this.#mirror.addresses();
  }

  /** Whether the kernel itself forwards. */
  forwarding(): ForwardingState {
    return this.#mirror.forwarding();
  }

  #use(ifindex: number, query: NeighbourQuery): boolean {
    if (!this.#socket) return false;
    const payload = useNeighbourRequest(ifindex, query.family, query.address);
    try {
      // On a link that is down the kernel takes the request, and never answers.
      if (!this.#mirror.isUp(ifindex)) throw new NetlinkError("Link down", Errno.ENETDOWN);
      this.#socket.request("Cannot resolve a neighbour", Rtm.NEWNEIGH, Nlmsg.F_CREATE, payload);
      return true;
    } catch (error) {
      if (!(error instanceof NetlinkError)) throw error;
      // Link down, table full, not a neighbour's address: whoever waits must hear of it.
      const none = encodeNeighbour({ ...query, mac: new Uint8Array(6), stale: false });
      this.#emitToAll([encodeRemoval(EventKind.neighbour, none)]);
      return false;
    }
  }

  /**
   * Reads everything anew. What VRIs then hear is the difference. The mirror is not touched before
   * all is read: a dump may fail.
   */
  #synchronise(): void {
    const dumps: readonly [string, number, number, number][] = [
      ["links", Rtm.GETLINK, Af.UNSPEC, 16],
      ["addresses", Rtm.GETADDR, Af.UNSPEC, 8],
      ["neighbours", Rtm.GETNEIGH, Af.UNSPEC, 12],
      ["nexthop objects", Rtm.GETNEXTHOP, Af.UNSPEC, 8],
      ["IPv4 settings", Rtm.GETNETCONF, Af.INET, 1],
      ["IPv6 settings", Rtm.GETNETCONF, Af.INET6, 1],
    ];
    const read = dumps.map(([what, type, family, bytes]) => this.#dump(what, type, family, bytes));
    this.#dumpRoutes(() => {
      this.#mirror.clear();
      for (const events of read) for (const event of events) this.#mirror.apply(event);
    });
  }

  /** `before`: what to do once they are read. */
  #dumpRoutes(before: () => void = () => {}): void {
    const start_ms = this.#now_ms();
    const routes: RouteMessage[] = [];
    for (const family of [Af.INET, Af.INET6]) {
      for (const event of this.#dump("routes", Rtm.GETROUTE, family, 12)) {
        if (event.object !== "route") continue;
        routes.push(event.value);
        this.#ignoresSourceRoutes ||= misses(this.#mirror.feeds, event.value);
      }
    }
    before();
    this.#mirror.replaceRoutes(routes);
    const end_ms = this.#now_ms();
    this.#dumped = { end_ms, duration_ms: end_ms - start_ms };
    this.#dumpWanted = "no";
  }

  /** What follows from a notification beside what the mirror makes of it. */
  #note({ object, value }: RouteSocketEvent): void {
    if (object === "neighbour" || object === "netconf") return;
    if (object !== "route") {
      this.#dumpWanted = "urgent";
      return;
    }
    this.#ignoresSourceRoutes ||= misses(this.#mirror.feeds, value);
    if (this.#dumpWanted === "no") this.#dumpWanted = "routine";
  }

  #dumpDue(): boolean {
    if (this.#dumpWanted === "no") return false;
    const { end_ms, duration_ms } = this.#dumped;
    const pause = this.#dumpWanted === "urgent" ? urgentPause : routinePause;
    return duration_ms < cheapDump_ms || this.#now_ms() >= end_ms + pause * duration_ms;
  }

  #dump(what: string, type: number, family: number, bytes: number): RouteSocketEvent[] {
    const request = dumpRequest(family, bytes);
    try {
      const messages = this.#socket!.dump(`Cannot read the kernel's ${what}`, type, request);
      return messages.map(decodeEvent).filter((event) => event !== null);
    } catch (error) {
      // A kernel without IPv6 or without nexthop objects has none of them.
      const absent: readonly number[] = [Errno.EOPNOTSUPP, Errno.EAFNOSUPPORT];
      if (error instanceof NetlinkError && absent.includes(error.errno)) return [];
      throw error;
    }
  }

  #publish(): void {
    const changes = this.#mirror.takeChanges();
    // Events first: a listener for links may call setPorts, whose events are later than these.
    for (const [source, events] of changes.events.entries()) {
      if (events.length > 0) this.#emit(events, source);
    }
    if (changes.links) { for (const listener of this.#linksListeners) listener(); }
    if (changes.local) { for (const listener of this.#localListeners) listener(); }
  }

  #emit(events: ControlEvent[], source: number): void {
    for (const listener of this.#eventListeners) listener(events, source);
  }

  /** Of what is the same for all sources. */
  #emitToAll(events: ControlEvent[]): void {
    for (const source of this.#mirror.feeds.keys()) this.#emit(events, source);
  }
}
