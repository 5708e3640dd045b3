/** Things that the gateway's loop is waited for to bring about. */

interface Condition {
  readonly met: () => boolean;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export class Conditions {
  #waiting: Condition[] = [];
  #end: { readonly reason: unknown } | null = null;

  /** Resolves at the first `check` that finds it met; rejects when the loop ends before. */
  until(met: () => boolean): Promise<void> {
    if (this.#end !== null) return Promise.reject(this.#end.reason);
    return new Promise((resolve, reject) => this.#waiting.push({ met, resolve, reject }));
  }

  /** Looks at all; the loop calls it in each pass. */
  check(): void {
    this.#waiting = this.#waiting.filter((condition) => {
      if (!condition.met()) return true;
      condition.resolve();
      return false;
    });
  }

  /** The loop has ended: nothing will be met any more. */
  end(reason: unknown): void {
    this.#end = { reason };
    for (const condition of this.#waiting.splice(0)) condition.reject(reason);
  }
}
