import { deepStrictEqual as equal, ok } from "node:assert";
import type { Core } from "../../ffi/core.ts";
import { Retirements } from "./retirement.ts";

const idle = { spins: 1, yields: 1 };
const nobody: ReadonlySet<number> = new Set();

/** Retirements over a library that frees what it is asked to, and notes it. */
function make(): { retirements: Retirements; freed: number[] } {
  const freed: number[] = [];
  const core = {
    vriDestroy: (vri: number) => {
      freed.push(vri);
      return true;
    },
  };
  return { retirements: new Retirements(core as unknown as Core), freed };
}

function states(r: Retirements, running: ReadonlySet<number>, now_ms: number): string[] {
  return r.planVris(running, now_ms).map((vri) => `${vri.vri} ${vri.state}`);
}

Deno.test("a VR's only VRI takes frames until its successor runs, then is dead, then freed", () => {
  const { retirements, freed } = make();
  retirements.add(7, 0, idle, 1000);
  equal(states(retirements, nobody, 10), ["7 running"]);
  retirements.planSent(1);
  equal(retirements.adopted(1), { freed: [], planDirty: false });
  ok(!retirements.due(nobody, 500));
  ok(retirements.due(new Set([0]), 500));
  equal(states(retirements, new Set([0]), 500), ["7 dead"]);
  retirements.planSent(2);
  equal(retirements.adopted(1).planDirty, false);
  equal(retirements.adopted(2), { freed: [], planDirty: true });
  equal(states(retirements, new Set([0]), 600), []);
  retirements.planSent(3);
  equal(retirements.adopted(3), { freed: [7], planDirty: false });
  equal(freed, [7]);
  ok(!retirements.busy);
});

Deno.test("without a successor it waits until its time is over, and no longer", () => {
  const { retirements } = make();
  retirements.add(7, 0, idle, 1000);
  ok(!retirements.due(new Set([1]), 999));
  ok(retirements.due(new Set([1]), 1000));
  equal(states(retirements, nobody, 1000), ["7 dead"]);
});

Deno.test("with a sibling that runs, or no time to wait, it is dead at once", () => {
  const { retirements } = make();
  retirements.add(7, 0, idle, 1000);
  retirements.add(8, 1, idle, 0);
  equal(states(retirements, new Set([0]), 1), ["7 dead", "8 dead"]);
});
