/** What the host allows: capabilities and cores. */
import { ExitCode, Failure } from "../config/mod.ts";
import { usableTopology } from "../vr_monitor/mod.ts";
import type { Core } from "../vr_monitor/mod.ts";

/** Linux capabilities that lvrm cannot do without, by bit number. */
const needed = { CAP_NET_ADMIN: 12, CAP_NET_RAW: 13 } as const;

function procStatus(field: string): string {
  const line = Deno.readTextFileSync("/proc/self/status").split("\n")
    .find((l) => l.startsWith(`${field}:`));
  return line?.slice(field.length + 1).trim() ?? "";
}

/** Throws Failure (host) when a capability is missing. */
export function requireCapabilities(): void {
  const effective = BigInt(`0x${procStatus("CapEff") || "0"}`);
  const missing = Object.entries(needed)
    .filter(([, bit]) => ((effective >> BigInt(bit)) & 1n) === 0n)
    .map(([name]) => name);
  if (missing.length === 0) return;
  throw new Failure(
    ExitCode.host,
    `no permission to capture frames (${missing.join(" and ")} missing): run lvrm as root, ` +
      `for example with sudo`,
  );
}

/**
 * Cores that lvrm may use, the dispatcher's first: `wanted` in its order, else all that this
 * process inherited. Throws Failure (configuration) for cores that it may not use.
 */
export function usableCores(wanted: readonly number[] | null): readonly Core[] {
  return usableTopology(wanted).cores;
}
