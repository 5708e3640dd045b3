/** Where each VR's routes come from, each source once. Pure. */
import { Attempts, ExitCode, Failure } from "../config/mod.ts";
import type { InterfaceSettings, VrSettings } from "../config/mod.ts";
import { formatPrefix } from "../netlink/mod.ts";
import { mainTable } from "../routing/mod.ts";
import type { RouteSource } from "../routing/mod.ts";
import { portName } from "./ports.ts";

type VrRoutes = Pick<VrSettings, "name" | "table" | "routes">;

/** Sources, and the index of each VR's. */
export interface RouteSources {
  readonly sources: readonly RouteSource[];
  readonly sourceOf: readonly number[];
}

/** VRs that follow one table share its source: it is read and told once. */
export function routeSources(vrs: readonly VrRoutes[]): RouteSources {
  const sources: RouteSource[] = [];
  const sourceOf = vrs.map(({ table, routes }) => {
    const wanted: RouteSource = routes.length > 0 ? { routes } : { table: table ?? mainTable };
    const known = "table" in wanted
      ? sources.findIndex((source) => "table" in source && source.table === wanted.table)
      : -1;
    return known >= 0 ? known : sources.push(wanted) - 1;
  });
  return { sources, sourceOf };
}

/**
 * Throws Failure (configuration) for static routes by what is no port. `more`: there may be others
 * than these, if they are asked for.
 */
export function requireRoutePorts(
  vrs: readonly VrRoutes[],
  ports: readonly InterfaceSettings[],
  more = true,
): void {
  const all = new Attempts();
  const known = ports.map(portName).join(", ");
  for (const [i, { name, routes }] of vrs.entries()) {
    for (const [j, { prefix, port }] of routes.entries()) {
      if (ports.some((it) => it.name === port.name && it.vlan === port.vlan)) continue;
      const where = portName(port);
      const cures = [
        ...more ? [`add --interface ${where}`] : [],
        ...known === "" ? [] : [`choose from ${known}`],
      ];
      const words = `${name}: its route ${formatPrefix(prefix)} leads to ${where}, which lvrm ` +
        `does not serve: ${cures.join(", or ")}`;
      all.attempt(() => {
        throw new Failure(ExitCode.configuration, words, ["vrs", i, "routes", j]);
      });
    }
  }
  all.end();
}
