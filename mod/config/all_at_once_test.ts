/** What flags, variables and file say wrong is told all at once. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { Failure } from "./failure.ts";
import { readConfig } from "./file/read.ts";
import type { RunOptions } from "./options.ts";
import { decideSettings } from "./settings.ts";

const vr = ["10.0.1.0/24=cppvr", "10.0.2.0/24=cppvr"];

/** Code and lines of the refusal. */
function refusal(
  options: RunOptions,
  env: Readonly<Record<string, string>> = {},
  text: string | null = null,
): [number, ...string[]] {
  const context = { path: "a.yaml", tableNumber: () => null };
  try {
    decideSettings(options, (name) => env[name], text === null ? null : readConfig(text, context));
  } catch (error) {
    ok(error instanceof Failure, String(error));
    return [error.code, ...error.message.split("\n")];
  }
  throw new Error("it was taken");
}

Deno.test("values that can't be read are told together, with VRs and ports", () => {
  const options = { queue: "x", minCores: "0", period: "1ms", vr: ["foo"], interface: ["a/b"] };
  const [code, count, ...lines] = refusal(options, { LVRM_CORE_RATE: "fast", LVRM_DRY_RUN: "2" });
  equal(code, 2);
  equal(count, "7 errors");
  deepEqual(lines.map((line) => line.split(": ")[0]), [
    "LVRM_CORE_RATE=fast",
    "LVRM_DRY_RUN=2 is neither 1 nor 0",
    "--queue x",
    "--min-cores 0",
    "--period 1ms",
    "--vr foo",
    "--interface a/b",
  ]);
});

Deno.test("contradictions of flags are told together, once for all VRs that have them", () => {
  const [code, count, ...lines] = refusal({
    vr: [...vr, "10.0.1.0/24,10.0.2.0/24=x", "10.0.3.0/24=x", "10.0.4.0/24=x", "10.0.5.0/24=x"],
    interface: ["eth0", "eth0"],
    adapter: "memory",
    zeroCopy: true,
    dispatchers: "2",
    minCores: "3",
    maxCores: "2",
  });
  equal(code, 3);
  equal(count, "6 errors");
  deepEqual(lines.map((line) => line.split(/: | \(/)[0]), [
    "both vr1",
    "both vr2",
    "--interface eth0 is there twice",
    "--dispatchers 2 and --zero-copy exclude each other",
    "--interface and --adapter memory exclude each other",
    "vr1, vr2, vr3, vr4 and 2 more",
  ]);
});

Deno.test("what flags make of a file is told with what the file says wrong by itself", () => {
  const file = `
vrs:
  - {subnets: [10.0.1.0/24], router: cppvr, max_cores: 5, min_cores: 4}
  - {subnets: [10.0.2.0/24], router: cppvr, grow_at: 1.0}
`;
  deepEqual(refusal({ maxCores: "2", zeroCopy: true, adapter: "raw" }, {}, file), [
    3,
    "3 errors",
    "--zero-copy is for --adapter memory, whose frames lie in the arena beforehand, and for " +
    "--adapter af_xdp, whose driver may put them there",
    "vr1: its fewest cores, 4, are more than its most, 2: lower the one or raise the other",
    "a.yaml:4:45: its thresholds are out of order: it gives up a core below 1.02 times what it " +
    "takes one for above 1 times, and would never rest; the first must be less",
    "      - {subnets: [10.0.2.0/24], router: cppvr, grow_at: 1.0}",
    "                                                ^",
  ]);
});
