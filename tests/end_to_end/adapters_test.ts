/** `lvrm adapters`, and what `--adapter auto` takes on ports of the testbed. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { lvrmCommand, Testbed } from "../testbed/mod.ts";

interface Row {
  interface: string;
  adapter: string;
  available: boolean | null;
  chosen: boolean;
  reason: string;
}

Deno.test("lvrm adapters opens every adapter on every interface and leaves nothing", async () => {
  await using bed = await Testbed.create();
  const [program, first] = lvrmCommand();
  const list = async (...words: string[]) => {
    return await bed.gateway.exec(program, [...first, "adapters", ...words], 30_000);
  };
  const all = await list("--json");
  equal(all.code, 0, all.stderr);
  const rows = JSON.parse(all.stdout) as Row[];
  const names = new Set(rows.map((row) => row.adapter));
  deepEqual([...names], ["pf_ring", "packet_mmap", "af_xdp", "raw"]);
  equal(rows.length, 4 * names.size);
  for (const row of rows) ok(row.available === true || row.reason !== "", JSON.stringify(row));
  for (const name of ["s1", "s2", "r1", "r2"]) {
    const mine = rows.filter((row) => row.interface === name);
    equal(mine.filter((row) => row.chosen).length, 1);
    equal(mine.find((row) => row.adapter === "raw")!.available, true);
  }
  ok(!/xdp/.test(await bed.gateway.ip("-d link show dev s1")), "the XDP program is gone");
  await bed.gateway.ip("link add bridge0 type bridge");
  await bed.gateway.ip("link set bridge0 up");
  const bridge = await list("bridge0");
  match(bridge.stdout, /^bridge0 +af_xdp +no +bridge0 runs no XDP program/m);
  match(bridge.stdout, /^bridge0 +packet_mmap +yes +auto takes it/m);
  const unknown = await list("eth7");
  equal(unknown.code, 4);
  match(unknown.stderr, /^lvrm: .*there is no interface eth7 here[^\n]*\n$/);
});

Deno.test("auto serves with what lvrm adapters said, and the log and the status say why", async () => {
  await using bed = await Testbed.create();
  const [program, first] = lvrmCommand();
  const listed = await bed.gateway.exec(program, [...first, "adapters", "--json"], 30_000);
  const chosen = (JSON.parse(listed.stdout) as Row[]).filter((row) => row.chosen);
  const lvrm = await bed.startLvrm(["--vr", "0.0.0.0/0,::/0=cppvr"]);
  for (const port of (await lvrm.status()).interfaces) {
    equal(port.adapter, chosen.find((row) => row.interface === port.name)!.adapter);
    match(port.adapter_why, /^the best/);
    const said = lvrm.log.split("\n").find((line) => line.includes(` by ${port.adapter}: `));
    ok(said?.includes(port.name) && said.includes(port.adapter_why), lvrm.log);
  }
  const ping = await bed.s1.ping(bed.r1.link.host4, { count: 3 });
  equal(ping.received, 3);
  const table = await lvrm.command("status");
  match(table.stdout, /^(\w+, ){3}\w+ by \w+: the best/m);
});
