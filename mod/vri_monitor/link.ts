/** The making of a VRI's link: its number and its queues. */
import { CoreError } from "../../ffi/core.ts";
import type { Core } from "../../ffi/core.ts";
import type { VrSettings } from "../config/mod.ts";
import { link } from "../config/sizes.ts";
import type { VriNumbers } from "./numbers.ts";

/** Kind and sizes of its queues. */
export type LinkSizes = Pick<VrSettings, "queue" | "queueFrames" | "control_bytes">;

/** A link that was made. */
export interface CreatedLink {
  readonly vri: number;
  readonly linkShmid: number;
  readonly wakeFds: readonly number[];
}

/** Makes a link for a VRI of `vr`. Throws CoreError; then its number is free again. */
export function createLink(
  core: Pick<Core, "vriCreate">,
  numbers: VriNumbers,
  vr: number,
  sizes: LinkSizes,
): CreatedLink {
  const vri = numbers.take();
  if (vri === null) throw new CoreError("no VRI number is free", 0);
  try {
    const { linkShmid, wakeFds } = core.vriCreate({
      vri,
      vr,
      queue: sizes.queue,
      queueCapacity: sizes.queueFrames,
      freeCapacity: link.free_capacity,
      controlCapacity: sizes.control_bytes,
    });
    return { vri, linkShmid, wakeFds };
  } catch (error) {
    numbers.give(vri);
    throw error;
  }
}
