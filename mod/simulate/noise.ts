/** What arrives for one VR in each slot: its rate, with the fluctuations that it was given. */
import { seeded, swing } from "./random.ts";
import type { SimulatedVr } from "./types.ts";

export class Arrivals {
  readonly #vr: SimulatedVr;
  readonly #random: () => number;
  #drift = 0; // deviation 1
  #kept = 0; // of the drift, from slot to slot
  #slot_s = 0;

  /** `seed` and `number` decide all that is random. */
  constructor(vr: SimulatedVr, seed: number, number: number) {
    this.#vr = vr;
    this.#random = seeded(Math.imul(seed, 0x85ebca6b) ^ Math.imul(number + 1, 0xc2b2ae35));
  }

  /** Fills `into` with the frames of each slot from `from_s` on; returns their sum. */
  fill(into: Float64Array, from_s: number, slot_s: number): number {
    const { rate, noise, noise_s, jitter } = this.#vr;
    const random = this.#random;
    if (slot_s !== this.#slot_s) this.#kept = Math.exp(-slot_s / noise_s);
    this.#slot_s = slot_s;
    const kept = this.#kept;
    const newer = Math.sqrt(1 - kept * kept);
    let total = 0;
    for (let i = 0; i < into.length; i++) {
      let factor = 1;
      if (noise > 0) {
        this.#drift = this.#drift * kept + swing(random) * newer;
        factor += noise * this.#drift;
      }
      if (jitter > 0) factor += jitter * swing(random);
      const frames = Math.max(0, rate(from_s + i * slot_s) * factor * slot_s);
      into[i] = frames;
      total += frames;
    }
    return total;
  }

  /** Factor of this period's measured busy time. */
  busyFactor(): number {
    const { busy_noise } = this.#vr;
    return busy_noise === 0 ? 1 : Math.max(0.1, 1 + busy_noise * swing(this.#random));
  }
}
