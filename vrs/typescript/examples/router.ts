/**
 * A small router: IPv4 and IPv6 by the gateway's routes and neighbours. Frames wait for the MAC of
 * a next hop. Siblings greet each other and tell how many routes they have, and a timer tells how
 * many frames came. It makes no ICMP errors, doesn't fragment, takes the first way of a route, and
 * leaves checks of the header to the hosts: `vrs/cpp/` does all that.
 *
 *     lvrm --vr '10.0.1.0/24=deno run -A router.ts'
 */
import { Drop, type Frame, serve, VirtualRouter } from "../mod.ts";
import type {
  Family,
  LinkEvent,
  NeighbourEvent,
  RouteEvent,
  SiblingEvent,
  VrEvent,
} from "../mod.ts";

const ethernet_bytes = 14;
/** Frames that wait for one next hop, and next hops that are waited for. */
const waiting_max = 16;
const unknown_max = 64;
const askAgain_ms = 1000;
const report_ms = 1000;
/** Destinations whose way is remembered. */
const ways_max = 65_536;
const hello = "router: hello";

/** An address with its family, as one number: next hops and routes are found by it. */
type Key = bigint;

const familyBit = 1n << 128n;

function keyOf(family: Family, bytes: Iterable<number>): Key {
  let key = 0n;
  for (const byte of bytes) key = (key << 8n) | BigInt(byte);
  return family === 4 ? key << 96n : familyBit | key;
}

/** The bits of an address that a prefix of this length looks at. */
function masked(key: Key, length: number): Key {
  const ignored = BigInt(128 - length);
  return (key >> ignored) << ignored;
}

/** The routing state; a snapshot replaces it as a whole. */
class Tables {
  readonly links = new Map<number, LinkEvent>();
  /** By length of prefix; longest first. */
  #routes: [length: number, routes: Map<Key, RouteEvent>][] = [];
  readonly #neighbours = new Map<number, Map<Key, Uint8Array>>();

  get routeCount(): number {
    return this.#routes.reduce((sum, [, routes]) => sum + routes.size, 0);
  }

  takeLink(event: LinkEvent): void {
    if (event.removed) this.links.delete(event.port);
    else this.links.set(event.port, event);
  }

  takeRoute(event: RouteEvent): void {
    const length = event.prefixLength;
    let routes = this.#routes.find(([it]) => it === length)?.[1];
    if (!routes) {
      this.#routes.push([length, routes = new Map()]);
      this.#routes.sort(([a], [b]) => b - a);
    }
    const key = masked(keyOf(event.family, event.prefix), length);
    if (event.removed) routes.delete(key);
    else routes.set(key, event);
  }

  /** The route of the longest prefix that the address is in. */
  route(key: Key): RouteEvent | undefined {
    for (const [length, routes] of this.#routes) {
      const found = routes.get(masked(key, length));
      if (found) return found;
    }
    return undefined;
  }

  takeNeighbour(event: NeighbourEvent): void {
    let neighbours = this.#neighbours.get(event.port);
    if (!neighbours) this.#neighbours.set(event.port, neighbours = new Map());
    const key = keyOf(event.family, event.address);
    if (event.mac === null) neighbours.delete(key);
    else neighbours.set(key, event.mac);
  }

  neighbour(port: number, key: Key): Uint8Array | undefined {
    return this.#neighbours.get(port)?.get(key);
  }
}

/** Where a frame is to go. */
interface Way {
  readonly link: LinkEvent;
  readonly family: Family;
  readonly address: Uint8Array;
  readonly key: Key;
  /** Of the next hop. */
  readonly mac: Uint8Array | undefined;
}

/** Frames for a next hop whose MAC is not known yet. */
interface Waiting {
  readonly frames: Frame[];
  asked_ms: number;
}

const refusals: Record<Exclude<RouteEvent["kind"], "unicast">, number> = {
  local: Drop.bad_destination,
  other: Drop.bad_destination,
  blackhole: Drop.blackhole,
  unreachable: Drop.unreachable_route,
  prohibit: Drop.prohibited,
};

class Router extends VirtualRouter {
  #tables = new Tables();
  /** A snapshot that is not complete yet. */
  #coming: Tables | null = null;
  /** Ways of IPv4 destinations, or why they have none, until something changes. */
  readonly #ways = new Map<number, Way | number>();
  readonly #waiting = new Map<string, Waiting>();
  #frames = 0;
  #reported = 0;

  constructor() {
    super();
    setInterval(() => this.#report(), report_ms);
  }

  #report(): void {
    if (this.#frames === this.#reported) return;
    this.#reported = this.#frames;
    console.error(`router: ${this.#frames} frames so far`);
  }

  protected override onEvent(event: VrEvent): void {
    const tables = this.#coming ?? this.#tables;
    this.#ways.clear();
    if (event.is === "link") tables.takeLink(event);
    if (event.is === "route") tables.takeRoute(event);
    if (event.is === "neighbour") {
      tables.takeNeighbour(event);
      this.#release(event);
    }
    if (event.is === "flush") this.#coming = new Tables();
    if (event.is === "synchronised") this.#synchronised();
    if (event.is === "sibling") this.#answer(event);
    if (event.is === "stop") this.#giveUp();
  }

  /** What is held goes back before the end. */
  #giveUp(): void {
    for (const { frames } of this.#waiting.values()) {
      for (const frame of frames) frame.drop(Drop.no_neighbour);
    }
    this.#waiting.clear();
  }

  /** The snapshot is complete: it is what holds. */
  #synchronised(): void {
    this.#tables = this.#coming ?? this.#tables;
    this.#coming = null;
    console.error(`router: VRI ${this.number} has ${this.#tables.routeCount} routes`);
    // Nobody to hear it, or no room for it: not worth another try.
    this.tellSiblings(new TextEncoder().encode(hello));
  }

  #answer({ from, payload }: SiblingEvent): void {
    const text = new TextDecoder().decode(payload);
    if (text !== hello) return console.error(`router: VRI ${from} says: ${text}`);
    const answer = `router: I have ${this.#tables.routeCount} routes`;
    this.tellSibling(from, new TextEncoder().encode(answer));
  }

  protected override forward(frame: Frame): void {
    this.#frames++;
    const way = this.#route(frame);
    if (typeof way === "number") return frame.drop(way);
    if (frame.length - ethernet_bytes > way.link.mtu) return frame.drop(Drop.too_big);
    if (way.mac) this.#send(frame, way.link, way.mac);
    else this.#hold(frame, way);
  }

  #send(frame: Frame, link: LinkEvent, mac: Uint8Array): void {
    frame.set(0, mac);
    frame.set(6, link.mac);
    frame.send(link.port);
  }

  /** The way of a frame, whose time to live is counted down; or why it has none. */
  #route(frame: Frame): Way | number {
    if (frame.length < ethernet_bytes + 20) return Drop.bad_header;
    const type = frame.u16(12);
    if (type !== 0x0800 && type !== 0x86dd) return Drop.not_ip;
    const family = type === 0x0800 ? 4 : 6;
    if (frame.u8(ethernet_bytes) >> 4 !== family) return Drop.bad_header;
    if (family === 6 && frame.length < ethernet_bytes + 40) return Drop.bad_header;
    if (!countDown(frame, family)) return Drop.ttl_expired;
    if (family === 6) return this.#resolve(6, frame.slice(38, 54));
    const destination = frame.u32(30);
    let way = this.#ways.get(destination);
    if (way === undefined) {
      way = this.#resolve(4, frame.slice(30, 34));
      if (this.#ways.size >= ways_max) this.#ways.clear();
      this.#ways.set(destination, way);
    }
    return way;
  }

  #resolve(family: Family, to: Uint8Array): Way | number {
    const route = this.#tables.route(keyOf(family, to));
    if (!route) return Drop.no_route;
    if (route.kind !== "unicast") return refusals[route.kind];
    const hop = route.nextHops[0];
    if (!hop) return Drop.no_route;
    const link = hop.port === null ? undefined : this.#tables.links.get(hop.port);
    if (!link) return Drop.no_output_port;
    if (!link.up) return Drop.link_down;
    const address = hop.gateway ?? to;
    const next = address.length === 4 ? 4 : 6;
    const key = keyOf(next, address);
    return { link, family: next, address, key, mac: this.#tables.neighbour(link.port, key) };
  }

  /** Keeps a frame until the next hop's MAC comes, and asks for it. */
  #hold(frame: Frame, { link, family, address, key }: Way): void {
    const place = `${link.port} ${key}`;
    const now_ms = performance.now();
    let waiting = this.#waiting.get(place);
    if (!waiting) {
      if (this.#waiting.size >= unknown_max) return frame.drop(Drop.neighbour_queue_full);
      this.#waiting.set(place, waiting = { frames: [], asked_ms: -Infinity });
    }
    if (now_ms - waiting.asked_ms >= askAgain_ms) {
      waiting.asked_ms = now_ms;
      this.needNeighbour(link.port, family, address);
    }
    if (waiting.frames.length < waiting_max) waiting.frames.push(frame.keep());
    else frame.drop(Drop.neighbour_queue_full);
  }

  /** A next hop's MAC is known now, or it doesn't answer. */
  #release({ port, family, address, mac }: NeighbourEvent): void {
    const place = `${port} ${keyOf(family, address)}`;
    const link = this.#tables.links.get(port);
    for (const frame of this.#waiting.get(place)?.frames ?? []) {
      if (mac && link) this.#send(frame, link, mac);
      else frame.drop(Drop.no_neighbour);
    }
    this.#waiting.delete(place);
  }
}

/** Whether a hop is left to it after this one. */
function countDown(frame: Frame, family: Family): boolean {
  const at = family === 4 ? 22 : 21;
  const left = frame.u8(at);
  if (left <= 1) return false;
  frame.setU8(at, left - 1);
  if (family === 4) {
    // RFC 1624: the checksum follows by the same amount.
    const sum = frame.u16(24) + 0x0100;
    frame.setU16(24, (sum & 0xffff) + (sum >> 16));
  }
  return true;
}

await serve(() => new Router());
