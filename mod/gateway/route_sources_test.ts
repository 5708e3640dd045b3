import { deepEqual, throws } from "node:assert/strict";
import { parsePrefix } from "../netlink/mod.ts";
import { requireRoutePorts, routeSources } from "./route_sources.ts";

const port = { name: "eth1", vlan: 5 };
const routes = [{ prefix: parsePrefix("10.0.0.0/8")!, port, gateway: null }];
const vr = (table: number | null) => ({ name: "vr1", table, routes: [] });

Deno.test("VRs of one table share a source, static routes are a VR's own", () => {
  const own = { name: "a", table: null, routes };
  deepEqual(routeSources([vr(null), vr(100), own, vr(100), { ...own, name: "b" }, vr(null)]), {
    sources: [{ table: 254 }, { table: 100 }, { routes }, { routes }],
    sourceOf: [0, 1, 2, 1, 3, 0],
  });
});

Deno.test("a static route by what is no port is refused", () => {
  const vrs = [{ name: "a", table: null, routes }];
  requireRoutePorts(vrs, [port]);
  throws(
    () => requireRoutePorts(vrs, [{ name: "eth1", vlan: null }]),
    /a: its route 10\.0\.0\.0\/8 leads to eth1:5, .*--interface eth1:5, or choose from eth1$/,
  );
  throws(() => requireRoutePorts(vrs, []), /does not serve: add --interface eth1:5$/);
  const virtual = [{ name: "mem0", vlan: null }];
  throws(() => requireRoutePorts(vrs, virtual, false), /does not serve: choose from mem0$/);
});
