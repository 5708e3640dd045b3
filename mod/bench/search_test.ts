/** The pure parts of experiments 1a and 1b. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { rotated } from "./contestants.ts";
import { softirq_ns } from "./processor.ts";
import { combine, highestRate, lossMax, type Trial } from "./search.ts";

/** A forwarder that carries so many frames per second and loses the rest. */
function forwarder(carried_fps: number, offered_fps: number) {
  const rates: number[] = [];
  const attempt = (rate_fps: number): Promise<Trial> => {
    rates.push(rate_fps);
    const sent_fps = rate_fps === 0 ? offered_fps : rate_fps;
    const received_fps = Math.min(sent_fps, carried_fps);
    return Promise.resolve({
      ...{ sent_fps, received_fps, loss: 1 - received_fps / sent_fps, cpu_ns_per_frame: 1 },
    });
  };
  return { attempt, rates };
}

Deno.test("the search ends at the highest rate with at most 2 % lost", async () => {
  for (const carried_fps of [1000, 50_000, 900_000]) {
    const { attempt } = forwarder(carried_fps, 1_000_000);
    const best = await highestRate(attempt, 20);
    ok(best !== null && best.loss <= lossMax);
    ok(best.received_fps > 0.96 * carried_fps, `${best.received_fps} of ${carried_fps}`);
  }
});

Deno.test("a forwarder that carries all that is offered needs one try", async () => {
  const { attempt, rates } = forwarder(2e6, 1e6);
  equal((await highestRate(attempt, 7))!.received_fps, 1e6);
  deepEqual(rates, [0]);
});

Deno.test("what a flood could send is no bound: an overloaded machine sends less", async () => {
  const usual = forwarder(900_000, 1_000_000);
  const attempt = (rate_fps: number): Promise<Trial> => {
    if (rate_fps > 0) return usual.attempt(rate_fps);
    return Promise.resolve({ sent_fps: 4e5, received_fps: 1e5, loss: 0.75, cpu_ns_per_frame: 1 });
  };
  const best = await highestRate(attempt, 30);
  ok(best!.received_fps > 0.96 * 900_000, `${best!.received_fps}`);
});

Deno.test("a forwarder that loses at every rate has no rate, and the search ends", async () => {
  const trial = { sent_fps: 10, received_fps: 5, loss: 0.5, cpu_ns_per_frame: 1 };
  equal(await highestRate(() => Promise.resolve(trial), 7), null);
});

Deno.test("loss is judged per pair: one that loses is not hidden by one that doesn't", () => {
  const good = { sent_frames: 1000, received_frames: 1000, seconds: 1 };
  const trial = combine([good, { ...good, received_frames: 970 }], 19_700);
  deepEqual(trial, {
    sent_fps: 2000,
    received_fps: 1970,
    loss: 1 - 970 / 1000,
    cpu_ns_per_frame: 10,
  });
  ok(trial.loss > lossMax && 1 - trial.received_fps / trial.sent_fps <= lossMax);
});

Deno.test("each repeat begins with another contestant", () => {
  deepEqual([0, 1, 2, 3].map((repeat) => rotated(["a", "b", "c"], repeat).join("")), [
    ...["abc", "bca", "cab", "abc"],
  ]);
});

Deno.test("softirq time is the seventh figure of all processors", () => {
  equal(softirq_ns("cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 1 1 1 1 1 1 1\n"), 70_000_000);
});
