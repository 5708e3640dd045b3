/** Sets of CPUs as Linux writes them: lists (`0-1,3`) and masks (`00000000,0000000b`). Pure. */
import { parseCpuList } from "../../config/mod.ts";

/** CPUs of a list; none for an empty or malformed one. */
export function fromList(text: string): number[] {
  return text.trim() === "" ? [] : parseCpuList(text) ?? [];
}

/** CPUs of a mask: hexadecimal words of 32 bits, the highest first. */
export function fromMask(text: string): number[] {
  const words = text.trim().split(",").reverse();
  if (!words.every((word) => /^[0-9a-f]{1,8}$/i.test(word))) return [];
  return words.flatMap((word, at) => {
    const bits = parseInt(word, 16);
    return Array.from({ length: 32 }, (_, bit) => bit)
      .filter((bit) => Math.floor(bits / 2 ** bit) % 2 === 1)
      .map((bit) => 32 * at + bit);
  });
}

/** As a list: runs of three and more as ranges. */
export function toList(cores: readonly number[]): string {
  const sorted = [...new Set(cores)].sort((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const core of sorted) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === core - 1) last[1] = core;
    else runs.push([core, core]);
  }
  return runs.map(([first, last]) =>
    first === last ? `${first}` : last === first + 1 ? `${first},${last}` : `${first}-${last}`
  ).join(",");
}
