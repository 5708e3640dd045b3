import { deepEqual, equal, match, ok } from "node:assert/strict";
import { ExitCode, Failure } from "./failure.ts";
import type { Place } from "./failure.ts";
import { readConfig } from "./file/read.ts";
import type { RunOptions } from "./options.ts";
import { originOf } from "./origin.ts";
import { decideSettings } from "./settings.ts";

const file = readConfig(
  `cores: 0-3
min_cores: 2
interfaces: [eth0, eth1]
vrs:
  - {subnets: [10.0.1.0/24], router: cppvr}
  - {subnets: [10.0.2.0/24], router: cppvr, min_cores: 3}
`,
  { path: "a.yaml", tableNumber: () => null },
);

/** One line about what is there. */
function line(place: Place, message: string, options: RunOptions = {}, env: string[] = []): string {
  const origin = originOf(options, (name) => env.includes(name) ? "2" : undefined, file);
  return origin!.line(new Failure(ExitCode.configuration, message, place));
}

Deno.test("origin: a value has the place where the file says it, or none", () => {
  const at = (place: Place, options?: RunOptions, env?: string[]) => line(place, "x", options, env);
  equal(at(["cores"]), "a.yaml:1:8: x");
  equal(at(["interfaces", 1]), "a.yaml:3:20: x");
  equal(at(["vrs", 1, "router"]), "a.yaml:6:38: x");
  equal(at(["vrs", 1, "min_cores"]), "a.yaml:6:56: x");
  equal(at(["vrs", 0, "min_cores"]), "a.yaml:2:12: x", "it holds for all VRs");
  equal(at(["vrs", 0, "max_cores"]), "x", "the default is nobody's");
  equal(at(["cores"], { cores: "0" }), "x");
  equal(at(["cores"], {}, ["LVRM_CORES"]), "x");
  equal(at(["vrs", 1, "min_cores"], { minCores: "2" }), "x");
  equal(at(["vrs", 1, "router"], { vr: ["10.0.0.0/8=cppvr"] }), "x");
  equal(at(["vrs", 1, "min_cores"], { vr: ["10.0.0.0/8=cppvr"] }), "a.yaml:2:12: x");
  equal(at(["interfaces", 1], { interface: ["eth2"] }), "x");
});

Deno.test("origin: an error about the file is told in the file's words", () => {
  const told = (message: string) => line(["cores"], message).replace("a.yaml:1:8: ", "");
  equal(told("--cores 0-3: no core 3"), "no core 3");
  equal(
    told("lower --max-cores, or share with --overcommit"),
    "lower max_cores, or share with overcommit: true",
  );
  equal(told("add --interface eth2:5, or choose"), "add eth2:5 to interfaces, or choose");
  equal(told("name others with --interface"), "name others with interfaces");
  equal(told("try ./vr --its-option"), "try ./vr --its-option");
  equal(line(["cores"], "--cores 0-3: no core 3", { cores: "0-3" }), "--cores 0-3: no core 3");
});

Deno.test("origin: several errors keep their code, lines and order; others come first", () => {
  const part = (message: string, place: Place | null) => new Failure(ExitCode.host, message, place);
  const parts = [part("b", ["interfaces", 1]), part("a", ["cores"]), part("c", null)];
  const all = new Failure(ExitCode.host, "…", null, parts);
  const { code, message } = originOf({}, () => undefined, file)!.explain(all);
  equal(code, ExitCode.host);
  deepEqual(message.split("\n"), [
    "3 errors",
    "c",
    "a.yaml:1:8: a",
    "    cores: 0-3",
    "           ^",
    "a.yaml:3:20: b",
    "    interfaces: [eth0, eth1]",
    "                       ^",
  ]);
  const own = part("c", null);
  equal(originOf({}, () => undefined, file)!.explain(own), own);
});

Deno.test("origin: what a file asks of an adapter without interfaces is told all at once", () => {
  const text = `adapter: "pcap:in.pcap,out.pcap"
zero_copy: true
dispatchers: 2
interfaces: [eth0]
vrs: [{subnets: [10.0.1.0/24], router: cppvr, table: 7}]
`;
  const pcap = readConfig(text, { path: "p.yaml", tableNumber: () => null });
  try {
    decideSettings({}, () => undefined, pcap);
    ok(false, "it was taken");
  } catch (error) {
    ok(error instanceof Failure, String(error));
    equal(error.code, ExitCode.configuration);
    match(error.message, /^p\.yaml has 4 errors\n/);
    match(error.message, /p\.yaml:2:12: zero_copy is for adapter memory/);
    match(error.message, /p\.yaml:3:14: dispatchers 2 and adapter pcap exclude each other/);
    match(error.message, /p\.yaml:4:13: interfaces and adapter pcap exclude each other/);
    match(error.message, /p\.yaml:5:54: vr1 follows the kernel's routing table 7/);
  }
});
