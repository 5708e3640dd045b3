/** Numbers of VRIs: each belongs to one link at a time; the lowest that was given back is next. */

export class VriNumbers {
  readonly #limit: number;
  #free: number[] = [];
  #next = 0;

  /** `limit`: how many there are. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A number that nobody has, or null. */
  take(): number | null {
    const free = this.#free.shift();
    if (free !== undefined) return free;
    return this.#next < this.#limit ? this.#next++ : null;
  }

  /** Gives numbers back. */
  give(...numbers: readonly number[]): void {
    this.#free.push(...numbers);
    this.#free.sort((a, b) => a - b);
  }
}
