/**
 * All checks and tests. Prints the whole log, then a table of the phases, and as last line
 * `N passed, N failed`: each check counts as one, the Zig and Deno tests as many as they are.
 * Exit code 0 only if all of them passed. A phase that ends without a count (a crash, a timeout,
 * a filter that matches nothing) has failed.
 *
 *     deno task test [--quick] [--only PHASE]
 *
 * `--quick` leaves out the end-to-end tests. One phase after another: the tests share two cores
 * and the host's network namespaces.
 */

/** How one phase ended. */
interface Outcome {
  passed: number;
  failed: number;
  ignored?: number;
  /** Why it failed, in a few words. */
  note?: string;
}

interface Phase {
  name: string;
  run: () => Promise<Outcome>;
}

const deno = Deno.execPath();
const quick = Deno.args.includes("--quick");
const only = Deno.args.includes("--only") ? Deno.args[Deno.args.indexOf("--only") + 1] : undefined;

/** Runs a program to its end, copies what it says to our output, and returns that as well. */
async function run(
  program: string,
  args: string[],
  timeout_ms: number,
): Promise<{ code: number; text: string }> {
  console.log(`$ ${[program === deno ? "deno" : program, ...args].join(" ")}`);
  const child = new Deno.Command(program, {
    args,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => {
    console.log(`(stopped: it took more than ${timeout_ms / 1000} s)`);
    child.kill("SIGTERM");
  }, timeout_ms);
  const killer = setTimeout(() => child.kill("SIGKILL"), timeout_ms + 10_000);
  const decoder = new TextDecoder();
  let text = "";
  const copy = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> => {
    for await (const part of stream) {
      text += decoder.decode(part);
      await Deno.stdout.write(part);
    }
  };
  const [status] = await Promise.all([child.status, copy(child.stdout), copy(child.stderr)]);
  clearTimeout(timer);
  clearTimeout(killer);
  return { code: status.code, text };
}

/** A program that either finds fault or doesn't. */
async function check(program: string, args: string[], timeout_ms = 120_000): Promise<Outcome> {
  const { code } = await run(program, args, timeout_ms);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1, note: `exit ${code}` };
}

/** The generated files are those that the sources give. */
async function abi(): Promise<Outcome> {
  const files = [
    ...["ffi/abi.gen.ts", "vrs/include/lvrm_vr.h"],
    ...["vrs/rust/src/sys.rs", "vrs/typescript/abi.gen.ts"],
  ];
  const before = await Promise.all(files.map((file) => Deno.readTextFile(file)));
  const { code } = await run("zig", ["build", "abi"], 300_000);
  if (code !== 0) return { passed: 0, failed: 1, note: `exit ${code}` };
  const after = await Promise.all(files.map((file) => Deno.readTextFile(file)));
  const stale = files.filter((_, index) => before[index] !== after[index]);
  if (stale.length === 0) return { passed: 1, failed: 0 };
  return { passed: 0, failed: 1, note: `stale, written anew: ${stale.join(", ")}` };
}

/** The crate's tests: one `test result: ok. 9 passed; 0 failed; …` for each kind. */
async function rustTests(): Promise<Outcome> {
  const { code, text } = await run("cargo", ["test", ...crate], 300_000);
  const counted = [...text.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)];
  const add = (group: number): number => counted.reduce((sum, it) => sum + Number(it[group]), 0);
  return settle({ passed: add(1), failed: add(2) }, code);
}

/** Names of registries in the lock file would bind every clone to this machine's. */
async function lockFile(): Promise<Outcome> {
  const text = await Deno.readTextFile("deno.lock");
  const found = /https?:\/\/[^"]*|"tarball"/.exec(text);
  if (found === null) return { passed: 1, failed: 0 };
  return { passed: 0, failed: 1, note: `deno.lock names ${found[0]}` };
}

/** `zig build test`: its summary says `35/36 tests passed (1 failed; 2 skipped)`, and the tests in
 * C++ say `cppvr: 55 passed, 0 failed` themselves. */
async function zigTests(): Promise<Outcome> {
  const { code, text } = await run("zig", ["build", "test", "--summary", "all"], 600_000);
  const counted = /(\d+)\/(\d+) tests passed(?:[^\n]*?(\d+) skipped)?/.exec(text);
  const passed = Number(counted?.[1] ?? 0);
  const ignored = Number(counted?.[3] ?? 0);
  const failed = Number(counted?.[2] ?? 0) - passed - ignored;
  const others = [...text.matchAll(/^cppvr: (\d+) passed, (\d+) failed$/gm)];
  const add = (group: number): number => others.reduce((sum, it) => sum + Number(it[group]), 0);
  return settle({ passed: passed + add(1), failed: failed + add(2), ignored }, code);
}

/** `deno test`: it ends with `ok | 11 passed (2 steps) | 0 failed | 1 ignored (44ms)`. */
async function denoTests(paths: string[], timeout_ms: number): Promise<Outcome> {
  const { code, text } = await run(deno, ["test", "-P", "--no-check", ...paths], timeout_ms);
  const counted = /(?:ok|FAILED) \| (\d+) passed[^|\n]*\| (\d+) failed(?:[^\n]*?(\d+) ignored)?/
    .exec(text);
  const passed = Number(counted?.[1] ?? 0);
  const failed = Number(counted?.[2] ?? 0);
  return settle({ passed, failed, ignored: Number(counted?.[3] ?? 0) }, code);
}

/** A phase that says nothing, or whose exit code contradicts its count, has failed. */
function settle(outcome: Outcome, code: number): Outcome {
  if (outcome.passed + outcome.failed === 0) {
    return { ...outcome, failed: 1, note: `no test ran, exit ${code}` };
  }
  if (code !== 0 && outcome.failed === 0) return { ...outcome, failed: 1, note: `exit ${code}` };
  return outcome;
}

const slow = ["tests/end_to_end/", "tests/adapters/", "tests/fault/"].filter((path) => {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
});

const crate = ["--offline", "--manifest-path", "vrs/rust/Cargo.toml"];
const clippy = ["clippy", ...crate, "--all-targets", "--", "-D", "warnings"];

const phases: Phase[] = [
  { name: "abi", run: abi },
  { name: "build", run: () => check("zig", ["build", "--release=safe"], 900_000) },
  { name: "zig fmt", run: () => check("zig", ["fmt", "--check", "build.zig", "zig-src"]) },
  { name: "deno fmt", run: () => check(deno, ["fmt", "--check"]) },
  { name: "deno lint", run: () => check(deno, ["lint"]) },
  { name: "deno check", run: () => check(deno, ["check"]) },
  { name: "lock file", run: lockFile },
  { name: "zig test", run: zigTests },
  { name: "rust fmt", run: () => check("cargo", ["fmt", "--check", ...crate.slice(1)]) },
  { name: "rust clippy", run: () => check("cargo", clippy, 300_000) },
  { name: "rust test", run: rustTests },
  { name: "compile", run: () => check(deno, ["run", "-A", "tools/compile.ts"], 600_000) },
  { name: "deno test", run: () => denoTests([`--ignore=${slow.join(",")}`], 900_000) },
];
if (!quick && slow.length > 0) {
  phases.push({ name: "end to end", run: () => denoTests(slow, 2_400_000) });
}

async function main(): Promise<number> {
  Deno.chdir(new URL("..", import.meta.url));
  const lines: string[] = [];
  let passed = 0;
  let failed = 0;
  for (const phase of phases.filter((it) => only === undefined || it.name === only)) {
    console.log(`\n=== ${phase.name}`);
    const began = performance.now();
    const outcome = await phase.run().catch((error): Outcome => {
      return { passed: 0, failed: 1, note: String(error) };
    });
    passed += outcome.passed;
    failed += outcome.failed;
    const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(7);
    const ignored = outcome.ignored ? `, ${outcome.ignored} ignored` : "";
    const counts = `${outcome.passed} passed, ${outcome.failed} failed${ignored}`;
    lines.push(`${phase.name.padEnd(11)}${seconds} s  ${counts}  ${outcome.note ?? ""}`.trimEnd());
  }
  console.log(`\n=== summary\n${lines.join("\n")}\n`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

Deno.exit(await main());
