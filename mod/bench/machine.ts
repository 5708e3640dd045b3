/** What the figures were measured on, and on which cores. */
import { usableCores } from "../gateway/host.ts";

/** The machine, as a reader of the figures wants to know it. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  /** CPU of the dispatcher, then those of VRIs. */
  readonly used_cores: readonly number[];
  /** Runnable processes over the last minute before the run: above 0, others share the cores. */
  readonly load_average: number;
}

/** Describes this machine; the cores are those that this process may use. */
export function describeMachine(): Machine {
  const cpus = Deno.readTextFileSync("/proc/cpuinfo");
  const model = /^model name\s*:\s*(.*)$/m.exec(cpus)?.[1] ?? "unknown";
  return {
    cpu: model.trim(),
    cores: navigator.hardwareConcurrency,
    kernel: Deno.osRelease(),
    used_cores: usableCores(null).map((core) => core.core),
    load_average: Deno.loadavg()[0]!,
  };
}
