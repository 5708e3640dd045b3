/** `lvrm gen …` and `lvrm sink …`: become lvrm-gen, which never chooses an interface by itself. */
import { join } from "node:path";
import { become } from "../../ffi/become.ts";
import { ExitCode, Failure } from "../config/mod.ts";
import { runtimeDirectory } from "../runtime/mod.ts";

/** The words for lvrm-gen, or null when something else is asked for. */
export function generatorWords(args: readonly string[]): string[] | null {
  const [command, ...words] = args;
  if (command !== "gen" && command !== "sink") return null;
  if (words.length === 1 && words[0] === "--help") return words;
  return [command === "gen" ? "send" : "sink", ...words];
}

/** Doesn't return. Throws Failure (host). */
export function runGenerator(words: readonly string[]): never {
  const executable = join(runtimeDirectory(), "bin", "lvrm-gen");
  become(executable, words);
  throw new Failure(ExitCode.host, `cannot run ${executable}: build lvrm again`);
}
