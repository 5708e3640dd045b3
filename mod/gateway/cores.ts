/** The cores of one run: which VRIs get, and how long who is there waits before it sleeps. */
import type { Idle } from "../../ffi/core.ts";
import { idle, sharedIdle } from "../config/sizes.ts";
import type { Choice, Core, Placement, PlacementView } from "../vr_monitor/mod.ts";
import type { Seating, Users } from "../vri_monitor/mod.ts";

export interface CoresParts {
  /** Those that lvrm may use, the dispatcher's first; at least one. */
  readonly cores: readonly Core[];
  readonly placement: Placement;
  /** By VR: the very cores of its VRIs; null: the placement chooses. */
  readonly named: readonly (readonly number[] | null)[];
  /** What goes before the placement's choice. */
  readonly idle: Partial<Idle>;
  /** How many there are; one by default. */
  readonly dispatchers?: number;
}

/** A dispatcher beside the first one, as a runner of `replan`. */
export interface Helper extends Choice {
  readonly id: string;
  /** As the library knows it: the first dispatcher is 0. */
  readonly number: number;
}

export class Cores implements Seating {
  readonly #parts: CoresParts;
  #cores: readonly Core[];
  #dispatcher: Core;
  #helpers: readonly Helper[];
  /** Cores of the next VRIs, as long as these are the users. */
  #foreseen: { readonly users: Users; readonly choices: Choice[] } | null = null;

  constructor(parts: CoresParts) {
    const [dispatcher] = parts.cores;
    if (dispatcher === undefined) throw new RangeError("there is no core to place VRIs on");
    this.#parts = parts;
    this.#cores = parts.cores;
    this.#dispatcher = dispatcher;
    this.#helpers = this.#placeHelpers(parts.dispatchers ?? 1);
  }

  /** Where the placement wants dispatchers beside the first, away from cores that VRs name. */
  #placeHelpers(dispatchers: number): Helper[] {
    const users = new Map([[this.#dispatcher.core, 1]]);
    const add = (core: number) => users.set(core, (users.get(core) ?? 0) + 1);
    for (const core of this.#parts.named.flatMap((cores) => cores ?? [])) add(core);
    return Array.from({ length: dispatchers - 1 }, (_, i) => {
      const choice = this.chooseForHelper({
        dispatcher: this.#dispatcher,
        cores: this.#cores,
        users,
      });
      if (choice.core !== null) add(choice.core);
      return { ...choice, id: `dispatcher ${i + 2}`, number: i + 1 };
    });
  }

  chooseForHelper(view: PlacementView): Choice {
    return this.#parts.placement(view);
  }

  /** Dispatchers beside the first. */
  get helpers(): readonly Helper[] {
    return this.#helpers;
  }

  /** By dispatcher, its core; null: the kernel places it. */
  get dispatchers(): readonly (number | null)[] {
    return [this.#dispatcher.core, ...this.#helpers.map(({ core }) => core)];
  }

  get dispatcher(): Core {
    return this.#dispatcher;
  }

  /** How many VRIs have a core of their own, at most. */
  get forVris(): number {
    return Math.max(0, this.#cores.length - 1 - this.#helpers.length);
  }

  /** The dispatchers': each is alone unless others, or VRIs, are to be where it is. */
  get dispatcherIdle(): Idle {
    const users = this.#withDispatchers(new Map());
    const choice = this.#parts.placement({
      dispatcher: this.#dispatcher,
      cores: this.#cores,
      users,
    });
    const isShared = (choice.core !== null && users.has(choice.core)) ||
      [...users.values()].some((count) => count > 1);
    return { ...(isShared ? idle.shared : idle.own), ...this.#parts.idle };
  }

  #withDispatchers(users: Users): Map<number, number> {
    const all = new Map(users);
    for (const core of this.dispatchers) {
      if (core !== null) all.set(core, (all.get(core) ?? 0) + 1);
    }
    return all;
  }

  /** For one more VRI of a VR, of what the view offers. */
  chooseIn(view: PlacementView, vr: number): Choice {
    const named = (this.#parts.named[vr] ?? []).filter((core) =>
      view.cores.some((it) => it.core === core)
    );
    const users = (core: number) => view.users.get(core) ?? 0;
    const [first] = named.sort((a, b) => users(a) - users(b));
    if (first === undefined) return this.#parts.placement(view);
    const isTheirs = this.dispatchers.includes(first);
    return { core: first, why: `named for it${isTheirs ? ", a dispatcher's as well" : ""}` };
  }

  place(vr: number, users: Users): Choice {
    return this.#follow(vr, users, 0);
  }

  next(vr: number, users: Users, rank: number): Choice {
    if ((this.#parts.named[vr] ?? null) !== null) return this.#follow(vr, users, rank);
    // The same for all VRs without cores of their own.
    if (this.#foreseen?.users !== users) this.#foreseen = { users, choices: [] };
    return this.#foreseen.choices[rank] ??= this.#follow(vr, users, rank);
  }

  /** The choice after `rank` others of the VR. */
  #follow(vr: number, users: Users, rank: number): Choice {
    const dispatcher = this.#dispatcher;
    const all = this.#withDispatchers(users);
    const add = (core: number) => all.set(core, (all.get(core) ?? 0) + 1);
    for (let before = 0;; before++) {
      const choice = this.chooseIn({ dispatcher, cores: this.#cores, users: all }, vr);
      if (before === rank) return choice;
      if (choice.core !== null) add(choice.core);
    }
  }

  idle(core: number | null, users: Users, crowded = false): Idle {
    const asked = this.#parts.idle;
    if (crowded) return { ...idle.crowded, ...asked };
    if (core !== null) {
      const dispatchers = this.dispatchers.filter((it) => it === core).length;
      const there = Math.max(1, users.get(core) ?? 0) + dispatchers;
      return { ...(there === 1 ? idle.own : sharedIdle(there)), ...asked };
    }
    // A standby sleeps; and the kernel spreads what it places over free cores, while there are any.
    const vris = [...users.values()].reduce((a, b) => a + b, 0);
    const isRoomy = vris + this.#helpers.length < this.#cores.length;
    return { ...(isRoomy ? idle.own : idle.shared), ...asked };
  }

  /** A standby stays away from the dispatchers while it gets ready. */
  coresFor(active: boolean, core: number | null): readonly number[] {
    if (core !== null) return [core];
    const others = this.#cores.filter((it) => !this.dispatchers.includes(it.core));
    return (active || others.length === 0 ? this.#cores : others).map((it) => it.core);
  }

  /** The machine has other cores now. `moved`: dispatchers beside the first, by their number. */
  replace(
    cores: readonly Core[],
    dispatcher: Core,
    moved: ReadonlyMap<number, number | null> = new Map(),
  ): void {
    if (cores.length > 0) this.#cores = cores;
    this.#dispatcher = dispatcher;
    this.#helpers = this.#helpers.map((it) => {
      const core = moved.get(it.number);
      return core === undefined ? it : { ...it, core };
    });
    this.#foreseen = null;
  }
}
