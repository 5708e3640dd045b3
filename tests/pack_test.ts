/**
 * The self-unpacking launcher and its twin for `deno compile`, in `mod/runtime/embedded.ts`: both
 * unpack once, share the result, and refuse a directory that someone changed. A shell script stands
 * where Deno would be, and says what it was started with.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Failure } from "../mod/config/failure.ts";
import { unpackEmbedded } from "../mod/runtime/embedded.ts";
import { pack } from "../tools/pack/launcher.ts";
import { nameOf, sha256 } from "../tools/pack/stage.ts";

const script = `#!/bin/sh
echo "$0|$*"
env
exit 7
`;

/** A packed program and a place for its cache, removed at the end. */
class Trial implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "lvrm-pack-" });
  readonly cache = join(this.folder, "cache");
  readonly program = join(this.folder, "program");

  async build(): Promise<void> {
    const script_path = join(this.folder, "script");
    const main_path = join(this.folder, "main.js");
    await Deno.writeTextFile(script_path, script);
    await Deno.writeTextFile(main_path, "// ".padEnd(300_000, "lvrm "));
    await pack([
      { path: "bin/lvrm", mode: 0o700, source: script_path },
      { path: "main.js", mode: 0o600, source: main_path },
    ], this.program);
  }

  async run(
    args: string[] = [],
    env: Record<string, string> = { LVRM_CACHE: this.cache },
  ): Promise<{ code: number; out: string; err: string }> {
    const { code, stdout, stderr } = await new Deno.Command(this.program, {
      args,
      clearEnv: true,
      env,
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
  }

  /** The one unpacked directory. */
  directory(): string {
    const names = [...Deno.readDirSync(this.cache)].map((it) => it.name);
    assert.deepEqual(names.length, 1, `one directory in the cache: ${names}`);
    return join(this.cache, names[0]!);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function trial(): Promise<Trial> {
  const made = new Trial();
  await made.build();
  return made;
}

/** One line, the right code, and words that tell the cause and the cure. */
function assertRefused(result: { code: number; err: string }, ...words: string[]): void {
  assert.equal(result.code, 4, result.err);
  assert.equal(result.err.trim().split("\n").length, 1, result.err);
  for (const word of words) assert.ok(result.err.includes(word), `"${word}" in: ${result.err}`);
}

Deno.test("unpacker: passes arguments, environment and exit code", async () => {
  await using it = await trial();
  const env = { LVRM_CACHE: it.cache, KEPT: "yes", DENO_V8_FLAGS: "--nonsense" };
  const { code, out } = await it.run(["--vr", "10.0.1.0/24=cppvr --help", "--", ""], env);
  assert.equal(code, 7);
  const lines = out.trimEnd().split("\n");
  assert.ok(lines[0]!.endsWith("main.js --vr 10.0.1.0/24=cppvr --help -- "), lines[0]);
  assert.ok(lines.includes("KEPT=yes"));
  assert.ok(lines.includes(`LVRM_RUNTIME=${it.directory()}`));
  assert.ok(lines.includes("NO_COLOR=1"));
  assert.ok(!out.includes("DENO_V8_FLAGS"));
});

Deno.test("unpacker: unpacks once, privately", async () => {
  await using it = await trial();
  await it.run();
  const directory = it.directory();
  const before = await Deno.stat(join(directory, "main.js"));
  assert.equal(before.mode! & 0o777, 0o600);
  assert.equal((await Deno.stat(directory)).mode! & 0o777, 0o700);
  assert.equal((await Deno.stat(it.cache)).mode! & 0o777, 0o700);
  await it.run();
  assert.equal((await Deno.stat(join(directory, "main.js"))).ino, before.ino);
});

Deno.test("unpacker: concurrent first starts all work and leave one directory", async () => {
  await using it = await trial();
  const results = await Promise.all(Array.from({ length: 12 }, () => it.run()));
  for (const { code, err } of results) assert.equal(code, 7, err);
  it.directory();
});

Deno.test("unpacker: refuses what someone changed, and says what to do", async () => {
  await using it = await trial();
  await it.run();
  const directory = it.directory();
  const main_js = join(directory, "main.js");

  const content = await Deno.readFile(main_js);
  content[100_000]! ^= 1;
  await Deno.writeFile(main_js, content);
  assertRefused(await it.run(), "main.js was changed", "Remove", "LVRM_CACHE");
  content[100_000]! ^= 1;
  await Deno.writeFile(main_js, content);
  assert.equal((await it.run()).code, 7);

  await Deno.chmod(directory, 0o770);
  assertRefused(await it.run(), "others may write");
  await Deno.chmod(directory, 0o700);
  await Deno.chmod(join(directory, "bin/lvrm"), 0o722);
  assertRefused(await it.run(), "others may write");
  await Deno.chmod(join(directory, "bin/lvrm"), 0o700);
  assert.equal((await it.run()).code, 7);

  await Deno.rename(main_js, `${main_js}.old`);
  await Deno.symlink(`${main_js}.old`, main_js);
  assertRefused(await it.run(), "of another kind");
  await Deno.remove(main_js);
  assertRefused(await it.run(), "missing");
});

Deno.test({
  name: "unpacker: refuses a directory of another user",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    await using it = await trial();
    await it.run();
    await Deno.chown(it.directory(), 12345, 12345);
    assertRefused(await it.run(), "belongs to user 12345");
  },
});

Deno.test({
  name: "unpacker: refuses a cache of another user, on every start and also a sticky one",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    await using it = await trial();
    await it.run();
    await Deno.chown(it.cache, 12345, 12345);
    assertRefused(await it.run(), "belongs to user 12345", "LVRM_CACHE");
    await Deno.chmod(it.cache, 0o1777);
    assertRefused(await it.run(), "belongs to user 12345");
    await Deno.chown(it.cache, 0, 0);
    assert.equal((await it.run()).code, 7);
    await Deno.chmod(it.cache, 0o777);
    assertRefused(await it.run(), "others may write");
  },
});

Deno.test("unpacker: refuses a cache that others may write to, unless it is sticky", async () => {
  await using it = await trial();
  await Deno.mkdir(it.cache);
  await Deno.chmod(it.cache, 0o777);
  assertRefused(await it.run(), "others may write", "chmod go-w");
  await Deno.chmod(it.cache, 0o1777);
  assert.equal((await it.run()).code, 7);
});

Deno.test("unpacker: a path that can't be made is an error with the cure", async () => {
  await using it = await trial();
  assertRefused(await it.run([], { LVRM_CACHE: "/proc/no/such" }), "LVRM_CACHE");
  await Deno.writeTextFile(join(it.folder, "file"), "");
  assertRefused(await it.run([], { LVRM_CACHE: join(it.folder, "file/cache") }), "LVRM_CACHE");
});

Deno.test({
  name: "unpacker: noexec and read-only file systems are errors with the cure",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    await using it = await trial();
    await Deno.mkdir(it.cache);
    // In a mount namespace of its own, which ends with the shell.
    const mounted = async (options: string): Promise<{ code: number; err: string }> => {
      const { code, stderr } = await new Deno.Command("unshare", {
        args: [
          ...["-m", "sh", "-c"],
          'mount -t tmpfs -o "$1" none "$2" && LVRM_CACHE="$2" exec "$3"',
          ...["sh", options, it.cache, it.program],
        ],
        stdin: "null",
      }).output();
      return { code, err: new TextDecoder().decode(stderr) };
    };
    assertRefused(await mounted("noexec"), "noexec", "LVRM_CACHE");
    assertRefused(await mounted("ro"), "LVRM_CACHE");
    assertRefused(await mounted("size=64k"), "NOSPC", "LVRM_CACHE");
  },
});

Deno.test("unpacker: a damaged file says so", async () => {
  await using it = await trial();
  const whole = await Deno.readFile(it.program);
  await Deno.writeFile(it.program, whole.subarray(0, whole.length - 10));
  assertRefused(await it.run(), "damaged");
  // A byte inside a frame: the checksum of what comes out is wrong, or nothing does.
  const unpacker_bytes = (await Deno.stat("zig-out/bin/lvrm-unpack")).size;
  whole[unpacker_bytes + 60]! ^= 255;
  await Deno.writeFile(it.program, whole);
  assertRefused(await it.run(), "damaged");
  assert.deepEqual([...Deno.readDirSync(it.cache)], []);
});

Deno.test("unpacker: removes unused versions, keeps those that run", async () => {
  await using it = await trial();
  const unused = join(it.cache, "0".repeat(32));
  const strange = join(it.cache, "documents");
  for (const folder of [unused, strange]) {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(join(folder, "lock"), "");
  }
  const used = join(it.cache, "1".repeat(32));
  await Deno.mkdir(used);
  using held = await Deno.open(join(used, "lock"), { write: true, create: true });
  await held.lock(false);
  await it.run();
  const left = [...Deno.readDirSync(it.cache)].map((entry) => entry.name);
  assert.ok(!left.includes("0".repeat(32)));
  assert.ok(left.includes("1".repeat(32)) && left.includes("documents"));
});

Deno.test("embedded files: unpacked once, and refused when changed", async () => {
  const folder = await Deno.makeTempDir({ prefix: "lvrm-embedded-" });
  try {
    const content = new TextEncoder().encode("#!/bin/sh\n");
    await Deno.mkdir(join(folder, "stage/bin"), { recursive: true });
    await Deno.writeFile(join(folder, "stage/bin/vr"), content);
    const bytes = content.length;
    const files = [{ path: "bin/vr", mode: 0o700, bytes, sha256: sha256(content) }];
    const manifest = JSON.stringify({ name: nameOf(files), files });
    await Deno.writeTextFile(join(folder, "stage/manifest.json"), manifest);
    const unpack = (): string => unpackEmbedded(join(folder, "stage"), join(folder, "cache"));

    const directory = unpack();
    const vr = join(directory, "bin/vr");
    assert.equal((await Deno.stat(vr)).mode! & 0o777, 0o700);
    assert.equal(unpack(), directory);
    assert.equal([...Deno.readDirSync(join(folder, "cache"))].length, 1);

    await Deno.writeTextFile(vr, "#!/bin/SH\n");
    assert.throws(unpack, (error) => error instanceof Failure && error.code === 4);
    await Deno.writeFile(vr, content);
    await Deno.chmod(directory, 0o720);
    assert.throws(unpack, /others/);
    await Deno.chmod(directory, 0o700);
    unpack();
    const cache = join(folder, "cache");
    await Deno.chmod(cache, 0o777);
    assert.throws(unpack, /chmod go-w/, "on every start");
    await Deno.chmod(cache, 0o700);
    if (Deno.uid() === 0) {
      await Deno.chown(cache, 12345, 12345);
      assert.throws(unpack, /belongs to user 12345/);
      await Deno.chown(cache, 0, 0);
    }
    const under = join(vr, "cache"); // ENOTDIR
    const stage = join(folder, "stage");
    const oneLine = (error: unknown) =>
      error instanceof Failure && error.code === 4 && !error.message.includes("\n");
    assert.throws(() => unpackEmbedded(stage, under), oneLine);
    await Deno.remove(directory, { recursive: true });
    await Deno.chmod(join(folder, "cache"), 0o777);
    assert.throws(unpack, /chmod go-w/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
