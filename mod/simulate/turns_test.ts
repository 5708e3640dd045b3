import { deepEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { takeTurns } from "./turns.ts";

Deno.test("turns: whole cores while there are enough, else fair shares of their time", () => {
  const of = (...pairs: [number, number][]) => pairs.map(([vris, needed]) => ({ vris, needed }));
  deepEqual(takeTurns(of([1, 9], [2, 0.5]), 2), [1, 2]);
  deepEqual(takeTurns(of([1, 9], [1, 9]), 1), [0.5, 0.5]);
  deepEqual(takeTurns(of([3, 9], [1, 9]), 2), [1.5, 0.5]);
  deepEqual(takeTurns(of([1, 0.25], [1, 9], [1, 9]), 1.25), [0.25, 0.5, 0.5]);
  deepEqual(takeTurns([], 1), []);
});

Deno.test("turns: no core idle while a frame waits, nobody above its own, none worse than even", () => {
  const turn = fc.record({
    vris: fc.integer({ min: 1, max: 9 }),
    needed: fc.double({ min: 0, max: 20, noNaN: true }),
  });
  fc.assert(fc.property(fc.array(turn, { maxLength: 20 }), fc.integer({ min: 1, max: 30 }), (
    turns,
    cores,
  ) => {
    const given = takeTurns(turns, cores);
    const limits = turns.map(({ vris, needed }) => Math.min(vris, needed));
    const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0);
    const used = sum(given.map((time, i) => Math.min(time, limits[i]!)));
    ok(Math.abs(used - Math.min(cores, sum(limits))) < 1e-6, `${used}`);
    const even = cores / sum(turns.map(({ vris }) => vris));
    for (const [i, { vris }] of turns.entries()) {
      ok(given[i]! <= vris + 1e-9);
      ok(given[i]! >= Math.min(limits[i]!, even * vris) - 1e-9);
    }
  }));
});
