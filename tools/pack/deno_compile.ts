/** The first route: `deno compile`, judged by behaviour. */

/** Time for the compiler, which may try to reach a server, and for the result's self-test. */
const compile_timeout_ms = 90_000;
const selftest_timeout_ms = 20_000;

/**
 * Tries to make `target` and runs its self-test with an empty environment.
 *
 * @returns undefined when it works, else why not, in one line.
 */
export async function denoCompile(target: string): Promise<string | undefined> {
  const args = [
    ...["compile", "--quiet", "-A", "--no-check", "--bundle", "--minify"],
    ...["--include", "dist/stage", "--output", `${target}.new`, "main.ts"],
  ];
  const compiled = await run(Deno.execPath(), args, compile_timeout_ms);
  if (compiled.code !== 0) return gist(compiled.text);
  const reason = await selftest(`${target}.new`, "standalone");
  if (reason !== undefined) {
    await Deno.remove(`${target}.new`);
    return `its result is not lvrm (is DENORT_BIN a denort?): ${reason}`;
  }
  await Deno.rename(`${target}.new`, target);
  return undefined;
}

/**
 * Runs `--selftest` of an executable with an empty environment but for a cache of its own.
 *
 * @param kind what it must say of itself: `standalone` from deno compile, else `beside`.
 * @returns undefined when it works, else why not, in one line.
 */
export async function selftest(
  executable: string,
  kind: "standalone" | "beside",
): Promise<string | undefined> {
  const cache = await Deno.makeTempDir({ prefix: "lvrm-selftest-" });
  try {
    const env = { LVRM_CACHE: cache };
    const tested = await run(`./${executable}`, ["--selftest"], selftest_timeout_ms, env);
    const good = tested.code === 0 && tested.text.includes(`lvrm selftest: ${kind}`);
    return good ? undefined : gist(tested.text);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

async function run(
  program: string,
  args: string[],
  timeout_ms: number,
  env?: Record<string, string>,
): Promise<{ code: number; text: string }> {
  const command = new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    clearEnv: env !== undefined,
    env: { NO_COLOR: "1", ...env },
    signal: AbortSignal.timeout(timeout_ms),
  });
  try {
    const { code, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
  } catch (error) {
    return { code: -1, text: error instanceof Error ? error.message : String(error) };
  }
}

/** The gist of an error text, its last line, without addresses of servers. */
function gist(text: string): string {
  const lines = text.split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !/<unknown>$|^Stack backtrace/.test(line));
  return lines.at(-1)?.replace(/^\d+: /, "").replaceAll(/https?:\/\/\S+/g, "…").slice(0, 200) ??
    "no output";
}
