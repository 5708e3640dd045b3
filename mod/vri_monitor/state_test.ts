import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { backoff, begin, failuresOf, lifeTimes, step } from "./state.ts";
import type { Effect, Event, State } from "./state.ts";

type Observed = Extract<Event, { is: "observed" }>;

const seen = (now_ms: number, more: Partial<Observed> = {}): Event => ({
  is: "observed",
  now_ms,
  attached: true,
  ready: true,
  beat_age_ms: 10,
  violation: null,
  held_frames: 0,
  reusable: false,
  ...more,
});

function play(events: readonly Event[], from: State = begin(0)[0]): [State, Effect[]] {
  let state = from;
  const all: Effect[] = [];
  for (const event of events) {
    const [next, effects] = step(state, event);
    state = next;
    all.push(...effects);
  }
  return [state, all];
}

const doings = (effects: readonly Effect[]) => effects.map((effect) => effect.do);

Deno.test("a good life: starting, standby, running, draining, stopping, stopped", () => {
  const [state, effects] = play([
    seen(1, { attached: false, ready: false }),
    seen(2, { ready: false }),
    seen(3),
    { is: "activate", now_ms: 4 },
    { is: "drain", now_ms: 100, deadline_ms: 1100 },
    seen(101, { held_frames: 3 }),
    seen(102),
    { is: "exited", now_ms: 103, how: "exited with status 0" },
  ]);
  equal(state.is, "stopped");
  deepEqual(doings(effects), ["tell_stop", "retire"]);
});

Deno.test("draining gives up what is held at its deadline, stopping kills at its own", () => {
  const [state, effects] = play([
    seen(1),
    { is: "drain", now_ms: 10, deadline_ms: 1000 },
    seen(999, { held_frames: 3 }),
    seen(1000, { held_frames: 3 }),
    seen(1000 + lifeTimes.stop_ms),
    seen(9000),
  ]);
  equal(state.is, "stopping");
  deepEqual(doings(effects), ["tell_stop", "kill"]);
});

Deno.test("a handshake that does not come ends in SIGKILL and a replacement", () => {
  const late = lifeTimes.handshake_ms;
  const [state, effects] = play([seen(late, { attached: false, ready: false })]);
  ok(state.is === "failed" && state.ending);
  ok(state.reason.includes("did not attach within 5 s"));
  deepEqual(doings(effects), ["kill"]);
  const [again, more] = play([
    { is: "tick", now_ms: late + 60_000 },
    { is: "exited", now_ms: late + 60_001, how: "was ended by SIGKILL" },
    { is: "tick", now_ms: late + 60_001 },
  ], state);
  equal(again.is, "starting");
  deepEqual(doings(more), ["retire", "spawn"]);
});

Deno.test("one that attaches and never becomes ready ends as well, and is told why", () => {
  const late = 1 + lifeTimes.synchronise_ms;
  const [waiting] = play([seen(1, { ready: false }), seen(late - 1, { ready: false })]);
  equal(waiting.is, "starting");
  const [state, effects] = play([seen(late, { ready: false })], waiting);
  ok(state.is === "failed" && state.reason.includes("not become ready within 30 s"));
  deepEqual(doings(effects), ["kill"]);
});

Deno.test("a missing heartbeat and a violation end it, each in its own state", () => {
  const [silent] = play([seen(1), { is: "activate", now_ms: 2 }, seen(3, { beat_age_ms: 2001 })]);
  ok(silent.is === "failed" && silent.reason.includes("no heartbeat for 2.0 s"));
  const [bad, effects] = play([seen(1), seen(2, { violation: "not_owner" })]);
  ok(bad.is === "quarantined" && bad.ending && bad.reason.includes("not_owner"));
  deepEqual(doings(effects), ["kill"]);
});

Deno.test("an old beat before the handshake is no reason to end it", () => {
  const [state] = play([seen(1, { ready: false, beat_age_ms: 1e9 })]);
  equal(state.is, "starting");
});

Deno.test("the first failure is replaced at once, further ones wait twice as long each", () => {
  equal(backoff(1), 0);
  deepEqual([2, 3, 4].map(backoff), [100, 200, 400]);
  equal(backoff(1000), lifeTimes.backoff_max_ms);
  fc.assert(fc.property(fc.integer({ min: 1, max: 100 }), (n) => backoff(n + 1) >= backoff(n)));
});

Deno.test("one that drains stands by again, once it holds nothing and may get nothing", () => {
  const running: State = { is: "running", since_ms: 0, failures: 0 };
  const drain: Event = { is: "drain", now_ms: 20_000, deadline_ms: 30_000 };
  const [waiting, none] = play([
    drain,
    seen(20_001, { held_frames: Infinity, reusable: true }),
    seen(20_002, { held_frames: 1, reusable: true }),
  ], running);
  deepEqual([waiting.is, none], ["draining", []]);
  const [rested, effects] = play([seen(20_003, { reusable: true })], waiting);
  deepEqual([rested.is, effects], ["standby", []]);
  equal(play([{ is: "activate", now_ms: 20_004 }], rested)[0].is, "running");
  // At its deadline it holds something: nobody can tell when it would be free.
  const [late] = play([seen(30_000, { held_frames: 1, reusable: true })], waiting);
  equal(late.is, "stopping");
});

Deno.test("one that gets the standby's process is ready at once, and its failures count on", () => {
  const failed: State = {
    ...{ is: "failed", reason: "exited", ending: false, retry_ms: 100, failures: 2 },
  } as const;
  const [state, effects] = play([
    { is: "tick", now_ms: 100 },
    { is: "given", now_ms: 100 },
    { is: "activate", now_ms: 100 },
  ], failed);
  deepEqual(doings(effects), ["spawn"]);
  deepEqual(state, { is: "running", since_ms: 100, failures: 2 });
  equal(failuresOf(state, 101), 2);
  equal(failuresOf(state, 100 + lifeTimes.healthy_ms), 0);
});

Deno.test("ten healthy seconds forget earlier failures", () => {
  const failing: State = { is: "running", since_ms: 0, failures: 7 };
  const exit = (now_ms: number): Event => ({ is: "exited", now_ms, how: "x" });
  const [early] = step(failing, exit(lifeTimes.healthy_ms - 1));
  ok(early.is === "failed" && early.failures === 8);
  const [late] = step(failing, exit(lifeTimes.healthy_ms));
  ok(late.is === "failed" && late.failures === 1);
});

const allowed: Record<State["is"], readonly State["is"][]> = {
  starting: ["starting", "standby", "failed", "quarantined", "stopping"],
  standby: ["standby", "running", "failed", "quarantined", "draining"],
  running: ["running", "failed", "quarantined", "draining"],
  draining: ["draining", "standby", "stopping", "stopped"],
  stopping: ["stopping", "stopped"],
  failed: ["failed", "starting", "stopping", "stopped"],
  quarantined: ["quarantined", "starting", "stopping", "stopped"],
  stopped: ["stopped"],
};

const someEvent: fc.Arbitrary<(now_ms: number) => Event> = fc.oneof(
  fc.record({
    attached: fc.boolean(),
    ready: fc.boolean(),
    beat_age_ms: fc.constantFrom(1, 100, 1999, 2001),
    violation: fc.constantFrom(null, null, null, "bad_slot"),
    held_frames: fc.nat(3),
    reusable: fc.boolean(),
  }).map((more) => (now_ms: number) => seen(now_ms, more)),
  fc.constant((now_ms: number): Event => ({ is: "tick", now_ms })),
  fc.constant((now_ms: number): Event => ({ is: "exited", now_ms, how: "exited with status 1" })),
  fc.constant((now_ms: number): Event => ({ is: "given", now_ms })),
  fc.constant((now_ms: number): Event => ({ is: "activate", now_ms })),
  fc.constant((now_ms: number): Event => ({ is: "drain", now_ms, deadline_ms: now_ms + 50 })),
);

Deno.test("no history leads through a forbidden transition or to two processes", () => {
  const history = fc.array(fc.tuple(someEvent, fc.nat(4000)), { maxLength: 60 });
  fc.assert(
    fc.property(history, (events) => {
      let [state] = begin(0);
      let alive = true; // the process that begin() spawned
      let now_ms = 0;
      for (const [make, later_ms] of events) {
        now_ms += later_ms;
        const event = make(now_ms);
        if (event.is === "exited" && !alive) continue; // no process: nothing can exit
        if (event.is === "exited") alive = false;
        const [next, effects] = step(state, event);
        ok(allowed[state.is].includes(next.is), `${state.is} → ${next.is}`);
        for (const effect of effects) {
          if (effect.do === "spawn") {
            ok(!alive, "spawned beside a living process");
            alive = true;
          }
          if (effect.do === "retire") ok(!alive, "retired a living process");
          if (effect.do === "kill" || effect.do === "tell_stop") ok(alive, effect.do);
        }
        state = next;
      }
      if (state.is === "stopped") ok(!alive, "stopped with a process");
    }),
    { numRuns: 2000 },
  );
});
