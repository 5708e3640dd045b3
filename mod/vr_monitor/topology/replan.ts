/** Who moves where when cores went away while in use. Pure; `watch.ts` notices, others move. */
import { sibling } from "../placements/sibling.ts";
import type { Choice, Core, PlacementView } from "../placements/types.ts";
import type { CoreChange, GoneCore } from "./watch.ts";

/** A VRI that runs. */
export interface Runner {
  readonly id: string;
  /** CPU number; null: the kernel places it. */
  readonly core: number | null;
}

export interface Move<T> {
  readonly vri: T;
  readonly from: number;
  /** Null: the kernel places it from now on. */
  readonly to: number | null;
}

export interface Replan<T> {
  /** Where the dispatcher is from now on. */
  readonly dispatcher: Core;
  readonly dispatcherMoves: boolean;
  readonly moves: readonly Move<T>[];
  /** For the log: each one line. */
  readonly warnings: readonly string[];
}

/**
 * The dispatcher and the VRIs of cores that are gone move to others, the rest stays. `choose` is
 * the placement, or whatever knows better which cores a VRI may have.
 */
export function replan<T extends Runner>(
  before: { readonly dispatcher: Core; readonly vris: readonly T[] },
  change: CoreChange,
  choose: (view: PlacementView, vri: T) => Choice,
): Replan<T> {
  const { cores, gone } = change;
  const lost = new Map(gone.map((it) => [it.core, it]));
  const displaced = before.vris.filter(({ core }) => core !== null && lost.has(core));
  const dispatcherLost = lost.get(before.dispatcher.core);
  const stays = { dispatcher: before.dispatcher, dispatcherMoves: false, moves: [] };
  if (cores.length === 0) {
    const names = gone.map(({ core }) => core).join(", ");
    const warning = `no core is left to lvrm (${names} gone): the kernel runs it where it can, ` +
      "slowly; bring one back, or start lvrm with other --cores";
    return { ...stays, warnings: [warning] };
  }
  const users = new Map<number, number>();
  const add = (core: number) => users.set(core, (users.get(core) ?? 0) + 1);
  for (const { core } of before.vris) if (core !== null && !lost.has(core)) add(core);
  const warnings: string[] = [];
  let dispatcher = before.dispatcher;
  if (dispatcherLost !== undefined) {
    // The free core next to the one that it had.
    const choice = sibling({ dispatcher: before.dispatcher, cores, users });
    dispatcher = cores.find(({ core }) => core === choice.core)!;
    const shared = (users.get(dispatcher.core) ?? 0) > 0 ? ", which it shares with VRIs" : "";
    warnings.push(
      `${happened(dispatcherLost)}: the dispatcher moves to core ${dispatcher.core}${shared}`,
    );
  }
  add(dispatcher.core);
  const moves = displaced.map((vri): Move<T> => {
    const from = vri.core!;
    const { core: to, why } = choose({ dispatcher, cores, users }, vri);
    if (to !== null) add(to);
    const where = to === null ? "is placed by the kernel" : `moves to core ${to} (${why})`;
    warnings.push(`${happened(lost.get(from)!)}: ${vri.id} ${where}`);
    return { vri, from, to };
  });
  return { dispatcher, dispatcherMoves: dispatcherLost !== undefined, moves, warnings };
}

function happened({ core, offline }: GoneCore): string {
  return offline ? `core ${core} went offline` : `core ${core} is no longer permitted to lvrm`;
}
