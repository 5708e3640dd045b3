/** What the demo shows besides its steps: the testbed's picture and the table of its traffic. */
import type { Status, Testbed } from "../../tests/testbed/mod.ts";

/** The testbed, with addresses. */
export function picture(bed: Testbed): string {
  const left = (name: "s1" | "s2"): string =>
    `${name}  ${bed[name].link.host4}, ${bed[name].link.host6}`.padEnd(27);
  const right = (name: "r1" | "r2"): string =>
    `${name}  ${bed[name].link.host4}, ${bed[name].link.host6}`;
  return [
    "",
    `  ${left("s1")}──┐             ┌──  ${right("r1")}`,
    `  ${" ".repeat(27)}  ├── gateway ──┤`,
    `  ${left("s2")}──┘    lvrm     └──  ${right("r2")}`,
    "",
  ].join("\n");
}

/** What each VR and VRI carried. */
export function carried(status: Status): string {
  const rows: string[][] = [["", "subnets or pid", "received", "sent", "dropped", "restarts"]];
  for (const vr of status.vrs) {
    const restarts = vr.vris.reduce((sum, vri) => sum + vri.restarts, 0);
    const [first, ...others] = vr.subnets;
    const counts = [vr.received_frames, vr.sent_frames, vr.dropped_frames, restarts];
    rows.push([vr.name, first ?? "", ...counts.map(String)]);
    for (const subnet of others) rows.push(["", subnet, "", "", "", ""]);
    const drops = Object.entries(vr.drops).filter(([, frames]) => frames > 0);
    for (const [reason, frames] of drops) rows.push(["", `  ${reason}`, "", "", `${frames}`, ""]);
    for (const vri of vr.vris) {
      const standby = vri.state === "standby";
      const core = standby ? ", standby" : vri.core === null ? "" : `, core ${vri.core}`;
      const numbers = [vri.received_frames, vri.sent_frames].map(String);
      const restarted = String(vri.restarts);
      rows.push([`  ${vri.id}`, `pid ${vri.pid}${core}`, ...numbers, "", restarted]);
    }
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: string[]): string =>
    row.map((cell, column) =>
      column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
    ).join("  ").trimEnd();
  const [head, ...rest] = rows.map(line);
  return [head, "─".repeat(widths.reduce((a, b) => a + b + 2, -2)), ...rest, ""].join("\n");
}
