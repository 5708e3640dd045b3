/** Processes that are to be started, and those that have ended. */
import type { Core } from "../../ffi/core.ts";
import { getLogger } from "../log/mod.ts";
import type { ControlEvent } from "../routing/mod.ts";
import { makeInstance } from "./instance.ts";
import type { Instance } from "./instance.ts";
import type { LinkSizes } from "./link.ts";
import type { VriNumbers } from "./numbers.ts";
import type { Position } from "./position.ts";
import type { RouterProgram } from "./router.ts";
import { Sayings } from "./sayings.ts";

/** What the VRIs of one VR are made of. */
export interface VrProgram {
  readonly name: string;
  readonly program: RouterProgram;
  readonly link: LinkSizes;
}

export interface LaunchGround {
  readonly core: Core;
  readonly launcher: string;
  /** By number. */
  readonly vrs: readonly VrProgram[];
  /** The routing state of a VR as events, ending in `synchronised`. */
  readonly snapshot: (vr: number) => Iterable<ControlEvent>;
  /** A process has ended: the loop should look soon. */
  readonly wake: () => void;
  readonly now: () => number;
}

/** A process that has ended; `how` as in "exited with status 3". */
export interface Exit {
  readonly instance: Instance;
  readonly how: string;
}

export class Launches {
  readonly #ground: LaunchGround;
  readonly #numbers: VriNumbers;
  readonly #sayings = new Sayings(getLogger(["lvrm", "vri"]));
  #waiting: Position[] = [];
  #exits: Exit[] = [];

  constructor(ground: LaunchGround, numbers: VriNumbers) {
    this.#ground = ground;
    this.#numbers = numbers;
  }

  /** lvrm serves: what VRIs print is said from now on. */
  serve(): void {
    this.#sayings.serve();
  }

  /** Whether somebody waits for a process. */
  get waiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** A position waits for a process; it gets one in the next `run`, if it still wants it. */
  add(position: Position): void {
    this.#waiting.push(position);
  }

  /** `coresOf`: where it may run. `failed`: there is no process for it. */
  run(
    coresOf: (position: Position) => readonly number[],
    failed: (position: Position, reason: string) => void,
  ): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const position of waiting) {
      if (position.state.is !== "starting" || position.instance !== null) continue;
      try {
        this.#start(position, coresOf(position));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        failed(position, `could not be started: ${reason}`);
      }
    }
  }

  #start(position: Position, cores: readonly number[]): void {
    const { core, launcher, snapshot, wake, now } = this.#ground;
    const { vr, id } = position;
    const { program, link } = this.#ground.vrs[vr]!;
    const { instance, launch } = makeInstance({
      ...{ core, launcher, numbers: this.#numbers, id, vr, program, link, cores, now },
      snapshot: () => snapshot(vr),
      sayings: this.#sayings,
    });
    position.instance = instance; // from here on a failure retires the link
    launch().ended.then((how) => {
      this.#exits.push({ instance, how });
      wake();
    });
  }

  /** Processes that have ended since the last call. */
  exits(): Exit[] {
    const exits = this.#exits;
    this.#exits = [];
    return exits;
  }
}
