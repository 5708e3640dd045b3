/** Which name was meant. Pure. */

/** Letters to insert, delete, change or swap, at least, to make one word of the other. */
export function distance(a: string, b: string): number {
  let earlier: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? earlier[j - 2]! + 1 : Infinity;
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1, swapped));
    }
    earlier = row;
    row = next;
  }
  return row[b.length]!;
}

const plain = (name: string) => name.toLowerCase().replaceAll(/[-_\s]/g, "");

/**
 * The name nearest to `word`, or null where none is near: at most every third letter differs, or
 * it is the only one that begins so.
 */
export function nearest(word: string, names: readonly string[]): string | null {
  const meant = plain(word.slice(0, 64));
  let best: string | null = null;
  let least = Math.max(1, Math.floor(meant.length / 3)) + 1;
  for (const name of names) {
    const steps = distance(meant, plain(name));
    if (steps >= least) continue;
    [best, least] = [name, steps];
  }
  return best ?? (meant.length < 3 ? null : onlyOne(names.filter((name) => {
    return plain(name).startsWith(meant);
  })));
}

const onlyOne = (names: readonly string[]) => names.length === 1 ? names[0]! : null;

/** ` did you mean NAME?`, or nothing. */
export function meant(word: string, names: readonly string[]): string {
  const name = nearest(word, names);
  return name === null ? "" : ` did you mean ${name}?`;
}
