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
}

export class Cores implements Seating {
  readonly #parts: CoresParts;
  #cores: readonly Core[];
  #dispatcher: Core;
  /** Cores of the next VRIs, as long as these are the users. */
  #foreseen: { readonly users: Users; readonly choices: Choice[] } | null = null;

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

  /** For one more VRI of a VR, of what the view offers. */
  chooseIn(view: PlacementView, vr: number): Choice {
    const named = (this.#parts.named[vr] ?? []).filter((core) =>
      view.cores.some((it) => it.core === core)
    );
    const users = (core: number) => view.users.get(core) ?? 0;
    const [first] = named.sort((a, b) => users(a) - users(b));
    return first === undefined ? this.#parts.placement(view) : { core: first, why: "named for it" };
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
    const all = new Map(users);
    const add = (core: number) => all.set(core, (all.get(core) ?? 0) + 1);
    add(dispatcher.core);
    for (let before = 0;; before++) {
      const choice = this.chooseIn({ dispatcher, cores: this.#cores, users: all }, vr);
      if (before === rank) return choice;
      if (choice.core !== null) add(choice.core);
    }
  }

  idle(core: number | null, users: Users): Idle {
    const asked = this.#parts.idle;
    if (core !== null) {
      const there = Math.max(1, users.get(core) ?? 0) + (core === this.#dispatcher.core ? 1 : 0);
      return { ...(there === 1 ? idle.own : sharedIdle(there)), ...asked };
    }
    // A standby sleeps; and the kernel spreads what it places over free cores, while there are any.
    const vris = [...users.values()].reduce((a, b) => a + b, 0);
    return { ...(vris < this.#cores.length ? idle.own : idle.shared), ...asked };
  }

  /** A standby stays away from the dispatcher while it gets ready. */
  coresFor(active: boolean, core: number | null): readonly number[] {
    if (core !== null) return [core];
    const others = this.#cores.filter((it) => it.core !== this.#dispatcher.core);
    return (active || others.length === 0 ? this.#cores : others).map((it) => it.core);
  }

  /** The machine has other cores now. */
  replace(cores: readonly Core[], dispatcher: Core): void {
    if (cores.length > 0) this.#cores = cores;
    this.#dispatcher = dispatcher;
    this.#foreseen = null;
  }
}
