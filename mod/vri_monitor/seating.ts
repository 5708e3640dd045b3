/** Where VRIs run: what the VRI monitor asks of whoever knows the machine's cores. */
import type { Idle } from "../../ffi/core.ts";

import type { Choice } from "../vr_monitor/mod.ts";

/** VRIs on each core, by CPU number. */
export type Users = ReadonlyMap<number, number>;

export interface Seating {
  /** The core of one more VRI of a VR. */
  place(vr: number, users: Users): Choice;
  /** The core that the VRI after `rank` more of a VR would get. */
  next(vr: number, users: Users, rank: number): Choice;
  /** How long a VRI on this core waits before it sleeps. `crowded`: a process starts there. */
  idle(core: number | null, users: Users, crowded: boolean): Idle;
  /** CPU numbers that a new process may run on: of a VRI with its core, or of a standby. */
  coresFor(active: boolean, core: number | null): readonly number[];
}
