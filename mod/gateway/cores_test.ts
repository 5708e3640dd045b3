import { deepEqual, equal, throws } from "node:assert/strict";
import { idle } from "../config/sizes.ts";
import { placements } from "../vr_monitor/mod.ts";
import type { Core } from "../vr_monitor/mod.ts";
import type { Instance } from "../vri_monitor/instance.ts";
import { Outbox } from "../vri_monitor/mod.ts";
import { Roster } from "../vri_monitor/roster.ts";
import { begin } from "../vri_monitor/state.ts";
import { Cores } from "./cores.ts";

const machine = (...numbers: number[]): Core[] =>
  numbers.map((core) => ({ core, package: 0, l3: 0, node: 0, smt: core, capacity: 1024 }));

const make = (cores: Core[], more: Partial<ConstructorParameters<typeof Cores>[0]> = {}) =>
  new Cores({ cores, placement: placements.sibling, named: [null], idle: {}, ...more });

Deno.test("the dispatcher has the first core, VRIs the others, one each while there are some", () => {
  const cores = make(machine(4, 5, 6, 7));
  deepEqual([cores.dispatcher.core, cores.forVris], [4, 3]);
  const users = new Map<number, number>();
  const placed = [1, 2, 3, 4].map(() => {
    const core = cores.place(0, users).core!;
    users.set(core, (users.get(core) ?? 0) + 1);
    return core;
  });
  deepEqual(placed.slice(0, 3).sort(), [5, 6, 7]);
  equal(placed.includes(4), false, "not even the fourth goes to the dispatcher's");
  deepEqual(cores.idle(placed[1]!, users), idle.own);
  deepEqual(cores.idle(placed[3]!, users), idle.shared);
  throws(() => make([]), RangeError);
});

Deno.test("one core is shared by all, and everybody idles accordingly", () => {
  const cores = make(machine(3), { idle: { spins: 7 } });
  deepEqual([cores.place(0, new Map()).core, cores.forVris], [3, 0]);
  deepEqual(cores.dispatcherIdle, { ...idle.shared, spins: 7 });
  deepEqual(cores.idle(3, new Map([[3, 1]])), { ...idle.shared, spins: 7 });
  deepEqual(cores.idle(3, new Map([[3, 1]]), true), { ...idle.crowded, spins: 7 });
  deepEqual(make(machine(0, 1)).dispatcherIdle, idle.own);
  const same = make(machine(0, 1), { placement: placements.same });
  deepEqual(same.dispatcherIdle, idle.shared);
});

Deno.test("cores named for a VR are its VRIs', in order; gone ones are passed over", () => {
  const cores = make(machine(0, 1, 2, 3), { named: [[3, 2], null] });
  equal(cores.place(0, new Map()).core, 3);
  equal(cores.place(0, new Map([[3, 1]])).core, 2);
  cores.replace(machine(0, 1, 2), cores.dispatcher);
  equal(cores.place(0, new Map()).core, 2);
});

Deno.test("a core named for a VR that is the dispatcher's is told as such", () => {
  const cores = make(machine(1, 0), { named: [[1], [0]] });
  deepEqual(cores.place(0, new Map()), { core: 1, why: "named for it, a dispatcher's as well" });
  deepEqual(cores.place(1, new Map()), { core: 0, why: "named for it" });
});

Deno.test("a standby gets ready away from the dispatcher, a VRI on its core", () => {
  const cores = make(machine(0, 1, 2));
  deepEqual(cores.coresFor(false, null), [1, 2]);
  deepEqual(cores.coresFor(true, 2), [2]);
  deepEqual(cores.coresFor(true, null), [0, 1, 2]);
  deepEqual(make(machine(5)).coresFor(false, null), [5]);
});

Deno.test("next() foresees what place() will say", () => {
  const cores = make(machine(0, 1, 2, 3));
  const users = new Map<number, number>();
  const foreseen = [0, 1, 2].map((rank) => cores.next(0, users, rank).core!);
  const placed = foreseen.map(() => {
    const core = cores.place(0, new Map(users)).core!;
    users.set(core, 1);
    return core;
  });
  deepEqual(foreseen, placed);
});

Deno.test("several dispatchers have cores of their own, which VRIs don't get while others are free", () => {
  const cores = make(machine(0, 1, 2, 3), { dispatchers: 2, named: [null, [1]] });
  const [first, second] = cores.dispatchers;
  deepEqual([first, cores.dispatchers.length, cores.forVris], [0, 2, 2]);
  equal(second === 0 || second === 1, false, `neither the first's nor the one named: ${second}`);
  const placed = [cores.place(0, new Map()).core!];
  placed.push(cores.place(0, new Map([[placed[0]!, 1]])).core!);
  for (const core of placed) equal(cores.dispatchers.includes(core), false);
  deepEqual(cores.dispatcherIdle, idle.own);
  deepEqual(cores.idle(second!, new Map([[second!, 1]])), idle.shared);
  equal(cores.coresFor(false, null).includes(second!), false);
  const crowded = make(machine(0, 1), { dispatchers: 2 });
  deepEqual([crowded.dispatchers, crowded.forVris], [[0, 1], 0]);
  deepEqual(crowded.dispatcherIdle, idle.shared);
  deepEqual(make(machine(5), { dispatchers: 3 }).dispatchers, [5, 5, 5]);
  const kernels = make(machine(0, 1, 2), { dispatchers: 2, placement: placements.default });
  deepEqual(kernels.dispatchers, [0, null]);
});

function instance(vri: number): Instance {
  const outbox = new Outbox(() => [], () => true);
  return { vri, outbox, id: "", process: null, offersHandlers: false, since: null };
}

Deno.test("while a process starts on a core, the VRIs there don't yield to it", () => {
  const cores = make(machine(0, 1, 2));
  const roster = new Roster();
  const running = { is: "running", since_ms: 0, failures: 0 } as const;
  const first = roster.add(0, "vr1", running);
  const second = roster.add(0, "vr1", running);
  const third = roster.add(0, "vr1", begin(0)[0]);
  Object.assign(first, { active: true, core: 1, instance: instance(0) });
  Object.assign(second, { active: true, core: 2, instance: instance(1) });
  const idles = () => roster.planVris(cores).map((it) => it.idle);
  deepEqual(idles(), [idle.own, idle.own], "it has no process yet");
  third.instance = instance(2);
  deepEqual(idles().slice(0, 2), [idle.crowded, idle.crowded], "a standby may start on both");
  Object.assign(third, { active: true, core: 2 });
  deepEqual(idles(), [idle.own, idle.crowded, idle.crowded]);
  third.state = running;
  deepEqual(idles(), [idle.own, idle.shared, idle.shared]);
});
