/** The making of a VRI's link: its number and its queues. */
import { CoreError } from "../../ffi/core.ts";
import type { Core } from "../../ffi/core.ts";
import { link } from "../config/sizes.ts";
import type { VriNumbers } from "./numbers.ts";

/** A link that was made. */
export interface CreatedLink {
  readonly vri: number;
  readonly linkShmid: number;
  readonly wakeFd: number;
}

/** Makes a link for a VRI of `vr`. Throws CoreError; then its number is free again. */
export function createLink(
  core: Pick<Core, "vriCreate">,
  numbers: VriNumbers,
  vr: number,
  queue: number,
): CreatedLink {
  const vri = numbers.take();
  if (vri === null) throw new CoreError("no VRI number is free", 0);
  try {
    const { linkShmid, wakeFd } = core.vriCreate({
      vri,
      vr,
      queue,
      queueCapacity: link.queue_capacity,
      freeCapacity: link.free_capacity,
      controlCapacity: link.control_capacity_bytes,
    });
    return { vri, linkShmid, wakeFd };
  } catch (error) {
    numbers.give(vri);
    throw error;
  }
}
