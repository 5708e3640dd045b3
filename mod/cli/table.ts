/** The status as tables for a terminal. Pure. */
import type { CaptureReport } from "../../ffi/replay.ts";
import type { Status, VrStatus } from "../metrics/mod.ts";
import { changeOf, outcomeOf } from "../vr_monitor/mod.ts";

/** Columns; numbers to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, column) => {
      const width = widths[column]!;
      return /^[\d,.]+( %)?$/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
    }).join("  ").trimEnd()
  ).join("\n");
}

const count = (frames: number) => frames.toLocaleString("en-US");

function dropText(drops: Readonly<Record<string, number>>): string {
  const parts = Object.entries(drops).map(([reason, frames]) => `${reason} ${count(frames)}`);
  return parts.length === 0 ? "-" : parts.join(", ");
}

/** As many as it has; of how many, where it wants more; and whether its VRIs fail. */
function coresText({ cores, wanted_cores, starved, broken }: VrStatus): string {
  if (broken) return `${cores} (broken)`;
  return starved ? `${cores} of ${wanted_cores} (starved)` : String(cores);
}

function uptime(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts: [number, string][] = [
    [Math.floor(whole / 86400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  return parts.slice(first < 0 ? 3 : first).map(([value, unit]) => `${value} ${unit}`).join(" ");
}

/** The file that an offline run wrote. */
export function formatCapture(path: string, report: CaptureReport): string {
  return `${path}: ${count(report.writtenFrames)} frames, ${count(report.writtenBytes)} bytes\n`;
}

/** Why interfaces have the adapter they have, where `auto` chose. */
function adaptersText(status: Status): string {
  const chosen = status.interfaces.filter((it) => it.adapter_why.startsWith("the best"));
  const reasons = Map.groupBy(chosen, (it) => `${it.adapter}: ${it.adapter_why}`);
  return [...reasons].map(([why, all]) => `\n${all.map((it) => it.name).join(", ")} by ${why}`)
    .join("");
}

/** Decisions that the tables show; `--json` has more. */
const shownDecisions = 5;

/** The latest decisions about cores, the last one first; nothing where there are none. */
function decisionsText({ decisions, uptime_s }: Status): string[] {
  if (decisions.length === 0) return [];
  const rows = decisions.slice(-shownDecisions).reverse().map((it) => [
    it.vr,
    `${uptime(Math.max(0, uptime_s - it.uptime_ms / 1000))} ago`,
    changeOf(it),
    `${it.reason}${outcomeOf(it)}`,
  ]);
  return [table([["DECISION", "WHEN", "CHANGE", "WHY"], ...rows])];
}

/** Everything on one screen: interfaces, VRs, VRIs, totals. */
export function formatStatus(status: Status): string {
  // Shown where there is such a thing: frames that the dispatcher did not copy.
  const uncopied = status.interfaces.some((i) => i.uncopied_frames > 0);
  const interfaces = table([
    ["INTERFACE", "ADAPTER", "RECEIVED", ...(uncopied ? ["UNCOPIED"] : []), "SENT", "MISSED"],
    ...status.interfaces.map((i) => [
      i.name,
      i.adapter_info === "" ? i.adapter : `${i.adapter} (${i.adapter_info})`,
      count(i.received_frames),
      ...(uncopied ? [count(i.uncopied_frames)] : []),
      count(i.sent_frames),
      count(i.missed_frames),
    ]),
  ]);
  const vrs = table([
    ["VR", "ROUTER", "SUBNETS", "CORES", "FPS", "RECEIVED", "SENT", "DROPPED", "WHY"],
    ...status.vrs.map((vr) => [
      vr.name,
      vr.router,
      vr.subnets.length > 3
        ? `${vr.subnets.slice(0, 3).join(", ")}, … (${vr.subnets.length})`
        : vr.subnets.join(", "),
      coresText(vr),
      count(Math.round(vr.arrival_rate_fps)),
      count(vr.received_frames),
      count(vr.sent_frames),
      count(vr.dropped_frames),
      dropText(vr.drops),
    ]),
  ]);
  const vris = table([
    ["VRI", "STATE", "PID", "CORE", "BUSY", "RECEIVED", "SENT", "QUEUE", "RESTARTS", "REASON"],
    ...status.vrs.flatMap((vr) => vr.vris).map((vri) => [
      vri.id,
      vri.state,
      vri.pid === null ? "-" : String(vri.pid),
      vri.state === "standby" ? "-" : String(vri.core ?? "any"),
      `${Math.round(100 * vri.busy_fraction)} %`,
      count(vri.received_frames),
      count(vri.sent_frames),
      count(vri.queue_frames),
      count(vri.restarts),
      vri.reason ?? (vri.last_failure === null ? "-" : `before: ${vri.last_failure}`),
    ]),
  ]);
  const t = status.totals;
  const several = status.dispatchers.length < 2 ? [] : [table([
    ["DISPATCHER", "CORE", "RECEIVED", "SENT"],
    ...status.dispatchers.map((it, i) => [
      String(i + 1),
      String(it.core ?? "any"),
      count(it.received_frames),
      count(it.sent_frames),
    ]),
  ])];
  const totals = `received ${count(t.received_frames)} + originated ` +
    `${count(t.originated_frames)} + replicated ${count(t.replicated_frames)} = sent ` +
    `${count(t.sent_frames)} + dropped ${count(t.dropped_frames)} + kept by the kernel ` +
    `${count(t.kept_by_kernel_frames)} + in flight ${count(t.in_flight_frames)}`;
  const head = `lvrm ${status.version}, up ${uptime(status.uptime_s)}`;
  const ports = interfaces + adaptersText(status);
  return [head, ports, ...several, vrs, vris, ...decisionsText(status), `frames: ${totals}`].join(
    "\n\n",
  ) + "\n";
}
