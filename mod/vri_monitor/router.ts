/** Which program a ROUTER names: a bundled one, or any executable by its path or on PATH. */
import { isAbsolute, join, resolve } from "node:path";
import { ExitCode, Failure, meant } from "../config/mod.ts";
import type { VrIdentity } from "../config/mod.ts";
import { runToEnd } from "./process.ts";

/** Names of the bundled routers: `bin/NAME` of the runtime directory. Add yours here. */
export const bundledRouters = ["cppvr"] as const;

/** `clickvr:FILE`: a configuration in the Click language. */
const clickPrefix = "clickvr:";

/** Whether a router is lvrm's own. */
export const isBundled = (word: string): boolean =>
  (bundledRouters as readonly string[]).includes(word) || word.startsWith(clickPrefix);

/** A program that exists and may be run. */
export interface RouterProgram {
  readonly executable: string;
  readonly args: readonly string[];
}

/** Finds the program of a VR. Throws Failure (configuration). */
export function resolveRouter(
  vr: Pick<VrIdentity, "name" | "words">,
  runtimeDirectory: string,
): RouterProgram {
  const word = vr.words[0]!;
  const args = vr.words.slice(1);
  if (word === "clickvr" || word.startsWith(clickPrefix)) return clickRouter(vr, runtimeDirectory);
  if (!word.includes("/")) {
    if (!(bundledRouters as readonly string[]).includes(word)) {
      const found = onPath(word);
      if (found !== null) return { executable: found, args };
      throw new Failure(
        ExitCode.configuration,
        `${vr.name}: there is no router "${word}";${meant(word, bundledRouters)} bundled: ` +
          `${bundledRouters.join(", ")}, ${clickPrefix}FILE; ` +
          `for a program of your own that is not on PATH write its path, for example ./${word}`,
      );
    }
    const executable = join(runtimeDirectory, "bin", word);
    checkExecutable(vr.name, word, executable, "this build of lvrm lacks it: build it again");
    return { executable, args };
  }
  const executable = isAbsolute(word) ? word : resolve(Deno.cwd(), word);
  const hint = isAbsolute(word)
    ? "check its path"
    : `check the path after "=" (relative paths start at ${Deno.cwd()})`;
  checkExecutable(vr.name, word, executable, hint);
  return { executable, args };
}

/**
 * A program on PATH: `deno run -A my_vr.ts`, `env NAME=value ./my-vr`. The packed lvrm is a Deno
 * with lvrm behind it, so VRs in TypeScript need no other.
 */
function onPath(word: string): string | null {
  for (const directory of (Deno.env.get("PATH") ?? "").split(":")) {
    const path = join(directory === "" ? "." : directory, word);
    try {
      const { isFile, mode } = Deno.statSync(path);
      if (isFile && ((mode ?? 0) & 0o111) !== 0) return resolve(path);
    } catch {
      // Not there; directories of PATH needn't exist.
    }
  }
  return word === "deno" && !Deno.build.standalone ? Deno.execPath() : null;
}

/** The Click VR. Its configuration is checked here, so that errors show before any traffic. */
function clickRouter(
  vr: Pick<VrIdentity, "name" | "words">,
  runtimeDirectory: string,
): RouterProgram {
  const [word = "", ...parameters] = vr.words;
  const file = word.slice(clickPrefix.length);
  const executable = join(runtimeDirectory, "bin", "lvrm-click");
  const wrong = (what: string) => new Failure(ExitCode.configuration, `${vr.name}: ${what}`);
  if (file === "") throw wrong(`no file after "${clickPrefix}"; write ${clickPrefix}router.click`);
  checkExecutable(vr.name, word, executable, "this build of lvrm lacks it: build it again");
  const stray = parameters.find((it) => !/^\w+=/.test(it));
  if (!isThere(file)) throw wrong(`there is no file ${file}; check the path after "clickvr:"`);
  if (stray !== undefined) throw wrong(`"${stray}" after ${word}: only VAR=value may follow`);
  const words = ["--file", file, ...parameters];
  if (!runToEnd(executable, ["--check", ...words])) {
    throw wrong(`${word} cannot run: correct the errors above in ${file}`);
  }
  return { executable, args: ["--vr", ...words] };
}

/** Whether something bears this name; what else may be wrong with it is found by its reader. */
function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}

function checkExecutable(vr: string, word: string, path: string, missingHint: string): void {
  const wrong = (what: string) =>
    new Failure(ExitCode.configuration, `${vr}: cannot run ${word}: ${what}`);
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      throw wrong(`there is no such file; ${missingHint}`);
    }
    throw wrong(error instanceof Error ? error.message : String(error));
  }
  if (!info.isFile) throw wrong("it is not a file; name the VR's executable");
  if (((info.mode ?? 0) & 0o111) === 0) {
    throw wrong(`it is not executable; try: chmod +x ${word}`);
  }
}
