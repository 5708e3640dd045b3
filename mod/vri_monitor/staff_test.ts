import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { staff } from "./staff.ts";
import type { Seat } from "./staff.ts";
import type { State } from "./state.ts";

interface Named extends Seat {
  readonly name: string;
}

let order = 0;
const seat = (name: string, is: State["is"], active: boolean): Named => {
  return { name, is, active, order: active ? ++order : 0 };
};
const names = (seats: readonly Named[]) => seats.map((it) => it.name);

Deno.test("one more: the ready standby runs, and another takes its place", () => {
  const seats = [
    seat("a", "running", true),
    seat("b", "starting", false),
    seat("c", "standby", false),
  ];
  const todo = staff(seats, 2, 2);
  deepEqual([names(todo.promote), todo.hire, todo.standbys], [["c"], 0, 1]);
});

Deno.test("while the standby is replaced, another one runs, or a new process starts", () => {
  const starting = [seat("a", "running", true), seat("b", "starting", false)];
  deepEqual(names(staff(starting, 2, 1).promote), ["b"]);
  // One in back-off is no help, and is not hurried.
  const failing = [seat("a", "running", true), seat("b", "failed", false)];
  const todo = staff(failing, 2, 1);
  deepEqual([todo.promote, todo.hire, todo.standbys], [[], 1, 0]);
});

Deno.test("one less: who does not run goes first, then the youngest", () => {
  const seats = [
    seat("a", "running", true),
    seat("b", "failed", true),
    seat("c", "running", true),
    seat("d", "running", true),
    seat("e", "standby", false),
  ];
  deepEqual(names(staff(seats, 3, 1).drain), ["b"]);
  deepEqual(names(staff(seats, 1, 1).drain), ["b", "d", "c"]);
});

Deno.test("one that drains counts as a standby to come; one too many is dismissed", () => {
  const seats = [seat("a", "running", true), seat("b", "draining", true)];
  equal(staff(seats, 1, 1).standbys, 0);
  equal(staff(seats, 1, 2).standbys, 1);
  const two = [seat("s", "standby", false), seat("t", "standby", false)];
  deepEqual(names(staff([seats[0]!, ...two], 1, 1).dismiss), ["t"]);
});

const someSeat = fc.record({
  is: fc.constantFrom<State["is"]>(
    ...["starting", "standby", "running", "draining", "stopping", "failed", "stopped"] as const,
  ),
  active: fc.boolean(),
  order: fc.nat(100),
});

Deno.test("what is done leads to the target and no further", () => {
  fc.assert(
    fc.property(fc.array(someSeat, { maxLength: 12 }), fc.nat(6), fc.nat(3), (seats, n, s) => {
      const todo = staff(seats, n, s);
      const left = (it: Seat) => ["draining", "stopping", "stopped"].includes(it.is);
      const after = seats.filter((it) => !left(it) && !todo.drain.includes(it)).map((it) =>
        todo.promote.includes(it) ? { ...it, active: true } : it
      );
      const active = after.filter((it) => it.active).length + todo.hire;
      equal(active, n);
      ok(todo.promote.every((it) => !it.active) && todo.drain.every((it) => it.active));
      ok(todo.hire === 0 || todo.drain.length === 0);
      const waiting = after.filter((it) => !it.active).length - todo.dismiss.length + todo.standbys;
      ok(waiting <= s, `${waiting} standbys instead of ${s}`);
      const draining = seats.filter((it) => it.is === "draining").length + todo.drain.length;
      ok(waiting + draining >= s);
    }),
  );
});
