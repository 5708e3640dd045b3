/** What every VRI of a `BenchGateway` is told: two ports, and routes to neighbours behind `m1`. */
import { EventKind, RouteKind } from "../../ffi/abi.gen.ts";
import { addressBytes } from "../netlink/mod.ts";
import { encodeAddress, encodeLink, encodeNeighbour, encodeRoute } from "../routing/encode.ts";
import type { ControlEvent } from "../routing/mod.ts";

const nextHops = 16;
export const macs = [1, 2].map((n) => new Uint8Array([2, 0, 0, 0, 0, n]));
export const ifindexes = [1001, 1002] as const; // of no interface: only routes refer to them
const empty = new Uint8Array(0);

/** IPv4 address as bytes. */
export function bytesOf(address: number): Uint8Array {
  return new Uint8Array([
    address >>> 24,
    (address >>> 16) & 255,
    (address >>> 8) & 255,
    address & 255,
  ]);
}

export const firstSource = 10 << 24; // 10.0.0.0/16, 10.1.0.0/16, …: one for each VR
export const firstDestination = 16 << 24; // 16.0.0.0/24, 16.0.1.0/24, …: never leaves this process
export const ownAddress = ((172 << 24) | (16 << 16) | 1) >>> 0; // 172.16.0.1/24 on m1

/** The routing state that every VRI gets; `everything`: with default routes. */
export function* routingState(routes: number, everything: boolean): Iterable<ControlEvent> {
  for (const port of [0, 1]) {
    const payload = encodeLink({
      port,
      up: true,
      rpFilter: 0,
      mtu: 9000,
      ifindex: ifindexes[port]!,
      vlan: null,
      mac: macs[port]!,
      name: `m${port}`,
    });
    yield { kind: EventKind.link, payload };
  }
  yield { kind: EventKind.address, payload: encodeAddress(1, 4, bytesOf(ownAddress), 24) };
  for (let hop = 0; hop < nextHops; hop++) {
    const payload = encodeNeighbour({
      port: 1,
      family: 4,
      address: bytesOf(ownAddress + 1 + hop),
      mac: new Uint8Array([2, 0, 0, 0, 1, hop]),
      stale: false,
    });
    yield { kind: EventKind.neighbour, payload };
  }
  for (let i = 0; i < routes; i++) {
    const prefix = { family: 4, address: bytesOf(firstDestination + i * 256), length: 24 } as const;
    const gateway = bytesOf(ownAddress + 1 + i % nextHops);
    const hops = [{ ifindex: ifindexes[1], gateway, weight: 1, flags: 0 }];
    const payload = encodeRoute(prefix, { kind: RouteKind.unicast, mtu: 0, hops }, () => 1);
    yield { kind: EventKind.route, payload };
  }
  if (everything) yield* defaultRoutes();
  yield { kind: EventKind.synchronised, payload: empty };
}

/** Default routes of both families; the neighbour of IPv6's is fe80::1. */
function* defaultRoutes(): Iterable<ControlEvent> {
  const linkLocal = new Uint8Array(16);
  linkLocal.set([0xfe, 0x80]);
  linkLocal[15] = 1;
  const mac = new Uint8Array([2, 0, 0, 0, 1, 0]);
  const neighbour = { port: 1, family: 6, address: linkLocal, mac, stale: false } as const;
  yield { kind: EventKind.neighbour, payload: encodeNeighbour(neighbour) };
  for (const family of [4, 6] as const) {
    const prefix = { family, address: new Uint8Array(addressBytes(family)), length: 0 };
    const gateway = family === 4 ? bytesOf(ownAddress + 1) : linkLocal;
    const hops = [{ ifindex: ifindexes[1], gateway, weight: 1, flags: 0 }];
    const payload = encodeRoute(prefix, { kind: RouteKind.unicast, mtu: 0, hops }, () => 1);
    yield { kind: EventKind.route, payload };
  }
}
