/** Cores that come and go while lvrm runs: noticing it, planning, and moving a live process. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { Core as Library } from "../../../ffi/core.ts";
import { runtimeDirectory } from "../../runtime/mod.ts";
import { machine, usableCores } from "../placements/conformance_cases.ts";
import * as placements from "../placements/registry.ts";
import type { Core, Placement } from "../placements/types.ts";
import { replan } from "./replan.ts";
import type { Runner } from "./replan.ts";
import { cpu, four, withTree, write } from "./tree_test_cases.ts";
import { usableTopology } from "./usable.ts";
import { CoreWatch } from "./watch.ts";
import type { CoreChange } from "./watch.ts";

const cpus = "sys/devices/system/cpu";
const numbers = (cores: readonly Core[]): number[] => cores.map(({ core }) => core);

/** What a watch sees when these cores of `all` go offline. */
function without(all: readonly Core[], ...lost: number[]): CoreChange {
  const gone = lost.map((core) => ({ core, offline: true }));
  return { cores: all.filter(({ core }) => !lost.includes(core)), gone, back: [] };
}

Deno.test("a watch tells once of cores that go and come back, under their old groups", () => {
  const tree = {
    ...four,
    [`${cpus}/online`]: "0-2",
    [`${cpus}/cpu3/online`]: "0",
    "proc/self/status": "Cpus_allowed_list:\t0-3",
  };
  withTree(tree, (root) => {
    const { cores } = usableTopology(null, root);
    const watch = new CoreWatch(null, cores, root);
    equal(watch.look(), null);
    // CPU 0 gave the cache its name: without it the others are known by it all the same.
    write(root, {
      [`${cpus}/online`]: "1-3",
      ...cpu(1, 0, "1", "1-3"),
      ...cpu(2, 0, "2", "1-3"),
      ...cpu(3, 0, "3", "1-3"),
    });
    const change = watch.look()!;
    deepEqual(numbers(change.cores), [1, 2, 3]);
    deepEqual(change.gone, [{ core: 0, offline: true }]);
    deepEqual(change.back, [3]);
    deepEqual(change.cores.map(({ l3 }) => l3), [0, 0, 0]);
    equal(watch.look(), null);
    write(root, { [`${cpus}/online`]: "0-3" });
    deepEqual(watch.look()?.back, [0]);
    write(root, { "proc/self/status": "Cpus_allowed_list:\t0-1,3" });
    deepEqual(watch.look()?.gone, [{ core: 2, offline: false }]);
  });
});

Deno.test("a watch of --cores never takes others, and may be left with none", () => {
  withTree(four, (root) => {
    const watch = new CoreWatch([2, 3], usableTopology([2, 3], root).cores, root);
    write(root, { [`${cpus}/online`]: "0-1" });
    deepEqual(watch.look()?.cores, []);
    write(root, { [`${cpus}/online`]: "0-1,3" });
    deepEqual(numbers(watch.look()!.cores), [3]);
    write(root, { [`${cpus}/online`]: "1,3" });
    equal(watch.look(), null, "core 0 was none of ours");
  });
});

Deno.test("strays are told of once until the cores change, a few at a time", () => {
  withTree(four, (root) => {
    const watch = new CoreWatch(null, usableTopology(null, root).cores, root);
    const vris = [{ pid: 10, core: 1 }, { pid: 11, core: 2 }, { pid: 12, core: null }];
    const at = new Map([[10, 1]]);
    const strays = () => watch.strays(vris, (pid) => at.get(pid) ?? null).map(({ pid }) => pid);
    deepEqual(strays(), [11]);
    deepEqual(strays(), []);
    write(root, { [`${cpus}/online`]: "0-2" });
    watch.look();
    deepEqual(strays(), [11]);
    const many = Array.from({ length: 150 }, (_, pid) => ({ pid: 100 + pid, core: 1 }));
    const looked: number[] = [];
    for (let i = 0; i < 3; i++) watch.strays(many, (pid) => looked.push(pid) && 1);
    equal(new Set(looked).size, 150);
    ok(looked.length < 200);
    deepEqual(watch.strays([], () => null), []);
  });
});

const vri = (id: string, core: number | null): Runner => ({ id, core });

Deno.test("VRIs of a core that went offline move to free ones, the rest stays", () => {
  const all = machine({ packages: 2, l3s: 1, physical: 3, threads: 1 });
  const vris = [vri("a.1", 1), vri("a.2", 2), vri("b.1", 3), vri("b.2", null)];
  const plan = replan({ dispatcher: all[0]!, vris }, without(all, 1), placements.sibling);
  deepEqual(plan.moves, [{ vri: vris[0], from: 1, to: 4 }]);
  equal(plan.dispatcherMoves, false);
  deepEqual(plan.warnings, [
    "core 1 went offline: a.1 moves to core 4 (another package than the dispatcher's, " +
    "NUMA distance 20)",
  ]);
  const taken = { ...without(all, 2), gone: [{ core: 2, offline: false }] };
  match(
    replan({ dispatcher: all[0]!, vris }, taken, placements.default).warnings[0]!,
    /^core 2 is no longer permitted to lvrm: a.2 is placed by the kernel$/,
  );
});

Deno.test("the dispatcher moves to the nearest free core, and VRIs are placed around it", () => {
  const all = machine({ packages: 2, l3s: 1, physical: 3, threads: 1 });
  const vris = [vri("a.1", 1), vri("a.2", 0)];
  const plan = replan({ dispatcher: all[0]!, vris }, without(all, 0), placements.sibling);
  equal(plan.dispatcher.core, 2);
  deepEqual([plan.dispatcherMoves, plan.moves.map(({ to }) => to)], [true, [3]]);
  equal(plan.warnings[0], "core 0 went offline: the dispatcher moves to core 2");
  const same = replan(
    { dispatcher: all[0]!, vris: [vri("a.1", 0)] },
    without(all, 0),
    placements.same,
  );
  deepEqual([same.dispatcher.core, same.moves[0]!.to], [1, 1]);
  const crowded = replan(
    { dispatcher: all[0]!, vris },
    without(all.slice(0, 2), 0),
    placements.sibling,
  );
  match(crowded.warnings[0]!, /moves to core 1, which it shares with VRIs$/);
});

Deno.test("with no core left nobody moves, and the user is told what to do", () => {
  const all = machine({ packages: 1, l3s: 1, physical: 2, threads: 1 });
  const plan = replan(
    { dispatcher: all[0]!, vris: [vri("a.1", 1)] },
    without(all, 0, 1),
    placements.sibling,
  );
  deepEqual([plan.moves, plan.dispatcherMoves, plan.dispatcher], [[], false, all[0]]);
  match(plan.warnings.join(), /^no core is left to lvrm \(0, 1 gone\)/);
});

Deno.test("whatever goes offline: all is on cores that are left, nobody shares while one is free", () => {
  const names = fc.constantFrom<Placement>(placements.sibling, placements.non_sibling);
  fc.assert(
    fc.property(
      usableCores,
      names,
      fc.nat(12),
      fc.infiniteStream(fc.boolean()),
      (cores, place, count, coins) => {
        const users = new Map([[cores[0]!.core, 1]]);
        const vris = Array.from({ length: count }, (_, i) => {
          const { core } = place({ dispatcher: cores[0]!, cores, users });
          users.set(core!, (users.get(core!) ?? 0) + 1);
          return vri(`v.${i}`, core);
        });
        const lost = cores.filter(() => coins.next().value).map(({ core }) => core);
        const left = cores.filter(({ core }) => !lost.includes(core));
        fc.pre(left.length > 0);
        const plan = replan({ dispatcher: cores[0]!, vris }, without(cores, ...lost), place);
        ok(left.includes(plan.dispatcher));
        const after = new Map(vris.map(({ id, core }) => [id, core]));
        for (const { vri, from, to } of plan.moves) {
          equal(after.get(vri.id), from);
          after.set(vri.id, to);
        }
        const on = (core: number) => [...after.values()].filter((it) => it === core).length;
        for (const core of after.values()) ok(numbers(left).includes(core!));
        const free = numbers(left).filter((core) =>
          core !== plan.dispatcher.core && on(core) === 0
        );
        // Who did not move shares as before.
        const newcomers = new Set(plan.moves.map(({ to }) => to!));
        if (free.length > 0) { for (const core of newcomers) equal(on(core), 1); }
        equal(plan.warnings.length, plan.moves.length + Number(plan.dispatcherMoves));
      },
    ),
  );
});

const here = usableTopology(null).cores;
if (here.length < 2) console.log("SKIPPED moving a live process: this machine has one core for us");

Deno.test({
  name: "a live process moves when its core goes offline (as a recorded tree tells)",
  ignore: here.length < 2,
  fn: async () => {
    const library = Library.load(join(runtimeDirectory(), "lib", "liblvrm.so"));
    const child = new Deno.Command("sleep", { args: ["60"] }).spawn();
    try {
      const [first, second] = numbers(here) as [number, number];
      const list = `${Math.min(first, second)},${Math.max(first, second)}`;
      withTree({
        [`${cpus}/online`]: list,
        ...cpu(first, 0, `${first}`, list),
        ...cpu(second, 0, `${second}`, list),
      }, (root) => {
        const { cores } = usableTopology([first, second], root);
        const watch = new CoreWatch([first, second], cores, root);
        const runner = { id: "a.1", pid: child.pid, core: second };
        const pinnedTo = (pid: number) => library.pinnedTo(pid);
        deepEqual(watch.strays([runner], pinnedTo), [runner], "nobody has pinned it yet");
        library.move(child.pid, second);
        write(root, { [`${cpus}/online`]: `${first}` });
        const change = watch.look()!;
        const plan = replan({ dispatcher: cores[0]!, vris: [runner] }, change, placements.sibling);
        deepEqual(plan.moves.map(({ from, to }) => [from, to]), [[second, first]]);
        for (const { vri, to } of plan.moves) library.move(vri.pid, to!);
        equal(library.pinnedTo(child.pid), first);
        const status = Deno.readTextFileSync(`/proc/${child.pid}/status`);
        match(status, new RegExp(`^Cpus_allowed_list:\\s*${first}$`, "m"));
      });
    } finally {
      child.kill("SIGKILL");
      await child.status;
      library.close();
    }
  },
});
