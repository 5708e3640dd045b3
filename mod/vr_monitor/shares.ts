/**
 * Who gets how many cores when all want more than there is: max-min fair by weight. Everybody's
 * minimum comes first; then each core goes to the VR that wants one more and has the least for its
 * weight, until the cores or the wishes are used up. Pure.
 */

/** One VR that takes part. */
export interface Claim {
  /** At least 1; 0 for a VR whose cores go to others. */
  readonly minimum: number;
  /** At least the minimum. */
  readonly wanted: number;
  /** > 0. */
  readonly weight: number;
  /** What it has now: of VRs that are equally poor, who has the core keeps it. */
  readonly now: number;
}

/**
 * Cores of each claim. Together at most `cores`, but for this: each claim with a minimum gets 1 in
 * any case. Minimums above that are cut, fairly, where they don't fit.
 */
export function share(claims: readonly Claim[], cores: number): number[] {
  const given = claims.map((claim) => Math.min(claim.minimum, 1));
  let left = cores - sum(given);
  left = fill(given, claims, left, (claim) => claim.minimum);
  fill(given, claims, left, (claim) => claim.wanted);
  return given;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** Gives cores one by one up to each claim's limit; returns how many are left. */
function fill(
  given: number[],
  claims: readonly Claim[],
  cores: number,
  limit: (claim: Claim) => number,
): number {
  const unmet = sum(claims.map((claim, i) => Math.max(0, limit(claim) - given[i]!)));
  if (unmet <= cores) { // enough for all: no need to look who is the poorest
    claims.forEach((claim, i) => given[i] = Math.max(given[i]!, limit(claim)));
    return cores - unmet;
  }
  for (; cores > 0; cores--) given[poorest(given, claims, limit)]!++;
  return Math.max(0, cores);
}

/** Of the claims below their limit, the one with the least for its weight. There is one. */
function poorest(
  given: readonly number[],
  claims: readonly Claim[],
  limit: (claim: Claim) => number,
): number {
  let found = -1;
  for (const [i, claim] of claims.entries()) {
    if (given[i]! >= limit(claim)) continue;
    if (found < 0) {
      found = i;
      continue;
    }
    const best = claims[found]!;
    // Cross-multiplied: equal shares compare as equal.
    const mine = given[i]! * best.weight;
    const its = given[found]! * claim.weight;
    const holds = claim.now > given[i]! && best.now <= given[found]!;
    if (mine < its || (mine === its && holds)) found = i;
  }
  return found;
}
