/**
 * Cores that go while in use: what runs there moves, with a warning. The kernel lets a process
 * whose core went offline run anywhere, and doesn't put it back when the core returns.
 */
import type { Core } from "../../ffi/core.ts";
import { getLogger } from "../log/mod.ts";
import { replan } from "../vr_monitor/mod.ts";
import type { CoreChange, CoreWatch } from "../vr_monitor/mod.ts";
import type { VriMonitor } from "../vri_monitor/mod.ts";
import type { Position } from "../vri_monitor/position.ts";
import type { Cores, Helper } from "./cores.ts";

export interface CoreKeeperParts {
  readonly core: Pick<Core, "move" | "pinnedTo">;
  readonly cores: Cores;
  readonly vris: Pick<VriMonitor, "roster" | "reseat">;
  readonly watch: Pick<CoreWatch, "look" | "strays">;
}

const log = getLogger(["lvrm", "cores"]);

export class CoreKeeper {
  readonly #parts: CoreKeeperParts;

  constructor(parts: CoreKeeperParts) {
    this.#parts = parts;
  }

  /** Once per period. */
  look(): void {
    const change = this.#parts.watch.look();
    if (change !== null) this.#follow(change);
    this.#returnStrays();
  }

  #follow(change: CoreChange): void {
    const { cores, vris } = this.#parts;
    const { dispatcher } = cores;
    const runners = vris.roster.all.filter((position) => position.active);
    const plan = replan<Helper | Position>(
      { dispatcher, vris: [...cores.helpers, ...runners] },
      change,
      (view, it) => "vr" in it ? cores.chooseIn(view, it.vr) : cores.chooseForHelper(view),
    );
    const reseated = new Map<Position, number | null>();
    const moved = new Map<number, number | null>();
    for (const { vri, to } of plan.moves) {
      if ("vr" in vri) reseated.set(vri, to);
      else moved.set(vri.number, to);
    }
    cores.replace(change.cores, plan.dispatcher, moved);
    if (plan.dispatcherMoves) this.#move(0, plan.dispatcher.core);
    for (const [number, to] of moved) if (to !== null) this.#move(-number, to);
    vris.reseat(reseated);
    for (const warning of plan.warnings) log.warn("{warning}", { warning });
    if (change.back.length > 0) {
      log.info("core {cores} can be used again", { cores: change.back.join(", ") });
    }
  }

  #returnStrays(): void {
    const { core, cores, vris, watch } = this.#parts;
    const pinned = vris.roster.all.flatMap(({ active, core, instance }) => {
      const pid = instance?.process?.pid;
      return active && pid !== undefined ? [{ pid, core }] : [];
    });
    const dispatchers = cores.dispatchers.map((core, i) => ({ pid: i === 0 ? 0 : -i, core }));
    const all = [...dispatchers, ...pinned];
    for (const { pid, core: home } of watch.strays(all, (pid) => core.pinnedTo(pid))) {
      if (home !== null) this.#move(pid, home);
    }
  }

  #move(pid: number, to: number): void {
    try {
      this.#parts.core.move(pid, to);
    } catch (error) {
      // It runs where the kernel puts it: slower, not wrong.
      log.debug("process {pid} stays where it is: {error}", { pid, error: String(error) });
    }
  }
}
