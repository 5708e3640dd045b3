import { deepEqual, equal } from "node:assert/strict";
import { placements } from "../vr_monitor/mod.ts";
import type { Core, CoreChange } from "../vr_monitor/mod.ts";
import type { VriMonitor } from "../vri_monitor/mod.ts";
import { Roster } from "../vri_monitor/roster.ts";
import { CoreKeeper } from "./core_keeper.ts";
import { Cores } from "./cores.ts";

const machine = (...numbers: number[]): Core[] =>
  numbers.map((core) => ({ core, package: 0, l3: 0, node: 0, smt: core, capacity: 1024 }));

/** VRIs vr1.1 on core 1 and vr1.2 on core 2, the dispatcher on core 0, and what is done to them. */
function make(changes: (CoreChange | null)[], dispatchers = 1) {
  const cores = new Cores({
    ...{ cores: machine(0, 1, 2, 3), placement: placements.sibling, named: [null], idle: {} },
    dispatchers,
  });
  const roster = new Roster();
  for (const core of [1, 2]) {
    const position = roster.add(0, "vr1", { is: "running", since_ms: 0, failures: 0 });
    position.active = true;
    position.core = core;
  }
  const moved: string[] = [];
  const vris = {
    roster,
    reseat: (moves: Parameters<VriMonitor["reseat"]>[0]) => {
      for (const [position, to] of moves) {
        moved.push(`${position.id} ${position.core}→${to}`);
        position.core = to;
      }
    },
  };
  const core = {
    move: (pid: number, to: number) => void moved.push(`process ${pid}→${to}`),
    pinnedTo: () => null,
  };
  const watch = {
    look: () => changes.shift() ?? null,
    strays: () => [],
  };
  return { keeper: new CoreKeeper({ core, cores, vris, watch }), cores, moved };
}

Deno.test("a VRI whose core went offline moves to a free one, the others stay", () => {
  const change = { cores: machine(0, 2, 3), gone: [{ core: 1, offline: true }], back: [] };
  const { keeper, cores, moved } = make([null, change]);
  keeper.look();
  deepEqual(moved, []);
  keeper.look();
  deepEqual(moved, ["vr1.1 1→3"]);
  equal(cores.forVris, 2);
});

Deno.test("when the dispatcher's core goes, it moves, and VRIs get other cores from then on", () => {
  const change = { cores: machine(1, 2, 3), gone: [{ core: 0, offline: true }], back: [] };
  const { keeper, cores, moved } = make([change]);
  keeper.look();
  deepEqual(moved, ["process 0→3"]);
  deepEqual([cores.dispatcher.core, cores.forVris], [3, 2]);
  const users = new Map([[1, 1], [2, 1]]);
  equal([1, 2].includes(cores.place(0, users).core!), true, "not the dispatcher's");
});

Deno.test("without any core left all stays as it is; cores that are back are used again", () => {
  const none = {
    cores: [],
    gone: [0, 1, 2, 3].map((core) => ({ core, offline: false })),
    back: [],
  };
  const back = { cores: machine(0, 1, 2, 3), gone: [], back: [0, 1, 2, 3] };
  const { keeper, cores, moved } = make([none, back]);
  keeper.look();
  keeper.look();
  deepEqual([moved, cores.forVris, cores.dispatcher.core], [[], 3, 0]);
});

Deno.test("a second dispatcher whose core goes moves to a free one", () => {
  const { keeper, cores, moved } = make([
    { cores: machine(0, 1, 2), gone: [{ core: 3, offline: true }], back: [] },
  ], 2);
  const [, before] = cores.dispatchers;
  equal(before, 1, "VRIs come after dispatchers");
  const change = { cores: machine(0, 2, 3), gone: [{ core: 1, offline: true }], back: [] };
  const other = make([change], 2);
  other.keeper.look();
  deepEqual(other.moved, ["process -1→3", "vr1.1 1→2"]);
  deepEqual(other.cores.dispatchers, [0, 3]);
  keeper.look();
  deepEqual([moved, cores.dispatchers], [[], [0, 1]]);
});
