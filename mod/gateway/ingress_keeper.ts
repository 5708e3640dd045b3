/**
 * The ingress table of a run, kept in step with the plan: where it can't follow, lvrm goes on
 * forwarding and tries again.
 */
import { wants as wantBits } from "../../ffi/abi.gen.ts";
import { ExitCode, Failure } from "../config/mod.ts";
import { wantedRanges } from "../ingress/mod.ts";
import type { AddressRange, IngressPlan, IngressTable } from "../ingress/mod.ts";
import { getLogger } from "../log/mod.ts";
import type { Prefix } from "../netlink/mod.ts";
import { hasPort } from "../vri_monitor/mod.ts";
import type { ServedPrefix } from "../vri_monitor/mod.ts";
import type { VrWants } from "../vri_monitor/mod.ts";
import type { Port } from "./ports.ts";
import { requireUnshared } from "./table.ts";

const log = getLogger(["lvrm", "gateway"]);
const retry_ms = 1000;

/** What the ingress plan is made of. `wants`: by VR. */
export interface IngressState {
  readonly ports: readonly Port[];
  readonly served: readonly ServedPrefix[];
  readonly wants: readonly VrWants[];
  readonly local: readonly Prefix[];
}

/** The ingress plan that says what the classifier of this state does. */
export function ingressPlan({ ports, served, wants, local }: IngressState): IngressPlan {
  const known = new Map<string, readonly AddressRange[]>(); // most ports are watched by the same
  const sourcesOn = (port: number): readonly AddressRange[] => {
    const watching = wants.map((vr) =>
      (vr.wants & wantBits.promiscuous) !== 0 && hasPort(vr.ports, port)
    );
    const key = watching.join();
    const ranges = known.get(key) ??
      wantedRanges(served.map(({ prefix, vr }) => ({ prefix, wanted: watching[vr] ?? false })));
    known.set(key, ranges);
    return ranges;
  };
  return {
    ports: ports.map(({ port, name, vlan }) => ({
      interface: name,
      vlan,
      promiscuous: sourcesOn(port),
    })),
    served: served.map(({ prefix }) => prefix),
    local,
  };
}

/** Keeps a table; without one (the kernel doesn't forward then) all succeeds. */
export class IngressKeeper {
  readonly #table: Pick<IngressTable, "apply" | "foreignTables"> | null;
  readonly #plan: () => IngressPlan;
  #dirty = false;
  #retryAt_ms = -Infinity;
  #told = "";

  constructor(
    table: Pick<IngressTable, "apply" | "foreignTables"> | null,
    plan: () => IngressPlan,
  ) {
    this.#table = table;
    this.#plan = plan;
  }

  /**
   * Makes the table, when nobody else serves the same: another lvrm may have started since the
   * first look. Throws Failure (host).
   */
  begin(): void {
    try {
      if (this.#table !== null) requireUnshared(this.#table, this.#plan());
      this.#table?.apply(this.#plan());
      this.#dirty = false;
    } catch (error) {
      if (error instanceof Failure) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new Failure(ExitCode.host, `cannot keep served frames from the kernel: ${reason}`);
    }
  }

  /** The table has to follow a change. */
  touch(): void {
    this.#dirty = true;
  }

  /** When to call `refresh` again although nothing happens; Infinity for never. */
  get due_ms(): number {
    return this.#dirty ? this.#retryAt_ms : Infinity;
  }

  /** Brings the table up to date where it isn't, a second after it failed. True: it is. */
  refresh(now_ms: number): boolean {
    if (!this.#dirty) return true;
    if (now_ms < this.#retryAt_ms) return false;
    try {
      this.#table?.apply(this.#plan());
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== this.#told) {
        log.error("the ingress table could not follow a change, and is tried again: {reason}", {
          reason,
        });
      }
      this.#told = reason;
      this.#retryAt_ms = now_ms + retry_ms;
      return false;
    }
    this.#dirty = false;
    this.#retryAt_ms = -Infinity;
    this.#told = "";
    return true;
  }
}
