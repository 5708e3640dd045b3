/** Random numbers that are the same in every run with the same seed. */

/** Uniform in [0, 1). */
export type Random = () => number;

/** A small generator of 32 bits of state (a Weyl sequence through a mixer): good for noise. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4294967296;
  };
}

/** Even between ±√3: mean 0, deviation 1. */
export function swing(random: Random): number {
  return (random() - 0.5) * Math.sqrt(12);
}
