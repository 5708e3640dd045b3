/** VRs in C, Rust and TypeScript over `--adapter memory:`, and those of another version. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { buildRust, compileVr, run, withoutRust } from "../testbed/mod.ts";
import { offline, Scratch, totalsOf } from "./offline.ts";

const root = new URL("../..", import.meta.url).pathname;
const typescript = `${root}vrs/typescript`;
const rustless = withoutRust();
const skipped = rustless === null ? "" : ` (skipped: ${rustless})`;

/** Every frame of all sizes goes through, and so it does in several VRIs. */
async function forwards(scratch: Scratch, router: string): Promise<void> {
  for (const more of [[], ["--vris", "2"]]) {
    const done = await offline(scratch, [
      ...["--adapter", "memory:sizes=84/590/1538,flows=1000,count=100k"],
      ...["--vr", `10.0.0.0/16=${router}`, ...more],
    ]);
    equal(done.code, 0, done.stderr);
    const totals = totalsOf(done.stdout);
    deepEqual([totals.received, totals.sent, totals.dropped], [100_000, 100_000, 0], done.stdout);
  }
}

Deno.test("VRs in C and TypeScript forward what the memory adapter replays", async () => {
  await using scratch = await Scratch.make();
  await forwards(scratch, await compileVr("vrs/example/minimal.c", scratch.path));
  await forwards(scratch, `deno run -A ${typescript}/examples/minimal.ts`);
  await forwards(scratch, `deno run -A ${typescript}/examples/router.ts`);
});

Deno.test({
  name: `VRs in Rust forward what the memory adapter replays${skipped}`,
  ignore: rustless !== null,
  fn: async () => {
    await using scratch = await Scratch.make();
    const folder = await buildRust();
    await forwards(scratch, `${folder}/minimal`);
    await forwards(scratch, `${folder}/router`);
  },
});

/** lvrm with a VR that was built for another version ends, and says what to do. */
async function refused(scratch: Scratch, router: string): Promise<void> {
  const done = await offline(scratch, [
    ...["--adapter", "memory:count=1", "--vr", `10.0.0.0/16=${router}`],
  ]);
  equal(done.code, 1, done.stderr);
  match(done.stderr, /built for another version of lvrm: build it again/);
}

/** A copy of a file, with another layout hash in it. */
async function falsify(from: string, to: string): Promise<void> {
  const text = await Deno.readTextFile(from);
  const other = text.replace(/(hash(?:: u64)? = |_HASH UINT64_C\()0x[0-9a-f]{16}/i, "$10x1234");
  ok(other !== text);
  await Deno.writeTextFile(to, other);
}

Deno.test("a VR in C of another version is told so", async () => {
  await using scratch = await Scratch.make();
  await falsify(`${root}vrs/include/lvrm_vr.h`, scratch.file("lvrm_vr.h"));
  const program = scratch.file("old");
  const words = ["-O2", `-I${scratch.path}`, "-o", program, `${root}vrs/example/minimal.c`];
  const done = await run("cc", [...words, `${root}zig-out/lib/liblvrm_vr.a`]);
  equal(done.code, 0, done.stderr);
  await refused(scratch, program);
});

Deno.test("a VR in TypeScript of another version is told so", async () => {
  await using scratch = await Scratch.make();
  await Deno.mkdir(scratch.file("examples"));
  for (
    const name of ["events.ts", "frame.ts", "mod.ts", "virtual_router.ts", "examples/minimal.ts"]
  ) {
    await Deno.copyFile(join(typescript, name), scratch.file(name));
  }
  await falsify(join(typescript, "abi.gen.ts"), scratch.file("abi.gen.ts"));
  await refused(scratch, `deno run -A ${scratch.file("examples/minimal.ts")}`);
});

Deno.test({
  name: `a VR in Rust of another version is told so${skipped}`,
  ignore: rustless !== null,
  fn: async () => {
    await using scratch = await Scratch.make();
    for (const name of ["Cargo.toml", "build.rs", "src", "examples"]) {
      const done = await run("cp", ["-r", `${root}vrs/rust/${name}`, scratch.path]);
      equal(done.code, 0, done.stderr);
    }
    await falsify(`${root}vrs/rust/src/sys.rs`, scratch.file("src/sys.rs"));
    await refused(scratch, `${await buildRust(scratch.path)}/minimal`);
  },
});

Deno.test("started by hand, VRs say who starts them", async () => {
  await using scratch = await Scratch.make();
  const c = await compileVr("vrs/example/minimal.c", scratch.path);
  const script = `${typescript}/examples/minimal.ts`;
  for (const words of [[c], [Deno.execPath(), "run", "-A", script]]) {
    const done = await run(words[0]!, words.slice(1));
    equal(done.code, 4);
    match(done.stderr, /a VR is started by lvrm/);
  }
});
