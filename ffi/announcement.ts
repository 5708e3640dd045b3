import { layout, limits, VriState } from "./abi.gen.ts";
import { checked } from "./checked.ts";

/** A VRI that runs from now on, or leaves. */
export interface AnnouncedVri {
  readonly vri: number;
  readonly state: "running" | "draining";
}

/** Writes Announcements, one after the other. */
export function putAnnouncements(
  view: DataView,
  changes: readonly AnnouncedVri[],
  decidedNs: bigint,
): void {
  const l = layout.Announcement;
  for (let i = 0; i < changes.length; i++) {
    const { vri, state } = changes[i]!;
    const at = i * l.size;
    view.setUint32(at + l.vri, checked("vri", vri, 0, limits.max_vris - 1), true);
    view.setUint32(at + l.state, VriState[state], true);
    view.setBigUint64(at + l.decided_ns, decidedNs, true);
  }
}
