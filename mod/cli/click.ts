/** `lvrm click …`, and lvrm called by the name `click`: becomes lvrm-click. */
import { basename, join } from "node:path";
import { become } from "../../ffi/become.ts";
import { ExitCode, Failure } from "../config/mod.ts";
import { runtimeDirectory } from "../runtime/mod.ts";

/** The name that this process was started by; Deno's own API resolves links. */
function calledAs(): string {
  try {
    return basename(Deno.readTextFileSync("/proc/self/cmdline").split("\0")[0] ?? "");
  } catch {
    return "";
  }
}

/** The words for lvrm-click, or null when something else is asked for. */
export function clickWords(args: readonly string[], name: string = calledAs()): string[] | null {
  if (name === "click") return [...args];
  return args[0] === "click" ? args.slice(1) : null;
}

/** Doesn't return. Throws Failure (host). */
export function runClick(words: readonly string[]): never {
  const executable = join(runtimeDirectory(), "bin", "lvrm-click");
  become(executable, words);
  throw new Failure(ExitCode.host, `cannot run ${executable}: build lvrm again`);
}
