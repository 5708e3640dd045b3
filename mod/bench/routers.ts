/** The routers of experiments by name, and how each is started as the VRI between two ports. */
import { join } from "node:path";

/** The paper's minimal forwarders, in C++ and in Click, and full routing. */
export const benchRouters = ["cppvr-relay", "cppvr", "clickvr"] as const;

/** Whether it passes on what comes in by one of two ports to the other, whatever it is. */
export const relays = (router: string): boolean => router !== "cppvr";

/** A VRI's program and arguments. */
export interface RouterCommand {
  readonly executable: string;
  readonly args: readonly string[];
}

/** A bundled router as an experiment names it, between two ports. */
export function routerCommand(
  router: string,
  runtime: string,
  ports: readonly [string, string] = ["m0", "m1"],
): RouterCommand {
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
