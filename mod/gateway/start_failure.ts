/** What is said of a VR that does not come up. Pure. */
import { ExitCode, Failure } from "../config/mod.ts";
import type { VrSettings } from "../config/mod.ts";

/** Why lvrm does not start: `reason` is what became of the VR's first VRI. */
export function startFailure(
  vr: Pick<VrSettings, "name" | "router" | "words">,
  reason: string | null,
): Failure {
  const hint = vr.words[0]!.includes("/")
    ? "; a VR must attach with lvrm_vr_attach and then say lvrm_vr_ready (docs/writing-a-vr.md)"
    : "";
  return new Failure(
    ExitCode.failed,
    `${vr.name} could not start: its router "${vr.router}" ${reason}${hint}`,
  );
}
