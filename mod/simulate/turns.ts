/**
 * VRIs that share cores: where there are more of them than cores they take turns. Each has the
 * same right to time; what one doesn't need is the others'. Pure.
 */

/** One VR in a moment. */
export interface Turn {
  /** VRIs at work. */
  readonly vris: number;
  /** Cores that all its frames would keep busy. */
  readonly needed: number;
}

/** Cores' worth of time that each VR gets, its VRIs where nobody has to wait. */
export function takeTurns(turns: readonly Turn[], cores: number): number[] {
  const limits = turns.map(({ vris, needed }) => Math.min(vris, needed));
  if (limits.reduce((sum, limit) => sum + limit, 0) <= cores) return turns.map(({ vris }) => vris);
  // Those who need the least of their right first: what they leave is divided among the rest.
  const order = [...turns.keys()].filter((i) => turns[i]!.vris > 0)
    .sort((a, b) => limits[a]! / turns[a]!.vris - limits[b]! / turns[b]!.vris);
  const given = turns.map(() => 0);
  let left = cores;
  let vris = order.reduce((sum, i) => sum + turns[i]!.vris, 0);
  for (const i of order) {
    given[i] = Math.min(limits[i]!, left * turns[i]!.vris / vris);
    left -= given[i]!;
    vris -= turns[i]!.vris;
  }
  return given;
}
