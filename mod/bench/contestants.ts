/** Who takes part in experiments 1a and 1b, and in which order. */
import { manifest } from "../../ffi/abi.gen.ts";
import { preferred, unnamed } from "../gateway/adapters.ts";
import { forwardingRouters } from "./narrowing.ts";
import { Served, Testbed } from "./testbed.ts";
import type { BenchContext } from "./types.ts";

/** What forwards in lvrm. */
export type ForwardingRouter = typeof forwardingRouters[number];

/** Kernel forwarding, or lvrm with an adapter and a router. */
export interface Contestant {
  readonly forwarder: "kernel" | "lvrm";
  readonly adapter: string | null;
  readonly router: ForwardingRouter | null;
}

const kernel: Contestant = { forwarder: "kernel", adapter: null, router: null };

/**
 * The kernel, and every adapter that works here with the paper's forwarders, in C++ and in Click,
 * and with routing.
 */
export function contestants(
  context: Pick<BenchContext, "core" | "router" | "only" | "progress">,
): Contestant[] {
  const all: Contestant[] = [kernel];
  for (const number of preferred()) {
    const adapter = manifest.adapters[number]!;
    if (context.only.adapters !== null && !context.only.adapters.includes(adapter)) continue;
    const reason = context.core.adapterUnavailable(number);
    if (reason !== null) {
      context.progress(`${adapter} takes no part: ${unnamed(adapter, reason)}`);
      continue;
    }
    for (const router of forwardingRouters) {
      if (context.router !== null && context.router !== router) continue;
      all.push({ forwarder: "lvrm", adapter, router });
    }
  }
  return all;
}

/** The order of a repeat: each begins with another, so that drift hits all alike. */
export function rotated<T>(all: readonly T[], repeat: number): T[] {
  const first = repeat % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}

export const nameOf = ({ forwarder, adapter, router }: Contestant): string =>
  forwarder === "kernel" ? "kernel" : `${adapter} ${router}`;

/** Lets a contestant forward in the gateway while `measure` runs; it gets lvrm's processes. */
export async function during(
  bed: Testbed,
  { adapter, router }: Contestant,
  measure: (pids: readonly number[]) => Promise<void>,
): Promise<void> {
  if (adapter === null) {
    await bed.setForwarding(true);
    await measure([]);
    return await bed.setForwarding(false);
  }
  await using served = await Served.start(bed, adapter, router!);
  await measure(served.pids);
}
