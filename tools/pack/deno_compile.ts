/** The first route: `deno compile`, judged by behaviour. */

/** Time for the compiler, which may try to reach a server, and for the result's self-test. */
const compile_timeout_ms = 90_000;
const selftest_timeout_ms = 20_000;

/** What `main.ts --selftest` prints in an executable that `deno compile` made. */
const token = "lvrm selftest: standalone";

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
  if (compiled.code !== 0) return firstLines(compiled.text);
  const tested = await run(`./${target}.new`, ["--selftest"], selftest_timeout_ms, true);
  if (tested.code !== 0 || !tested.text.includes(token)) {
    await Deno.remove(`${target}.new`);
    return `its result is not lvrm (is DENORT_BIN a denort?): ${firstLines(tested.text)}`;
  }
  await Deno.rename(`${target}.new`, target);
  return undefined;
}

async function run(
  program: string,
  args: string[],
  timeout_ms: number,
  bare = false,
): Promise<{ code: number; text: string }> {
  const command = new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    clearEnv: bare,
    env: bare ? {} : { NO_COLOR: "1" },
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

/** The gist of an error text, without addresses of servers, in one line. */
function firstLines(text: string): string {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  return lines.slice(0, 3).join(" ").replaceAll(/https?:\/\/\S+/g, "…").slice(0, 200) ||
    "no output";
}
