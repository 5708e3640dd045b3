/** How long an idle reader waits, as the library takes it. */
import { layout } from "./abi.gen.ts";
import { checked, u32Max } from "./checked.ts";

/** How long an idle reader spins and yields before it sleeps. */
export interface Idle {
  readonly spins: number;
  readonly yields: number;
}

/** Writes an Idle at `offset`. */
export function putIdle(view: DataView, offset: number, idle: Idle): void {
  const at = layout.Idle;
  view.setUint32(offset + at.spins, checked("spins", idle.spins, 0, u32Max), true);
  view.setUint32(offset + at.yields, checked("yields", idle.yields, 0, u32Max), true);
}
