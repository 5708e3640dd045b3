/** A plan as the dispatcher takes it: whole, laid out as `abi.gen.ts` says. Pure. */
import { layout, limits, VriState } from "../../ffi/abi.gen.ts";
import { putIdle } from "../../ffi/core.ts";
import type { Idle } from "../../ffi/core.ts";
import type { Prefix } from "../netlink/mod.ts";

/** Bitmap over port numbers, as four words. */
export type PortSet = readonly [bigint, bigint, bigint, bigint];

export interface PlanPort {
  readonly port: number;
  readonly promiscuous: boolean;
}

export interface PlanVr {
  readonly vr: number;
  readonly wants: number;
  readonly wantedPorts: PortSet;
  readonly permittedPorts: PortSet;
}

export interface PlanVri {
  readonly vri: number;
  readonly state: keyof typeof VriState;
  readonly idle: Idle;
  /** When this state was chosen, by `Core.clockNs`. */
  readonly decidedNs: bigint;
  /** Of its process, which the dispatcher may move to its own core for a while; null: it may not. */
  readonly pid: number | null;
}

/** Another state for a VRI. */
export type PlanChange = Pick<PlanVri, "vri" | "state" | "decidedNs">;

export interface ServedPrefix {
  readonly prefix: Prefix;
  readonly vr: number;
}

export interface Plan {
  readonly ports: readonly PlanPort[];
  readonly vrs: readonly PlanVr[];
  readonly vris: readonly PlanVri[];
  readonly served: readonly ServedPrefix[];
  readonly local: readonly Prefix[];
}

export const noPorts: PortSet = [0n, 0n, 0n, 0n];

/** The set of these port numbers. */
export function portSet(ports: Iterable<number>): PortSet {
  const words: [bigint, bigint, bigint, bigint] = [0n, 0n, 0n, 0n];
  for (const port of ports) {
    if (port < 0 || port >= limits.max_ports) throw new RangeError(`no such port: ${port}`);
    words[port >> 6]! |= 1n << BigInt(port & 63);
  }
  return words;
}

/** Ports in either set. */
export function unite(a: PortSet, b: PortSet): PortSet {
  return [a[0] | b[0], a[1] | b[1], a[2] | b[2], a[3] | b[3]];
}

/** Whether the set has this port. */
export function hasPort(set: PortSet, port: number): boolean {
  return ((set[port >> 6]! >> BigInt(port & 63)) & 1n) === 1n;
}

/** PlanHeader and the arrays after it. */
export function encodePlan(plan: Plan): Uint8Array<ArrayBuffer> {
  const l = layout;
  const prefixes = plan.served.length + plan.local.length;
  const bytes = l.PlanHeader.size + plan.ports.length * l.PlanPort.size +
    plan.vrs.length * l.PlanVr.size + plan.vris.length * l.PlanVri.size +
    prefixes * l.PlanPrefix.size;
  const view = new DataView(new ArrayBuffer(bytes));
  view.setUint32(l.PlanHeader.ports, plan.ports.length, true);
  view.setUint32(l.PlanHeader.vrs, plan.vrs.length, true);
  view.setUint32(l.PlanHeader.vris, plan.vris.length, true);
  view.setUint32(l.PlanHeader.served, plan.served.length, true);
  view.setUint32(l.PlanHeader.local, plan.local.length, true);
  let at: number = l.PlanHeader.size;
  for (const port of plan.ports) {
    view.setUint32(at + l.PlanPort.port, port.port, true);
    view.setUint32(at + l.PlanPort.promiscuous, port.promiscuous ? 1 : 0, true);
    at += l.PlanPort.size;
  }
  for (const vr of plan.vrs) {
    view.setUint32(at + l.PlanVr.vr, vr.vr, true);
    view.setUint32(at + l.PlanVr.wants, vr.wants, true);
    putPorts(view, at + l.PlanVr.wanted_ports, vr.wantedPorts);
    putPorts(view, at + l.PlanVr.permitted_ports, vr.permittedPorts);
    at += l.PlanVr.size;
  }
  for (const vri of plan.vris) {
    view.setUint32(at + l.PlanVri.vri, vri.vri, true);
    view.setUint32(at + l.PlanVri.state, VriState[vri.state], true);
    putIdle(view, at + l.PlanVri.idle, vri.idle);
    view.setBigUint64(at + l.PlanVri.decided_ns, vri.decidedNs, true);
    view.setInt32(at + l.PlanVri.pid, vri.pid ?? 0, true);
    at += l.PlanVri.size;
  }
  for (const { prefix, vr } of plan.served) at = putPrefix(view, at, prefix, vr);
  for (const prefix of plan.local) at = putPrefix(view, at, prefix, 0);
  return new Uint8Array(view.buffer);
}

/** A plan as it was handed over: the states of VRIs in it can be changed in place. */
export class SentPlan {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  /** Where in the bytes each VRI is. */
  readonly #at = new Map<number, number>();

  constructor(plan: Plan) {
    this.bytes = encodePlan(plan);
    this.#view = new DataView(this.bytes.buffer);
    const { PlanHeader, PlanPort, PlanVr, PlanVri } = layout;
    const first = PlanHeader.size + plan.ports.length * PlanPort.size +
      plan.vrs.length * PlanVr.size;
    for (const [i, { vri }] of plan.vris.entries()) this.#at.set(vri, first + i * PlanVri.size);
  }

  /** Changes states, of VRIs that are in it. Whether there were any, and all were. */
  amend(changes: readonly PlanChange[]): boolean {
    for (const { vri } of changes) if (!this.#at.has(vri)) return false;
    for (const { vri, state, decidedNs } of changes) {
      const at = this.#at.get(vri)!;
      this.#view.setUint32(at + layout.PlanVri.state, VriState[state], true);
      this.#view.setBigUint64(at + layout.PlanVri.decided_ns, decidedNs, true);
    }
    return changes.length > 0;
  }
}

function putPorts(view: DataView, at: number, ports: PortSet): void {
  ports.forEach((word, i) => view.setBigUint64(at + 8 * i, word, true));
}

/** Writes a PlanPrefix; returns where the next begins. */
function putPrefix(view: DataView, at: number, prefix: Prefix, vr: number): number {
  const l = layout.PlanPrefix;
  prefix.address.forEach((byte, i) => view.setUint8(at + l.address + i, byte));
  view.setUint8(at + l.family, prefix.family);
  view.setUint8(at + l.length, prefix.length);
  view.setUint32(at + l.vr, vr, true);
  return at + l.size;
}
