import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { Failure } from "../../config/mod.ts";
import { machine } from "../placements/conformance_cases.ts";
import * as placements from "../placements/registry.ts";
import type { Core, Placement } from "../placements/types.ts";
import { explainCores } from "./explain.ts";
import type { PlacedVri } from "./explain.ts";
import { requireCores } from "./need.ts";
import type { CoreNeed } from "./need.ts";
import type { UsableTopology } from "./usable.ts";

function usable(
  cores: readonly Core[],
  more: { offline?: number[]; isolated?: number[] } = {},
): UsableTopology {
  const whole = { cores, offline: [], isolated: [], ...more };
  const dispatcherWhy = "the first core that lvrm may use";
  return { dispatcher: cores[0]!, dispatcherWhy, cores, machine: whole };
}

function place(cores: readonly Core[], placement: Placement, count: number): PlacedVri[] {
  const users = new Map([[cores[0]!.core, 1]]);
  return Array.from({ length: count }, (_, i) => {
    const choice = placement({ dispatcher: cores[0]!, cores, users });
    if (choice.core !== null) users.set(choice.core, (users.get(choice.core) ?? 0) + 1);
    return { id: `vr${i + 1}.1`, ...choice };
  });
}

Deno.test("the plan says which core does what and why, and where further VRIs go", () => {
  const cores = machine({ packages: 2, l3s: 1, physical: 2, threads: 2 });
  const { sibling } = placements;
  const lines = explainCores(
    usable(cores, { offline: [9], isolated: [8] }),
    { name: "sibling", place: sibling },
    place(cores, sibling, 2),
  );
  deepEqual(lines, [
    "lvrm has cores 0-7, 4 physical cores, 2 packages, 2 last-level caches, 2 NUMA nodes, " +
    "8 isolated (used only when named by --cores), 9 offline; placement sibling",
    "core 0: dispatcher (the first core that lvrm may use)",
    "core 1: vr1.1 (the dispatcher's package and cache)",
    "core 2: vr2.1 (another package than the dispatcher's, NUMA distance 20)",
    "further VRIs go to core 3, 5, 6, 7, 4",
  ]);
});

Deno.test("the plan stays short: shared cores once, many VRIs and many cores cut off", () => {
  const two = machine({ packages: 1, l3s: 1, physical: 2, threads: 1 });
  const { sibling, same } = placements;
  const crowd = explainCores(
    usable(two),
    { name: "sibling", place: sibling },
    place(two, sibling, 9),
  );
  deepEqual(crowd.slice(2), [
    "core 1: vr1.1, vr2.1, vr3.1, vr4.1, vr5.1, vr6.1 and 3 more (the dispatcher's package and " +
    "cache; they share it)",
  ]);
  const large = machine({ packages: 1, l3s: 1, physical: 64, threads: 1 });
  const last = explainCores(usable(large), { name: "sibling", place: sibling }, []).at(-1);
  equal(last, "further VRIs go to core 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, …");
  const kernels = explainCores(
    usable(two),
    { name: "default", place: placements.default },
    place(two, placements.default, 2),
  );
  deepEqual(kernels.slice(2), ["any core: vr1.1, vr2.1 (the kernel places it)"]);
  const all = explainCores(usable(two), { name: "same", place: same }, place(two, same, 1));
  deepEqual(all.slice(2), ["core 0: vr1.1 (the dispatcher's own core, as asked for)"]);
});

Deno.test("more cores than there are, and cores that aren't lvrm's, are refused with exit code 3", () => {
  const four = usable(machine({ packages: 1, l3s: 1, physical: 4, threads: 1 }));
  const need = (more: Partial<CoreNeed>): CoreNeed => ({
    name: "vr1",
    minCores: 1,
    maxCores: null,
    cores: null,
    ...more,
  });
  const refused = (needs: CoreNeed[], pattern: RegExp, overcommit = false) =>
    throws(() => requireCores(needs, four, overcommit), (error) => {
      ok(
        error instanceof Failure && error.code === 3 && pattern.test(error.message),
        String(error),
      );
      return true;
    });
  refused([need({ minCores: 4 })], /^vr1 shall have at least 4 cores, but there are 3 for VRIs, /);
  refused([need({ maxCores: 9 })], /^vr1 may have 9 cores, .*--max-cores/);
  refused([need({ minCores: 2 }), need({ minCores: 2 })], /the VRs shall have at least 4 cores/);
  refused([need({ cores: [1, 7] })], /^vr1: core 7 can't be its own: lvrm has cores 0-3/, true);
  requireCores([need({ minCores: 4 }), need({ maxCores: 9 })], four, true);
  requireCores([need({ minCores: 3, maxCores: 4 })], four, false);
  // Each VR has one VRI, whatever the machine.
  requireCores(Array.from({ length: 9 }, () => need({})), four, false);
  const lone = usable(machine({ packages: 1, l3s: 1, physical: 1, threads: 1 }));
  requireCores([need({ cores: [0] })], lone, false);
});
