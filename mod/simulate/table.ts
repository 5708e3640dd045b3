/** A simulation's outcome as a table for people. Pure. */
import { cores as coresOf } from "../vr_monitor/words.ts";
import type { Report } from "./run.ts";
import type { Outcome } from "./types.ts";

const shownVrs = 20;

/** What the report says, and what it is measured by. */
export function formatReport(report: Report, took_s: number): string {
  const { total, vrs } = report;
  const shown = vrs.length > shownVrs ? worst(vrs) : vrs;
  const unit = total.core_seconds < 36_000
    ? { name: "core-seconds", s: 1 }
    : { name: "core-hours", s: 3600 };
  const lines = table([
    ["VR", "dropped", unit.name, "oracle", "ratio", "fixed", "reallocs/h", "react p99"],
    ...[...shown, total].map((it) => cells(it, unit.s)),
  ]);
  const hidden = vrs.length - shown.length;
  return [
    `${report.scenario}: ${vrs.length} ${vrs.length === 1 ? "VR" : "VRs"} on ` +
    `${coresOf(report.cores)}, ` +
    `${hours(report.simulated_s)} in ${took_s.toFixed(1)} s, seed ${report.seed}`,
    "",
    ...lines,
    ...(hidden > 0 ? ["", `${hidden} more VRs, with fewer drops, are in --json`] : []),
    "",
    "dropped: frames lost for lack of cores. oracle: it knows what will arrive in each period and",
    "has the fewest cores for it. ratio, fixed: core time by the oracle's, as simulated and with",
    "its most cores all the time. react: from too much traffic to enough cores, if any are left.",
    ...(total.starved_share > 0
      ? [`starved: ${percent(total.starved_share)} of the VRs' time: they want more than there is.`]
      : []),
    "",
  ].join("\n");
}

function worst(vrs: readonly Outcome[]): Outcome[] {
  const order = [...vrs].sort((a, b) => b.dropped_share - a.dropped_share);
  const shown = new Set(order.slice(0, shownVrs));
  return vrs.filter((vr) => shown.has(vr));
}

function cells(it: Outcome, unit_s: number): string[] {
  return [
    it.vr,
    percent(it.dropped_share),
    (it.core_seconds / unit_s).toFixed(unit_s === 1 ? 1 : 2),
    (it.oracle_core_seconds / unit_s).toFixed(unit_s === 1 ? 1 : 2),
    it.ratio.toFixed(3),
    it.fixed_peak_ratio.toFixed(3),
    it.reallocations_per_hour.toFixed(1),
    it.reactions === 0 ? "-" : `${Math.round(it.reaction_ms_p99)} ms`,
  ];
}

function percent(share: number): string {
  return share === 0 ? "0 %" : `${(share * 100).toFixed(4)} %`;
}

function hours(s: number): string {
  return s >= 3600 ? `${Number((s / 3600).toFixed(2))} h` : `${Number(s.toFixed(1))} s`;
}

/** Columns as wide as they need, the first to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join("  ")
  );
}
