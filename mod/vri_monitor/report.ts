/** What becomes of VRIs, for the log. */
import { getLogger } from "../log/mod.ts";
import type { Position } from "./position.ts";
import type { State } from "./state.ts";

const log = getLogger(["lvrm", "vri"]);

/** Tells that a position entered a state. Until lvrm serves, its one error line says it all. */
export function report(position: Position, state: State, serving: boolean, now_ms: number): void {
  const about = { vri: position.id, state: state.is, pid: position.instance?.process?.pid };
  if (state.is !== "failed" && state.is !== "quarantined") {
    log[serving ? "info" : "debug"]("{vri} is {state}", about);
    return;
  }
  if (!serving) {
    log.debug("{vri} {reason}", { ...about, reason: state.reason });
    return;
  }
  const wait_ms = Math.max(0, Math.round(state.retry_ms - now_ms));
  const when = wait_ms === 0 ? "at once" : `in ${wait_ms} ms`;
  log.warn("{vri} {reason}; it is replaced {when}", { ...about, reason: state.reason, when });
}
