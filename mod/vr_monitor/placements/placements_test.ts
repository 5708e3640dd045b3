/** What tells the placements apart. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { machine, placeAll, usableCores } from "./conformance_cases.ts";
import * as placements from "./registry.ts";
import type { Core, PlacementView } from "./types.ts";

const { non_sibling, same, sibling } = placements;
/** The paper's gateway: two packages of four cores, two of which share a cache. */
const paper = machine({ packages: 2, l3s: 2, physical: 2, threads: 1 });

Deno.test("sibling: the dispatcher's cache, then its package, then the others", () => {
  deepEqual(placeAll(sibling, paper, 8), [1, 2, 3, 4, 5, 6, 7, 1]);
  deepEqual(placeAll(sibling, paper, 4, paper[6]), [7, 4, 5, 0]);
});

Deno.test("sibling: whole cores first, the dispatcher's SMT sibling last", () => {
  // CPUs 0-3 are package 0, 4-7 package 1; 8-15 are their second threads.
  const smt = machine({ packages: 2, l3s: 1, physical: 4, threads: 2 });
  const placed = placeAll(sibling, smt, 15);
  deepEqual(placed, [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 8]);
});

Deno.test("sibling: never the dispatcher's SMT sibling while another core is free", () => {
  fc.assert(fc.property(usableCores, fc.nat(40), (cores, count) => {
    const [dispatcher, ...others] = cores;
    const placed = placeAll(sibling, cores, count);
    const siblings = others.filter(({ smt }) => smt === dispatcher!.smt);
    const first = placed.findIndex((core) => siblings.some((it) => it.core === core));
    if (first < 0) return;
    ok(others.every((it) => siblings.includes(it) || placed.indexOf(it.core) < first));
  }));
});

Deno.test("sibling: fast cores before slow ones of the same cache, near nodes before far ones", () => {
  const hybrid = machine({ packages: 1, l3s: 1, physical: 4, threads: 1 })
    .map((core) => ({ ...core, capacity: core.core < 3 && core.core > 0 ? 760 : 1024 }));
  deepEqual(placeAll(sibling, hybrid, 3), [3, 1, 2]);
  const distances = new Map([[0, 10], [1, 32], [2, 16]]);
  const nodes = machine({ packages: 3, l3s: 1, physical: 1, threads: 1 })
    .map((core) => ({ ...core, distances }));
  deepEqual(placeAll(sibling, nodes, 2), [2, 1]);
});

Deno.test("non_sibling: another package first, else another cache, and as near as can be", () => {
  deepEqual(placeAll(non_sibling, paper, 7), [4, 5, 6, 7, 2, 3, 1]);
  deepEqual(placeAll(non_sibling, paper.slice(0, 4), 3), [2, 3, 1]);
});

Deno.test("same and default: the dispatcher's core, and the kernel's choice", () => {
  deepEqual(placeAll(same, paper, 3, paper[2]), [2, 2, 2]);
  deepEqual(placeAll(placements.default, paper, 2), [null, null]);
});

Deno.test("every choice says why", () => {
  const cores = machine({ packages: 2, l3s: 2, physical: 1, threads: 2 });
  const dispatcher = cores[0]!;
  const why = (users: [number, number][], usable: Core[] = cores) => {
    const view: PlacementView = { dispatcher, cores: usable, users: new Map(users) };
    return sibling(view).why;
  };
  equal(why([[0, 1]]), "the dispatcher's package, another cache");
  match(why([[0, 1], [1, 1]]), /^another package than the dispatcher's, NUMA distance 20$/);
  match(why([[0, 1], [1, 1], [2, 1], [3, 1]]), /an SMT sibling of core 1: no whole core is free$/);
  match(why([[0, 1]], [dispatcher, cores[4]!]), /an SMT sibling of the dispatcher: no other/);
  match(why([[0, 1], [1, 2]], cores.slice(0, 2)), /shared with 2 other VRIs: no core is free$/);
  equal(why([[0, 1]], [dispatcher]), "the dispatcher's own core: there is no other");
  const slow = { ...cores[1]!, capacity: 512 };
  match(why([[0, 1]], [dispatcher, slow]), /capacity 512 of 1024/);
});
