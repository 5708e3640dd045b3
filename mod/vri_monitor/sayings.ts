/**
 * What VRIs print, on its way to the log. A start that fails says one thing only, so lines wait
 * until lvrm serves; who looks with `--log-level debug` has them at once.
 */

/** Where lines go. */
export interface SayingsLog {
  isEnabledFor(level: "debug"): boolean;
  info(message: string, about: Record<string, unknown>): void;
  debug(message: string, about: Record<string, unknown>): void;
}

export class Sayings {
  readonly #log: SayingsLog;
  /** Null: lvrm serves. */
  #waiting: { readonly vri: string; readonly line: string }[] | null = [];

  constructor(log: SayingsLog) {
    this.#log = log;
  }

  say(vri: string, line: string): void {
    if (this.#waiting === null) this.#log.info("{vri} says: {line}", { vri, line });
    else if (this.#log.isEnabledFor("debug")) this.#log.debug("{vri} says: {line}", { vri, line });
    else this.#waiting.push({ vri, line });
  }

  /** lvrm serves: what waited is said, and all else at once from now on. */
  serve(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const { vri, line } of waiting) this.say(vri, line);
  }
}
