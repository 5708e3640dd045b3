/**
 * Notices that cores went offline, were taken from lvrm, or came back: two small files per period,
 * and all of the topology only when they changed. What follows from it is in `replan.ts`.
 */
import type { Core } from "../placements/types.ts";
import { SystemFiles } from "./files.ts";
import { readAffinity, readPermitted } from "./permitted.ts";
import { readOnline, readTopology } from "./read.ts";
import { usableNow } from "./usable.ts";

/** A core that can't be used any more. */
export interface GoneCore {
  readonly core: number;
  /** False: it is online, but lvrm's cpuset or affinity has it no more. */
  readonly offline: boolean;
}

export interface CoreChange {
  /** All that can be used now, in the order of before, new ones last; may be empty. */
  readonly cores: readonly Core[];
  readonly gone: readonly GoneCore[];
  /** CPU numbers that can be used again, or for the first time. */
  readonly back: readonly number[];
}

/** A process that should run on one core; null: on any. */
export interface Pinned {
  readonly pid: number;
  readonly core: number | null;
}

/** Processes looked at per period: each costs a system call. */
const looksPerPeriod = 64;

export class CoreWatch {
  readonly #files: SystemFiles;
  readonly #root: string;
  readonly #wanted: readonly number[] | null;
  /** Every core seen so far, as first seen: groups are named after cores that may be gone now. */
  readonly #known: Map<number, Core>;
  #cores: readonly Core[];
  #seen: string;
  #next = 0;
  readonly #reported = new Set<number>();

  /** `cores`: those in use, as `usableTopology(wanted, root)` gave them. */
  constructor(wanted: readonly number[] | null, cores: readonly Core[], root = "/") {
    this.#files = new SystemFiles(root);
    this.#root = root;
    this.#wanted = wanted;
    this.#cores = cores;
    this.#known = new Map(cores.map((core) => [core.core, core]));
    this.#seen = this.#state();
  }

  /** Once per period: null when nothing changed. */
  look(): CoreChange | null {
    const state = this.#state();
    if (state === this.#seen) return null;
    this.#seen = state;
    const machine = readTopology(this.#root);
    const now = usableNow(this.#wanted, machine, readPermitted(this.#root));
    const usable = new Set(now.map(({ core }) => core));
    const had = new Set(this.#cores.map(({ core }) => core));
    const online = new Set(machine.cores.map(({ core }) => core));
    const gone = this.#cores.filter(({ core }) => !usable.has(core))
      .map(({ core }) => ({ core, offline: !online.has(core) }));
    const back = now.filter(({ core }) => !had.has(core));
    if (gone.length === 0 && back.length === 0) return null;
    for (const core of back) this.#learn(core, machine.cores);
    this.#cores = [
      ...this.#cores.filter(({ core }) => usable.has(core)),
      ...back.map(({ core }) => this.#known.get(core)!),
    ];
    this.#reported.clear();
    return { cores: this.#cores, gone, back: back.map(({ core }) => core) };
  }

  /**
   * Those that should be pinned to a usable core and aren't: the kernel breaks the affinity of
   * what runs on a core that goes offline, and doesn't mend it when the core is back soon. A few
   * are looked at per call, in turn. Each is told of once until the cores change: who sets its own
   * affinity is left alone then.
   */
  strays<T extends Pinned>(all: readonly T[], pinnedTo: (pid: number) => number | null): T[] {
    const usable = new Set(this.#cores.map(({ core }) => core));
    const count = Math.min(all.length, looksPerPeriod);
    const first = this.#next;
    this.#next = all.length === 0 ? 0 : (first + count) % all.length;
    return Array.from({ length: count }, (_, i) => all[(first + i) % all.length]!)
      .filter(({ pid, core }) => {
        if (core === null || !usable.has(core) || this.#reported.has(pid)) return false;
        if (pinnedTo(pid) === core) return false;
        this.#reported.add(pid);
        return true;
      });
  }

  #state(): string {
    return `${readOnline(this.#files)};${readAffinity(this.#files)}`;
  }

  /** Takes in a new core, under the names that its groups had before. */
  #learn(core: Core, machine: readonly Core[]): void {
    if (this.#known.has(core.core)) return;
    const name = (group: "l3" | "smt") => {
      const mate = machine.find((it) => it[group] === core[group] && this.#known.has(it.core));
      return mate === undefined ? core[group] : this.#known.get(mate.core)![group];
    };
    this.#known.set(core.core, { ...core, l3: name("l3"), smt: name("smt") });
  }
}
