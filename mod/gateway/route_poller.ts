/** When the mirror of the kernel's routes is asked for news, and what is said where it fails. */
import { getLogger } from "../log/mod.ts";
import { NetlinkError } from "../netlink/mod.ts";
import type { RouteMonitor } from "../routing/mod.ts";

const log = getLogger(["lvrm", "gateway"]);
const period_ms = 1000;

export class RoutePoller {
  readonly #routes: Pick<RouteMonitor, "poll" | "ignoresSourceRoutes">;
  #last_ms = 0;
  #failed = false;
  #warned = false;

  constructor(routes: Pick<RouteMonitor, "poll" | "ignoresSourceRoutes">) {
    this.#routes = routes;
  }

  /**
   * Polls when something came or a second is over. An error of the kernel's never ends
   * forwarding: the mirror stays as it was, and the next poll reads everything anew.
   */
  poll(readable: boolean, now_ms: number): void {
    if (!readable && now_ms - this.#last_ms < period_ms) return;
    this.#last_ms = now_ms;
    try {
      this.#routes.poll();
      this.#failed = false;
    } catch (error) {
      if (!(error instanceof NetlinkError)) throw error;
      if (!this.#failed) {
        const reason = error.message;
        log.warn("cannot follow the kernel's routes, and tries again: {reason}", { reason });
      }
      this.#failed = true;
    }
  }

  /** Says once what the mirror leaves out. */
  warn(): void {
    if (this.#warned || !this.#routes.ignoresSourceRoutes()) return;
    this.#warned = true;
    log.warn(
      "IPv6 routes for some sources only (`ip route add … from …`) are ignored: VRs route by " +
        "destination",
    );
  }
}
