/** One process of a VRI, from the making of its link to the end of it. */
import type { Core } from "../../ffi/core.ts";
import { getLogger } from "../log/mod.ts";
import type { ControlEvent } from "../routing/mod.ts";
import { LineLimit } from "./line_limit.ts";
import { createLink } from "./link.ts";
import type { LinkSizes } from "./link.ts";
import type { VriNumbers } from "./numbers.ts";
import { Outbox } from "./outbox.ts";
import { spawnVri } from "./process.ts";
import type { VriProcess } from "./process.ts";
import type { RouterProgram } from "./router.ts";
import type { Sayings } from "./sayings.ts";

export interface Instance {
  readonly vri: number;
  readonly outbox: Outbox;
  /** Of the position that has it: a standby's process may be given to another one. */
  id: string;
  process: VriProcess | null;
  /** It said that it has handlers. */
  offersHandlers: boolean;
  /** Generation of the first plan that names it; its counters mean nothing before. */
  since: number | null;
}

/** What an instance is made of. */
export interface InstanceParts {
  readonly core: Core;
  readonly launcher: string;
  readonly numbers: VriNumbers;
  readonly id: string;
  readonly vr: number;
  readonly program: RouterProgram;
  readonly link: LinkSizes;
  /** CPU numbers that it may run on; empty: all that lvrm may use. */
  readonly cores: readonly number[];
  /** The routing state as events, ending in `synchronised`. */
  readonly snapshot: () => Iterable<ControlEvent>;
  readonly now: () => number;
  readonly sayings: Sayings;
}

const log = getLogger(["lvrm", "vri"]);

/** A link, yet without a process at its other end. Throws CoreError. */
export function makeInstance(
  parts: InstanceParts,
): { instance: Instance; launch: () => VriProcess } {
  const { core, launcher, program, cores } = parts;
  const { vri, linkShmid, wakeFds } = createLink(core, parts.numbers, parts.vr, parts.link);
  const outbox = new Outbox(parts.snapshot, (event) => {
    try {
      return core.eventSend(vri, event.kind, event.payload);
    } catch (error) {
      // It is about to be found dead: what is not told to it is in its successor's snapshot.
      log.debug("{vri} took no event: {error}", { vri: instance.id, error: String(error) });
      return true;
    }
  });
  const own = { process: null, offersHandlers: false, since: null };
  const instance: Instance = { vri, outbox, id: parts.id, ...own };
  const lines = new LineLimit((line) => parts.sayings.say(instance.id, line), parts.now);
  /** Starts the process. Throws what `spawnVri` throws. */
  const launch = () => {
    core.vriInherit(vri, true);
    let process: VriProcess;
    try {
      const { executable, args } = program;
      const onLine = (line: string) => lines.line(line);
      const command = { launcher, executable, args, cores, linkShmid, wakeFds, onLine };
      process = spawnVri(command);
    } finally {
      core.vriInherit(vri, false);
    }
    instance.process = process;
    log.debug("{vri} started as process {pid}", { vri: instance.id, pid: process.pid });
    return process;
  };
  return { instance, launch };
}
