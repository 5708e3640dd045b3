/** What the host allows: capabilities, cores and their packages. Reads /proc and /sys. */
import { ExitCode, Failure, parseCpuList } from "../config/mod.ts";
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

function packageOf(core: number): number {
  try {
    const path = `/sys/devices/system/cpu/cpu${core}/topology/physical_package_id`;
    return Number(Deno.readTextFileSync(path));
  } catch {
    return 0; // no sysfs here: take all cores for siblings
  }
}

/**
 * Cores that lvrm may use, the dispatcher's first: `wanted` in its order, else all that this
 * process inherited. Throws Failure (host) for a core that it may not use.
 */
export function usableCores(wanted: readonly number[] | null): Core[] {
  const allowed = parseCpuList(procStatus("Cpus_allowed_list")) ?? [0];
  const foreign = wanted?.find((core) => !allowed.includes(core));
  if (foreign !== undefined) {
    throw new Failure(
      ExitCode.host,
      `--cores: core ${foreign} is not among those that lvrm may use (${allowed.join(",")}): ` +
        `choose from these`,
    );
  }
  return (wanted ?? allowed).map((core) => {
    const socket = packageOf(core);
    return { core, package: socket, l3: socket, node: socket, smt: core, capacity: 1024 };
  });
}
