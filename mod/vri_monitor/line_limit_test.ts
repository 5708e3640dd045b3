import { deepEqual, equal } from "node:assert/strict";
import { LineLimit } from "./line_limit.ts";

Deno.test("few lines pass, a flood is cut, and it is said how much was left out", () => {
  let now_ms = 0;
  const passed: string[] = [];
  const limit = new LineLimit((line) => passed.push(line), () => now_ms);
  for (let i = 0; i < 1000; i++) limit.line(`line ${i}`);
  equal(passed.length, 200);
  now_ms = 40; // two more
  for (let i = 0; i < 10; i++) limit.line("more");
  deepEqual(passed.slice(200), ["(800 lines left out)", "more", "more"]);
  now_ms = 60_000;
  for (let i = 0; i < 1000; i++) limit.line("again");
  equal(passed.length, 203 + 201);
});
