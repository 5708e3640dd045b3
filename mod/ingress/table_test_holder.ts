/**
 * Holds an ingress table for `table_test.ts`, in the namespace that it is started in.
 * Argument: {ports, served} as JSON, where `promiscuous` of a port lists the prefixes that are
 * wanted so; local prefixes come from the kernel. Applies every 200 ms, as
 * the control plane does on changes, and prints what it sees as one line of JSON each time.
 */
import { Core } from "../../ffi/core.ts";
import { parsePrefix } from "../netlink/mod.ts";
import { RouteMonitor } from "../routing/mod.ts";
import { runtimeDirectory } from "../runtime/mod.ts";
import { conflicts, IngressTable, wantedRanges } from "./mod.ts";

const { ports: named, served } = JSON.parse(Deno.args[0]!);
const core = Core.load(`${runtimeDirectory()}/lib/liblvrm.so`);
const monitor = new RouteMonitor(core.netlink);
const table = new IngressTable(core.netlink, { pid: Deno.pid });
monitor.open();

const ports = named.map((port: { promiscuous: string[] }) => ({
  ...port,
  promiscuous: wantedRanges(served.map((text: string) => ({
    prefix: parsePrefix(text)!,
    wanted: port.promiscuous.includes(text),
  }))),
}));

function apply(): void {
  monitor.poll();
  const prefixes = served.map((text: string) => parsePrefix(text)!);
  const plan = { ports, served: prefixes, local: monitor.localPrefixes() };
  const clashes = conflicts(plan, table.foreignTables());
  const missing = table.apply(plan);
  const drops = Object.fromEntries(
    table.drops().map((d) => [`${d.interface}:${d.vlan ?? "-"}`, Number(d.frames)]),
  );
  const bypassed = table.bypassedChains();
  const names = table.foreignTables().map((foreign) => foreign.name);
  console.log(JSON.stringify({ missing, drops, clashes, bypassed, names }));
}

apply();
setInterval(apply, 200);
