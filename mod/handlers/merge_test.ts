import { deepEqual, equal } from "node:assert/strict";
import { merge, sum } from "./merge.ts";
import type { Said } from "./message.ts";

const asked = { vr: "vr1", did: "read", handler: "c.count" } as const;
const all = (...said: Said[]) =>
  merge(asked, said.map((it, i) => ({ vri: `vr1.${i + 1}`, state: "running", said: it })));

Deno.test("counts are added up, exactly", () => {
  equal(sum(["1", " 2\n"]), "3");
  equal(sum(["18446744073709551615", "1"]), "18446744073709551616");
  equal(sum(["1.5", "2"]), "3.5");
  equal(sum(["1", "many"]), null);
  const answer = all({ status: "count", text: "40" }, { status: "count", text: "2" });
  equal(answer.value, "42");
  equal(answer.summed, true);
  deepEqual(answer.vris.map((it) => it.value), ["40", "2"]);
});

Deno.test("what is no count is shown once where all say the same, else not", () => {
  const same = all({ status: "ok", text: "1000" }, { status: "ok", text: "1000" });
  deepEqual([same.value, same.summed], ["1000", false]);
  const other = all({ status: "ok", text: "a" }, { status: "ok", text: "b" });
  deepEqual([other.value, other.summed], [null, false]);
  // One that counts and one that doesn't: two configurations, or a VRI that lies.
  equal(all({ status: "count", text: "1" }, { status: "ok", text: "1" }).summed, false);
});

Deno.test("who fails is named, and the others count", () => {
  const answer = all({ status: "count", text: "5" }, { status: "failed", text: "no such\n" });
  equal(answer.value, "5");
  deepEqual(answer.vris[1], { vri: "vr1.2", state: "running", value: null, error: "no such" });
  equal(all({ status: "failed", text: "" }).vris[0]!.error, "failed without saying why");
  equal(all({ status: "failed", text: "x" }).value, null);
});
