/** Token buckets, one per key. Pure: time comes with every call. */

/** Allows `burst` at once and `perSecond` in the long run, for each key. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, { tokens: number; at_ms: number }>();

  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /** Takes one token of `key`'s bucket; false where it is empty. */
  take(key: string, now_ms: number): boolean {
    const bucket = this.#buckets.get(key) ?? { tokens: this.#burst, at_ms: now_ms };
    const refill = Math.max(0, now_ms - bucket.at_ms) * this.#perSecond / 1000;
    const tokens = Math.min(this.#burst, bucket.tokens + refill);
    const allowed = tokens >= 1;
    this.#buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, at_ms: now_ms });
    return allowed;
  }

  /** Forgets buckets that are full again: they say no more than a missing one. */
  prune(now_ms: number): void {
    const refilled_ms = this.#burst / this.#perSecond * 1000;
    for (const [key, bucket] of this.#buckets) {
      if (now_ms - bucket.at_ms > refilled_ms) this.#buckets.delete(key);
    }
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.#buckets.size;
  }
}
