/** The benchmark still runs and measures something; its figures are judged elsewhere. */
import { equal, ok } from "node:assert/strict";
import { median } from "./measure.ts";

import { bench, quickRun, table, wireSizes_bytes } from "./run.ts";

Deno.test("a quick benchmark measures rates, round trips and idle cost of both", async () => {
  const steps: string[] = [];
  const result = await bench(quickRun, (line) => steps.push(line));
  for (const size of wireSizes_bytes) {
    const rate = result.highest_rate_fps[size]!;
    ok(rate.kernel > 0 && rate.lvrm > 0, JSON.stringify(rate));
  }
  ok(result.round_trip_us.kernel > 0 && result.round_trip_us.lvrm > 0);
  ok(result.idle_core_percent > 0);
  ok(table(result).includes("Kfps") && steps.length === 7, steps.join("\n"));
});

Deno.test("the median of an even and an odd number of values", () => {
  equal(median([3, 1, 2]), 2);
  equal(median([4, 1, 3, 2]), 2.5);
});
