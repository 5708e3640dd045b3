/**
 * A VR in virtual time: what arrives waits in its VRIs' queues and is served by its cores; what
 * finds the queues full is lost. The VRIs of a VR share evenly, as with a balancer that does its
 * work. It keeps the counters that the dispatcher keeps, so that the monitors can't tell.
 */
import type { LoadSample } from "../vr_monitor/mod.ts";
import type { SimulatedVr } from "./types.ts";

/** Of the VR's arrival rate, as in the data plane. */
const rate_s = 0.02;

/** Queues and cores of one VR, without any account of them. */
export class Cores {
  /** Frames that wait. */
  waiting = 0;
  readonly #capacity_fps: number;
  readonly #queue_frames: number;

  constructor(vr: SimulatedVr) {
    this.#capacity_fps = vr.capacity_fps;
    this.#queue_frames = vr.queue_frames;
  }

  /** Cores that all its frames would keep busy. */
  needed(arrived: number, slot_s: number): number {
    return (this.waiting + arrived) / (this.#capacity_fps * slot_s);
  }

  /** Serves for `slot_s` with `vris`, which get `cores`; returns how many frames were lost. */
  step(arrived: number, slot_s: number, vris: number, cores = vris): number {
    const able = this.#capacity_fps * cores * slot_s;
    const waiting = Math.max(0, this.waiting + arrived - able);
    const lost = Math.max(0, waiting - this.#queue_frames * Math.ceil(vris));
    this.waiting = waiting - lost;
    return lost;
  }
}

interface Vri {
  readonly life: number;
  /** Takes frames from then on. */
  readonly ready_s: number;
  taken: number;
  busy_ns: number;
}

/** One VR as the VR monitor sees it. */
export class ModelVr {
  readonly #vr: SimulatedVr;
  readonly #cores: Cores;
  readonly #lives: () => number;
  #vris: Vri[] = [];
  #target = 0;
  #arrived = 0;
  #sent = 0;
  #lost = 0;
  #rate_fps = 0;
  #slot_s = 0;
  #newer = 0; // share of the rate that a slot replaces
  #served = 0; // in this period
  #settled_s = 0; // all VRIs are ready from then on
  #delayed_s = 0; // core-seconds of this period for which VRIs waited for others' turns

  /** `lives`: a number that no VRI had before. */
  constructor(vr: SimulatedVr, target: number, lives: () => number) {
    this.#vr = vr;
    this.#cores = new Cores(vr);
    this.#lives = lives;
    this.setTarget(target, 0, 0);
  }

  get target(): number {
    return this.#target;
  }

  /** The first new VRI is the warm standby; each further one takes `start_s`. The youngest go. */
  setTarget(target: number, now_s: number, start_s: number): void {
    for (let i = this.#vris.length; i < target; i++) {
      const ready_s = now_s + (i - this.#target) * start_s;
      this.#settled_s = Math.max(this.#settled_s, ready_s);
      this.#vris.push({ life: this.#lives(), ready_s, taken: 0, busy_ns: 0 });
    }
    this.#vris.length = target;
    this.#target = target;
  }

  /** Cores at work between two times, on average. */
  coresIn(from_s: number, until_s: number): number {
    if (this.#settled_s <= from_s) return this.#target;
    let sum = 0;
    for (const { ready_s } of this.#vris) {
      sum += Math.min(1, Math.max(0, (until_s - ready_s) / (until_s - from_s)));
    }
    return sum;
  }

  /** Cores that all its frames would keep busy in a slot. */
  needed(arrived: number, slot_s: number): number {
    return this.#cores.needed(arrived, slot_s);
  }

  /** One slot; `cores`: what its VRIs get. Returns how many frames were lost. */
  step(arrived: number, from_s: number, slot_s: number, cores?: number): number {
    const before = this.#cores.waiting;
    const vris = this.coresIn(from_s, from_s + slot_s);
    if (cores !== undefined && cores < vris) this.#delayed_s += (vris - cores) * slot_s;
    const lost = this.#cores.step(arrived, slot_s, vris, cores);
    this.#served += before + arrived - lost - this.#cores.waiting;
    this.#arrived += arrived;
    this.#lost += lost;
    if (slot_s !== this.#slot_s) this.#newer = 1 - Math.exp(-slot_s / rate_s);
    this.#slot_s = slot_s;
    this.#rate_fps += (arrived / slot_s - this.#rate_fps) * this.#newer;
    return lost;
  }

  /** Frames served since the start. */
  get sent(): number {
    return this.#sent + this.#served;
  }

  /** Counters at the end of a period that began at `from_s`; `busy_factor`: error of measuring. */
  counters(from_s: number, until_s: number, busy_factor: number): LoadSample["vrs"][number] {
    const total = this.coresIn(from_s, until_s);
    // A VRI's account of its busy time goes on while others have its core.
    const stretched = this.#served === 0
      ? 1
      : 1 + this.#delayed_s * this.#vr.capacity_fps / this.#served;
    for (const vri of this.#vris) {
      const present = (until_s - vri.ready_s) / (until_s - from_s);
      const taken = total === 0 ? 0 : this.#served * Math.min(1, Math.max(0, present)) / total;
      vri.taken += taken;
      vri.busy_ns += 1e9 * busy_factor * stretched * taken / this.#vr.capacity_fps;
    }
    this.#sent += this.#served;
    this.#served = 0;
    this.#delayed_s = 0;
    const queueFrames = this.#cores.waiting / this.#vris.length;
    return {
      counters: {
        receivedFrames: this.#arrived,
        sentFrames: this.#sent,
        droppedFrames: this.#lost,
        arrivalRateFps: this.#rate_fps,
        arrivalRateBps: this.#rate_fps * this.#vr.frame_bytes,
        fullFrames: this.#lost,
        refusedFrames: 0,
      },
      vris: this.#vris.map(({ life, taken, busy_ns }, i) => ({
        id: `${this.#vr.policy.name}.${i + 1}`,
        vri: life,
        life,
        running: true,
        counters: {
          receivedFrames: taken + queueFrames,
          sentFrames: taken,
          droppedFrames: 0,
          originatedFrames: 0,
          queueFrames,
          busyNs: busy_ns,
        },
      })),
    };
  }
}
