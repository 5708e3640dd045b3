/** What the VRIs of each VR asked for when they became ready. */
import { wants as bits } from "../../ffi/abi.gen.ts";
import type { VriCounters } from "../../ffi/stats.ts";
import { noPorts, unite } from "./plan.ts";
import type { PortSet } from "./plan.ts";

export interface VrWants {
  /** Bits of `wants`. */
  readonly wants: number;
  readonly ports: PortSet;
}

const nothing: VrWants = { wants: 0, ports: noPorts };

export class Wants {
  readonly #byVr = new Map<number, VrWants>();
  /** They changed: plan and ingress table have to follow. */
  dirty = false;

  of(vr: number): VrWants {
    return this.#byVr.get(vr) ?? nothing;
  }

  /** Adds what a ready VRI says; whether that is news. */
  add(vr: number, said: Pick<VriCounters, "wants" | "wantedPorts">): boolean {
    const known = this.of(vr);
    const frames = said.wants & (bits.neighbour_frames | bits.promiscuous);
    if (frames === 0) return false; // then ports mean nothing
    const wants = known.wants | frames;
    const ports = unite(known.ports, said.wantedPorts);
    if (wants === known.wants && ports.every((word, i) => word === known.ports[i])) return false;
    this.#byVr.set(vr, { wants, ports });
    this.dirty = true;
    return true;
  }
}
