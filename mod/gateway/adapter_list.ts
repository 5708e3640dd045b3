/** `lvrm adapters`: which socket adapters work on which interfaces, found out by opening them. */
import { join } from "node:path";
import { manifest } from "../../ffi/abi.gen.ts";
import { Core, CoreError } from "../../ffi/core.ts";
import { RouteMonitor } from "../routing/mod.ts";
import { runtimeDirectory } from "../runtime/mod.ts";
import { disqualified, preferred, unnamed } from "./adapters.ts";
import { requireCapabilities } from "./host.ts";
import { arena, slotsFor } from "../config/sizes.ts";
import { choosePorts } from "./ports.ts";
import type { Port } from "./ports.ts";

/** One adapter on one interface. */
export interface AdapterRow {
  readonly interface: string;
  readonly adapter: string;
  /** Null: it wasn't tried. */
  readonly available: boolean | null;
  /** What `auto` takes on this interface. */
  readonly chosen: boolean;
  /** What the adapter tells of itself. */
  readonly info: string;
  /** Why it isn't available, or was not tried. */
  readonly reason: string;
}

/**
 * Opens every adapter on these interfaces, or on those that a run would serve, and closes it again.
 * Throws Failure (host).
 */
export function listAdapters(names: readonly string[]): AdapterRow[] {
  requireCapabilities();
  const core = Core.load(join(runtimeDirectory(), "lib", "liblvrm.so"));
  try {
    const routes = new RouteMonitor(core.netlink);
    routes.open();
    try {
      const wanted = names.map((name) => ({ name, vlan: null }));
      const ports = choosePorts(wanted, routes.links(), routes.addresses());
      createVr(core, ports.map((port) => port.mtu));
      return ports.flatMap((port) => rowsOf(core, port, names.length > 0));
    } finally {
      routes.close();
    }
  } finally {
    core.close();
  }
}

/** A single VR: whether its arena takes frames without a copy is found out with the rest. */
function createVr(core: Core, mtus: readonly number[]): void {
  const { bytes: slotBytes, count: slotCount } = slotsFor(mtus, 1);
  const kernelCount = slotBytes === arena.slot_bytes ? arena.kernel_slots : 0;
  core.vrCreate({
    ...{ vr: 0, slotBytes, slotCount, kernelCount, balancer: 0, byFrame: false },
    ...{ loadEstimator: 0, loadWeight: 1, flowCount: 16, flowIdleMs: 1 },
  });
}

/** A driver of hardware may take the link down for a moment when an XDP program comes or goes. */
function isHardware(name: string): boolean {
  try {
    return Deno.statSync(`/sys/class/net/${name}/device`).isDirectory;
  } catch {
    return false;
  }
}

function rowsOf(core: Core, port: Port, isNamed: boolean): AdapterRow[] {
  let chosen = false;
  return preferred().map((adapter): AdapterRow => {
    const name = manifest.adapters[adapter]!;
    const row = { interface: port.name, adapter: name, chosen: false, info: "", reason: "" };
    if (name === "af_xdp" && !isNamed && isHardware(port.name)) {
      const reason = "not tried: attaching an XDP program may take the link down for a moment; " +
        `to try: lvrm adapters ${port.name}`;
      return { ...row, available: null, reason };
    }
    const missing = core.adapterUnavailable(adapter);
    if (missing !== null) return { ...row, available: false, reason: missing };
    try {
      core.portOpen({ ...port, adapter, receiveBufferBytes: 0 });
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      return { ...row, available: false, reason: error.message };
    }
    const info = core.portDescription(port.port);
    core.portClose(port.port);
    const first = !chosen && disqualified(adapter, info) === null;
    chosen ||= first;
    return { ...row, available: true, chosen: first, info };
  });
}

/** As a table. Pure. */
export function formatAdapters(rows: readonly AdapterRow[]): string {
  const lines = [
    ["INTERFACE", "ADAPTER", "WORKS", ""],
    ...rows.map((row) => [
      row.interface,
      row.adapter,
      row.available === null ? "?" : row.available ? "yes" : "no",
      row.chosen ? ["auto takes it", row.info].filter((it) => it !== "").join("; ") : (
        row.available === true ? row.info : unnamed(row.adapter, row.reason)
      ),
    ]),
  ];
  const widths = [0, 1, 2].map((i) => Math.max(...lines.map((line) => line[i]!.length)));
  return lines.map((line) =>
    line.map((text, i) => text.padEnd(widths[i] ?? 0)).join("  ").trimEnd() + "\n"
  ).join("");
}
