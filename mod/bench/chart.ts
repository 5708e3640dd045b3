/** Cores over time as a small chart for a terminal, and as plain lines elsewhere. Pure. */
import type { AdaptRow } from "./adapt.ts";

/** Periods that a chart shows: the last ones. */
const columns = 68;

const mark = (cores: number, ideal: number, level: number): string => {
  if (cores >= level) return ideal >= level ? "█" : "▒";
  return ideal >= level ? "░" : " ";
};

/** One line about the last period of a VR. */
export function plainLine(row: AdaptRow, paced: boolean): string {
  const k = (fps: number) => String(Math.round(fps / 1000)).padStart(3);
  const bar = "█".repeat(row.cores).padEnd(7);
  return `${row.t_s.toFixed(1).padStart(5)} s  ${row.vr}  offered ${k(row.offered_fps)} Kfps  ` +
    `carried ${k(row.carried_fps)}  cores ${bar} ${row.cores} of ${row.ideal_cores}` +
    (paced ? "  paced" : "");
}

/** Lines of the chart: for each VR the last figures, then cores against the ideal. */
export function drawChart(rows: readonly AdaptRow[], levels: number, paced: boolean): string[] {
  const lines: string[] = [];
  for (const vr of new Set(rows.map((row) => row.vr))) {
    const own = rows.filter((row) => row.vr === vr);
    const shown = own.slice(-columns);
    lines.push(plainLine(own.at(-1)!, paced));
    for (let level = levels; level > 0; level--) {
      const cells = shown.map(({ cores, ideal_cores }) => mark(cores, ideal_cores, level));
      lines.push(`${String(level).padStart(3)} ┤${cells.join("")}`.trimEnd());
    }
    lines.push(`    └${"─".repeat(shown.length)}`);
  }
  return [...lines, "    █ cores  ░ fewer than the ideal  ▒ more than the ideal"];
}

/**
 * What moves the cursor up over the lines drawn before, and draws these: each on one line, also
 * where the terminal is narrower (no wrapping meanwhile).
 */
export function redraw(lines: readonly string[], before: number): string {
  const up = before === 0 ? "" : `\x1b[${before}A`;
  return `\x1b[?7l${up}${lines.map((line) => `${line}\x1b[K`).join("\n")}\x1b[?7h`;
}

/** What takes these lines away; the line that it is written as leaves none of its own. */
export function erase(before: number): string {
  return `\x1b[${before}A\x1b[J\x1b[A`;
}
