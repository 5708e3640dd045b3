/** Range checks: V8 stops checking the arguments of a foreign call once it is hot. Pure. */

/** Largest unsigned 32-bit number. */
export const u32Max = 0xffff_ffff;

/** Returns `value`; throws RangeError unless it is an integer from `low` to `high`. */
export function checked(name: string, value: number, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new RangeError(`${name} must be an integer from ${low} to ${high}, not ${value}`);
}
