/** With a launcher of a few lines of shell, so that no root and no link is needed. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { spawnVri } from "./process.ts";
import type { VriProcess } from "./process.ts";

/** Starts `script` as a VRI; `use` gets the process and the lines that it printed so far. */
async function withVri(
  script: string,
  use: (process: VriProcess, lines: string[]) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const lines: string[] = [];
  try {
    const launcher = join(directory, "launch");
    // Skips the launcher's own options, then becomes the program.
    const words = ["#!/bin/sh", 'while [ "$1" != -- ]; do shift; done; shift', 'exec "$@"', ""];
    await Deno.writeTextFile(launcher, words.join("\n"), { mode: 0o755 });
    const process = spawnVri({
      launcher,
      executable: "/bin/sh",
      args: ["-c", script],
      cores: [0],
      linkShmid: 42,
      wakeFds: [7],
      onLine: (line) => lines.push(line),
    });
    try {
      await use(process, lines);
    } finally {
      process.kill();
      await process.ended;
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a VRI that exits is reaped with its status and its last words", () =>
  withVri("echo out; echo one >&2; printf two >&2; exit 3", async (process, lines) => {
    equal(await process.ended, "exited with status 3: two");
    deepEqual(lines.toSorted(), ["one", "out", "two"]);
  }));

Deno.test("a VRI sees its link and little else of our environment", () => {
  Deno.env.set("LVRM_SECRET", "x");
  return withVri("env", async (process, lines) => {
    equal(await process.ended, "exited with status 0");
    ok(lines.includes("LVRM_LINK=42") && lines.includes("LVRM_WAKE_FD=7"));
    ok(lines.some((line) => /^LVRM_VR_LIBRARY=\/.*\/lib\/liblvrm_vr\.so$/.test(line)));
    ok(!lines.some((line) => line.startsWith("LVRM_SECRET")));
    Deno.env.delete("LVRM_SECRET");
  });
});

Deno.test("kill() ends a VRI, and does nothing to one that ended", () =>
  withVri("exec sleep 60", async (process) => {
    process.kill();
    match(await process.ended, /^was ended by SIGKILL/);
    process.kill();
  }));

Deno.test("a VRI that prints without end is drained, in lines of bounded length", () =>
  withVri("head -c 100000 /dev/zero | tr '\\0' x; echo; echo end", async (process, lines) => {
    equal(await process.ended, "exited with status 0");
    equal(lines.at(-1), "end");
    equal(lines.join("").length, 100_003);
    ok(lines.every((line) => line.length <= 2000));
  }));
