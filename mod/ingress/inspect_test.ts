/** What the table says of others, in a network namespace of its own. Needs root. */
import assert from "node:assert/strict";
import { must, run } from "../../tests/testbed/mod.ts";

const cases = new URL("./inspect_test_cases.ts", import.meta.url).pathname;

Deno.test("foreign tables and chains that are passed by; large sets; refused changes", async () => {
  const namespace = `lvrm-${Deno.pid}-inspect`;
  await must("ip", ["netns", "add", namespace]);
  try {
    const words = ["netns", "exec", namespace, Deno.execPath(), "run", "-A", "--no-check", cases];
    const finished = await run("ip", words, { timeout_ms: 60_000 });
    assert.equal(finished.code, 0, finished.stderr);
    assert.match(finished.stdout, /all cases passed/);
  } finally {
    await must("ip", ["netns", "del", namespace]);
  }
});
