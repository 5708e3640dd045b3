/**
 * Bounds how much of a VR's output reaches the log: a VR that prints without end would otherwise
 * cost the control plane its time and the disk its space. Pure but for the clock that it is given.
 */

const linesPerSecond = 50;
const burstLines = 200;

/** Passes lines on while there are few; then counts what it leaves out, and says so. */
export class LineLimit {
  readonly #pass: (line: string) => void;
  readonly #now_ms: () => number;
  #tokens: number = burstLines;
  #filled_ms: number;
  #left = 0;

  constructor(pass: (line: string) => void, now_ms: () => number) {
    this.#pass = pass;
    this.#now_ms = now_ms;
    this.#filled_ms = now_ms();
  }

  /** A line that the VR printed. */
  line(text: string): void {
    const now_ms = this.#now_ms();
    const earned = (now_ms - this.#filled_ms) * linesPerSecond / 1000;
    this.#tokens = Math.min(burstLines, this.#tokens + earned);
    this.#filled_ms = now_ms;
    if (this.#tokens < 1) {
      this.#left++;
      return;
    }
    if (this.#left > 0) this.#pass(`(${this.#left} lines left out)`);
    this.#left = 0;
    this.#tokens--;
    this.#pass(text);
  }
}
