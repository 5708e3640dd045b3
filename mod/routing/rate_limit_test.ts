import assert from "node:assert/strict";
import { RateLimit } from "./rate_limit.ts";

Deno.test("a burst, then the rate, each key for itself", () => {
  const limit = new RateLimit(100, 10);
  const taken = (key: string, now_ms: number) => {
    let count = 0;
    while (limit.take(key, now_ms)) count++;
    return count;
  };
  assert.equal(taken("vr1", 0), 10);
  assert.equal(taken("vr1", 5), 0);
  assert.equal(taken("vr1", 10), 1);
  assert.equal(taken("vr2", 10), 10);
  assert.equal(taken("vr1", 100_000), 10);
  assert.equal(limit.size, 2);
  limit.prune(100_050);
  assert.equal(limit.size, 1);
});

Deno.test("once per interval", () => {
  const limit = new RateLimit(1 / 5, 1);
  assert.deepEqual([0, 4999, 5001, 9000, 10_002].map((at) => limit.take("n", at)), [
    true,
    false,
    true,
    false,
    true,
  ]);
});
