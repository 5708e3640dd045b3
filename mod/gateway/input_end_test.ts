import { equal } from "node:assert/strict";
import type { SnapshotReader } from "../../ffi/stats.ts";
import { InputEnd } from "./input_end.ts";

/** Counters as a snapshot would have them. */
function snapshot(ended: boolean[], sentFrames: number, inFlightFrames: number) {
  return {
    port: (port: number) => ({ ended: ended[port] }),
    totals: () => ({ sentFrames, droppedFrames: 0, inFlightFrames }),
  } as unknown as SnapshotReader;
}

Deno.test("a run is over when every port has ended and nothing is on its way", () => {
  const end = new InputEnd([0, 1]);
  end.observe(snapshot([false, true], 0, 0), 0);
  equal(end.progress, "receiving");
  equal(end.due_ms, 100);
  end.observe(snapshot([true, true], 10, 3), 100);
  equal(end.progress, "draining");
  equal(end.due_ms, 105);
  end.observe(snapshot([true, true], 13, 0), 105);
  equal(end.progress, "over");
  equal(end.due_ms, Infinity);
});

Deno.test("a VR that keeps frames is waited for while others come back, not forever", () => {
  const end = new InputEnd([0]);
  let now_ms = 0;
  for (let sent = 0; sent < 20; sent++) {
    end.observe(snapshot([true], sent, 20 - sent), now_ms += 9000);
  }
  equal(end.progress, "draining");
  end.observe(snapshot([true], 19, 1), now_ms += 9000);
  equal(end.isDone, false);
  end.observe(snapshot([true], 19, 1), now_ms += 2000);
  equal(end.progress, "stuck");
  equal(end.isDone, true);
});
