/**
 * The seeds through the fuzz targets as the build makes them, so that neither rots. What breaks
 * only under a sanitizer shows in `deno task fuzz`.
 */
import { equal, ok } from "node:assert/strict";
import { run } from "../testbed/mod.ts";

const root = new URL("../..", import.meta.url).pathname;

for (const target of ["config", "packets"]) {
  Deno.test(`fuzz: every seed of ${target} goes through without harm`, async () => {
    const folder = `${root}tests/fuzz/seeds/${target}`;
    const seeds = [...Deno.readDirSync(folder)].map((it) => `${folder}/${it.name}`).sort();
    ok(seeds.length > 10);
    // packets reads the examples' configurations.
    const program = `${root}zig-out/bin/lvrm-click-fuzz-${target}`;
    const done = await run("env", ["-C", root, program, ...seeds], { timeout_ms: 60_000 });
    const last = done.stdout.trimEnd().split("\n").pop();
    equal(done.code, 0, `${last}: ${done.signal ?? ""} ${done.stderr.slice(-500)}`);
    equal(done.stdout.match(/: \d+ bytes$/gm)?.length, seeds.length);
  });
}
