/** What is said of a VR that does not come up. Pure. */
import { ExitCode, Failure } from "../config/mod.ts";
import type { VrSettings } from "../config/mod.ts";
import { isBundled } from "../vri_monitor/mod.ts";

/** What became of a VR's first VRI. */
export interface Fate {
  readonly reason: string | null;
  /** What it printed before. */
  readonly lastLines: readonly string[];
}

/** Of all lines, those that say why a configuration is refused. */
function refusal({ reason, lastLines }: Fate): string[] | null {
  if (!/^exited with status 3\b/.test(reason ?? "")) return null;
  return lastLines.filter((line) => line.trim() !== "");
}

/**
 * Why lvrm does not start. A VRI that exits as for a bad configuration has said what is wrong with
 * it: that comes first, as it was said.
 */
export function startFailure(
  vr: Pick<VrSettings, "name" | "router" | "words">,
  fate: Fate,
): Failure {
  const said = refusal(fate);
  if (said !== null) {
    const what = `${vr.name} could not start: its router "${vr.router}" refuses its configuration`;
    return new Failure(ExitCode.configuration, [what, ...said].join("\n"));
  }
  const { reason } = fate;
  const hint = !isBundled(vr.words[0]!)
    ? "; a VR must attach with lvrm_vr_attach and then say lvrm_vr_ready (docs/writing-a-vr.md)"
    : "";
  return new Failure(
    ExitCode.failed,
    `${vr.name} could not start: its router "${vr.router}" ${reason}${hint}`,
  );
}
