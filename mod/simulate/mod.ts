/** `lvrm simulate`: the VR monitor as it is, against models of VRs, in virtual time. */
import { readText } from "../config/file/load.ts";
import { ExitCode, Failure, meant } from "../config/mod.ts";
import { allocators } from "../vr_monitor/mod.ts";
import { simulate } from "./run.ts";
import { readScenario } from "./scenario.ts";
import { formatReport } from "./table.ts";
import type { Scenario } from "./types.ts";

export { simulate } from "./run.ts";
export type { Report } from "./run.ts";
export { readScenario } from "./scenario.ts";
export type { Outcome, Row, Scenario } from "./types.ts";

/** Of many VRs over many days. */
const largestHistory_bytes = 256 << 20;

/** Options of `lvrm simulate` as the command line gives them. */
export interface SimulateOptions {
  json?: string;
  allocator?: string;
}

/** Runs the scenario at `path`, prints its outcome and writes the report where asked. */
export function runSimulate(
  path: string,
  options: SimulateOptions,
  print: (text: string) => void,
): void {
  const read = (file: string) => readText(file, file, largestHistory_bytes);
  const scenario = withAllocator(
    readScenario(readText(path, `scenario ${path}`), path, read),
    options,
  );
  const start_ms = performance.now();
  const report = simulate(scenario);
  print(formatReport(report, (performance.now() - start_ms) / 1000));
  if (options.json === undefined) return;
  try {
    Deno.writeTextFileSync(options.json, `${JSON.stringify(report)}\n`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(ExitCode.host, `--json ${options.json}: cannot be written: ${reason}`);
  }
}

/** The same scenario with another allocator for all VRs. */
function withAllocator(scenario: Scenario, { allocator }: SimulateOptions): Scenario {
  if (allocator === undefined) return scenario;
  if (!Object.hasOwn(allocators, allocator)) {
    throw new Failure(
      ExitCode.usage,
      `--allocator ${allocator}: there is no such allocator;` +
        `${meant(allocator, Object.keys(allocators))} known: ` +
        Object.keys(allocators).join(", "),
    );
  }
  const vrs = scenario.vrs.map((vr) => ({ ...vr, policy: { ...vr.policy, allocator } }));
  return { ...scenario, vrs };
}
