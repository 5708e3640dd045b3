/**
 * What the VRIs of a stage are told: a port `in0`, `in1`, … for each VR's traffic, `out` that all
 * of it leaves by, and a route for each destination. Addresses never leave this process. Pure.
 */
import { EventKind, RouteKind } from "../../ffi/abi.gen.ts";
import type { TraceSpec } from "../../ffi/replay.ts";
import type { Prefix } from "../netlink/mod.ts";
import { encodeAddress, encodeLink, encodeNeighbour, encodeRoute } from "../routing/encode.ts";
import type { ControlEvent } from "../routing/mod.ts";

export const outPort = 0;
export const inPort = (vr: number): number => 1 + vr;
export const portName = (port: number): string => port === outPort ? "out" : `in${port - 1}`;
export const portIfindex = (port: number): number => 1001 + port; // of no interface
export const portMac = (port: number): Uint8Array => new Uint8Array([2, 0, 0, 0, 0, 1 + port]);
export const mtu = 9000;
/** 84 bytes on the wire, the paper's shortest. */
export const captured_bytes = 60;

const neighbourMac = new Uint8Array([2, 0, 0, 0, 1, 0]);
const trace_frames = 4096;
const destinations = 256;

/** 10.VR.0.0/16: sources of one VR. */
export const servedPrefix = (vr: number): Prefix => {
  return { family: 4, address: new Uint8Array([10, vr, 0, 0]), length: 16 };
};
/** 172.16.0.1/24, on `out`. */
export const ownAddress = new Uint8Array([172, 16, 0, 1]);
const gateway = new Uint8Array([172, 16, 0, 2]);

/** The frames of one VR: as many flows as frames. */
export function traceSpec(vr: number): TraceSpec {
  return {
    frames: trace_frames,
    sizes: [captured_bytes],
    flows: trace_frames,
    family: 4,
    source: servedPrefix(vr).address,
    sources: 1,
    sourceLength: 16,
    destination: new Uint8Array([16, 0, 0, 0]),
    destinations,
    destinationLength: 24,
    sourceMac: new Uint8Array([2, 0, 0, 0, 2, 1]),
    destinationMac: portMac(inPort(vr)),
  };
}

/** The routing state that every VRI gets. */
export function* routingState(vrs: number): Iterable<ControlEvent> {
  for (let port = 0; port <= vrs; port++) {
    const payload = encodeLink({
      port,
      up: true,
      rpFilter: 0,
      mtu,
      ifindex: portIfindex(port),
      vlan: null,
      mac: portMac(port),
      name: portName(port),
    });
    yield { kind: EventKind.link, payload };
  }
  yield { kind: EventKind.address, payload: encodeAddress(outPort, 4, ownAddress, 24) };
  const neighbour = { port: outPort, family: 4, address: gateway, mac: neighbourMac } as const;
  yield { kind: EventKind.neighbour, payload: encodeNeighbour({ ...neighbour, stale: false }) };
  for (let i = 0; i < destinations; i++) {
    const prefix = { family: 4, address: new Uint8Array([16, 0, i, 0]), length: 24 } as const;
    const hops = [{ ifindex: portIfindex(outPort), gateway, weight: 1, flags: 0 }];
    const payload = encodeRoute(prefix, { kind: RouteKind.unicast, mtu: 0, hops }, () => outPort);
    yield { kind: EventKind.route, payload };
  }
  yield { kind: EventKind.synchronised, payload: new Uint8Array(0) };
}
