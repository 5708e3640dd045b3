/** The ingress table of a run, tried before anything starts. */
import { ExitCode, Failure } from "../config/mod.ts";
import { conflicts, IngressTable } from "../ingress/mod.ts";
import type { IngressPlan } from "../ingress/mod.ts";
import type { NetlinkCalls } from "../netlink/mod.ts";
import { bypassWarning } from "./warnings.ts";

/**
 * The table, tried and still empty of rules. Null where the kernel can't have it and doesn't
 * forward either (a warning says so). Throws Failure (host) where it forwards, or where another
 * lvrm serves the same.
 */
export function openTable(
  calls: NetlinkCalls,
  plan: IngressPlan,
  forwarding: boolean,
  warnings: string[],
): IngressTable | null {
  const table = new IngressTable(calls, { pid: Deno.pid });
  try {
    requireUnshared(table, plan);
    const bypassed = bypassWarning(table.bypassedChains());
    if (bypassed !== null) warnings.push(bypassed);
    table.apply({ ...plan, served: [] });
  } catch (error) {
    table.close();
    if (error instanceof Failure) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    if (forwarding) {
      throw new Failure(
        ExitCode.host,
        `cannot keep served frames from the kernel, which would forward them too: ${reason}; ` +
          `either give the kernel nf_tables with netdev ingress (Linux 5.12 or newer), or turn ` +
          `its forwarding off: sysctl -w net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0`,
      );
    }
    warnings.push(
      `no ingress table (${reason}): keep the kernel's forwarding off while lvrm runs`,
    );
    return null;
  }
  return table;
}

/** Throws Failure (host) where another running lvrm serves the same sources on the same port. */
export function requireUnshared(
  table: Pick<IngressTable, "foreignTables">,
  plan: IngressPlan,
): void {
  const [clash] = conflicts(plan, table.foreignTables());
  if (clash !== undefined) throw new Failure(ExitCode.host, clash);
}
