/** The routers of experiments by name, and how each is started as the VRI between two ports. */
import { join } from "node:path";
import { ExitCode, Failure } from "../config/mod.ts";
import { splitWords } from "../config/words.ts";
import { resolveRouter } from "../vri_monitor/mod.ts";

/** The paper's minimal forwarders, in C++ and in Click, and full routing. */
export const benchRouters = ["cppvr-relay", "cppvr", "clickvr"] as const;

/** Whether it passes on what comes in by one of two ports to the other, whatever it is. */
export const relays = (router: string): boolean => router !== "cppvr";

/** Whether an experiment knows it by name. */
export function isBenchRouter(router: string): boolean {
  return (benchRouters as readonly string[]).includes(router);
}

/** A VRI's program and arguments. */
export interface RouterCommand {
  readonly executable: string;
  readonly args: readonly string[];
}

/** A router as an experiment names it, between two ports: one of `benchRouters`, else any program
 * as in `--vr`. Throws Failure. */
export function routerCommand(
  router: string,
  runtime: string,
  ports: readonly [string, string] = ["m0", "m1"],
): RouterCommand {
  if (!isBenchRouter(router)) return anyProgram(router, runtime);
  if (router === "clickvr") {
    const args = [
      "--vr",
      "--file",
      join(runtime, "lib/click_minimal.click"),
      `A=${ports[0]}`,
      `B=${ports[1]}`,
    ];
    return { executable: join(runtime, "bin/lvrm-click"), args };
  }
  const executable = join(runtime, "bin/cppvr");
  return { executable, args: relays(router) ? ["--relay", `${ports[0]}=${ports[1]}`] : [] };
}

function anyProgram(router: string, runtime: string): RouterCommand {
  const split = splitWords(router);
  const words = "error" in split ? [] : split.words;
  if (words.length === 0) {
    const why = "error" in split ? split.error : "it is empty";
    throw new Failure(ExitCode.usage, `--router ${router}: cannot split it into words: ${why}`);
  }
  return resolveRouter({ name: "--router", words }, runtime);
}
