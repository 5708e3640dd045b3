/** Runs every `*.case` below this folder with lvrm-click; one test per file. */
import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { type Case, matches, parseCases } from "./cases.ts";

const here = import.meta.dirname!;
const program = join(here, "../../zig-out/bin/lvrm-click");
const limit_ms = 60_000;
const decoder = new TextDecoder();

function find(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory) return find(path);
    return entry.name.endsWith(".case") ? [path] : [];
  }).sort();
}

function check(what: string, expected: string | undefined, found: string): void {
  if (expected === undefined || matches(expected, found)) return;
  assert.equal(found.trimEnd(), expected.trimEnd(), what);
}

async function run(it: Case): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "lvrm-click-" });
  try {
    await Deno.writeTextFile(join(directory, "config"), it.config);
    for (const [name, bytes] of it.files) await Deno.writeFile(join(directory, name), bytes);
    const child = new Deno.Command(program, {
      args: it.config === "" ? it.args : [...it.args, "config"],
      cwd: directory,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      env: { LC_ALL: "C" },
    }).spawn();
    const timer = setTimeout(() => child.kill("SIGKILL"), limit_ms);
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(it.stdin)).catch(() => {});
    await writer.close().catch(() => {});
    const { code, stdout, stderr } = await child.output();
    clearTimeout(timer);
    check("stderr", it.stderr, decoder.decode(stderr));
    check("stdout", it.stdout, decoder.decode(stdout));
    for (const [name, text] of it.outputs) {
      check(name, text, await Deno.readTextFile(join(directory, name)));
    }
    assert.equal(code, it.exit, "exit code");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

for (const path of find(here)) {
  Deno.test(`click: ${relative(here, path)}`, async (t) => {
    const cases = parseCases(await Deno.readTextFile(path));
    assert.ok(cases.length > 0, "the file has a case");
    for (const it of cases) {
      if (it.name === "") await run(it);
      else await t.step(it.name, () => run(it));
    }
  });
}
