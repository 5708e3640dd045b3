/** The cores of one run: which of them VRIs get, and how long who is there waits before it sleeps. */
import type { Idle } from "../../ffi/core.ts";
import { idle } from "../config/sizes.ts";
import type { Core, Placement } from "../vr_monitor/mod.ts";
import type { Seating, Users } from "../vri_monitor/mod.ts";

export interface CoresParts {
  /** Those that lvrm may use, the dispatcher's first; at least one. */
  readonly cores: readonly Core[];
  readonly placement: Placement;
  /** By VR: the very cores of its VRIs; null: the placement chooses. */
  readonly named: readonly (readonly number[] | null)[];
  /** What goes before the placement's choice. */
  readonly idle: Partial<Idle>;
}

export class Cores implements Seating {
  readonly #parts: CoresParts;
  #cores: readonly Core[];
  #dispatcher: Core;
  /** Cores of the next VRIs, as long as these are the users. */
  #foreseen: { readonly users: Users; readonly cores: (number | null)[] } | null = null;

  constructor(parts: CoresParts) {
    const [dispatcher] = parts.cores;
    if (dispatcher === undefined) throw new RangeError("there is no core to place VRIs on");
    this.#parts = parts;
    this.#cores = parts.cores;
    this.#dispatcher = dispatcher;
  }

  get dispatcher(): Core {
    return this.#dispatcher;
  }

  /** How many VRIs have a core of their own, at most. */
  get forVris(): number {
    return this.#cores.length - 1;
  }

  /** The dispatcher's: it is alone unless VRIs are to be where it is. */
  get dispatcherIdle(): Idle {
    const { core } = this.#dispatcher;
    const users = new Map([[core, 1]]);
    const choice = this.#parts.placement({
      dispatcher: this.#dispatcher,
      cores: this.#cores,
      users,
    });
    return { ...(choice.core === core ? idle.shared : idle.own), ...this.#parts.idle };
  }

  /** Of one more VRI. */
  choose(vr: number, users: Users): { readonly core: number | null; readonly why: string } {
    const named = this.#parts.named[vr] ?? null;
    if (named !== null) {
      const usable = named.filter((core) => this.#cores.some((it) => it.core === core));
      const [first] = usable.sort((a, b) => (users.get(a) ?? 0) - (users.get(b) ?? 0));
      if (first !== undefined) return { core: first, why: "named for it" };
    }
    const { core } = this.#dispatcher;
    const all = new Map(users).set(core, (users.get(core) ?? 0) + 1);
    return this.#parts.placement({ dispatcher: this.#dispatcher, cores: this.#cores, users: all });
  }

  place(vr: number, users: Users): number | null {
    return this.choose(vr, users).core;
  }

  next(vr: number, users: Users, rank: number): number | null {
    if ((this.#parts.named[vr] ?? null) !== null) {
      return follow(users, rank, (them) => this.place(vr, them));
    }
    // The same for all VRs without cores of their own.
    if (this.#foreseen?.users !== users) this.#foreseen = { users, cores: [] };
    const { cores } = this.#foreseen;
    for (let i = cores.length; i <= rank; i++) {
      cores.push(follow(users, i, (them) => this.place(vr, them)));
    }
    return cores[rank]!;
  }

  idle(core: number | null, users: Users): Idle {
    const asked = this.#parts.idle;
    if (core !== null) {
      const alone = (users.get(core) ?? 0) <= 1 && core !== this.#dispatcher.core;
      return { ...(alone ? idle.own : idle.shared), ...asked };
    }
    // A standby sleeps; and the kernel spreads what it places over free cores, while there are any.
    const vris = [...users.values()].reduce((a, b) => a + b, 0);
    return { ...(vris < this.#cores.length ? idle.own : idle.shared), ...asked };
  }

  /** A standby stays away from the dispatcher while it gets ready. */
  coresFor(active: boolean, core: number | null): readonly number[] {
    if (core !== null) return [core];
    const others = this.#cores.filter((it) => it !== this.#dispatcher);
    return (active || others.length === 0 ? this.#cores : others).map((it) => it.core);
  }

  /** The machine has other cores now; returns those that are gone. Keeps the dispatcher's. */
  replace(cores: readonly Core[]): Set<number> {
    const left = new Set(cores.map((it) => it.core));
    const gone = new Set(this.#cores.map((it) => it.core).filter((core) => !left.has(core)));
    const [first] = cores;
    if (first === undefined) return gone; // there is nowhere to go
    this.#cores = cores;
    this.#dispatcher = cores.find((it) => it.core === this.#dispatcher.core) ?? first;
    return gone;
  }
}

/** What `place` says after `rank` more VRIs that it placed. */
function follow(
  users: Users,
  rank: number,
  place: (users: Users) => number | null,
): number | null {
  const them = new Map(users);
  for (let i = 0; i < rank; i++) {
    const core = place(them);
    if (core !== null) them.set(core, (them.get(core) ?? 0) + 1);
  }
  return place(them);
}
