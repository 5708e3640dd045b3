/** Numbers in the sentences that explain decisions. */

/** `1 core`, `3 cores`. */
export function cores(count: number): string {
  return count === 1 ? "1 core" : `${count} cores`;
}

/** Frames per second in three digits: `61.2 Kfps`. */
export function rate(fps: number): string {
  if (fps >= 1e6) return `${digits(fps / 1e6)} Mfps`;
  if (fps >= 1e3) return `${digits(fps / 1e3)} Kfps`;
  return `${digits(fps)} fps`;
}

/** `83 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function digits(value: number): string {
  return String(Number(value.toPrecision(value >= 100 ? 4 : 3)));
}
