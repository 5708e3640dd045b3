/** What a user reads when a VR does not come up. */
import { deepEqual, equal } from "node:assert/strict";
import { startFailure } from "./start_failure.ts";

const vr = (router: string) => ({ name: "vr1", router, words: router.split(" ") });
const hint = "; a VR must attach with lvrm_vr_attach and then say lvrm_vr_ready " +
  "(docs/writing-a-vr.md)";

Deno.test("who brings a program of their own hears what it must do, by path or on PATH", () => {
  const fate = { reason: "did not attach within 5 s", lastLines: [] };
  for (const router of ["./my-vr --x", "sleep 100"]) {
    const { message, code } = startFailure(vr(router), fate);
    const said = `vr1 could not start: its router "${router}" ${fate.reason}${hint}`;
    deepEqual([message, code], [said, 1]);
  }
});

Deno.test("lvrm's own routers do it: nothing is said of that", () => {
  const fate = { reason: "exited with status 2: bad option", lastLines: ["bad option"] };
  for (const router of ["cppvr --x", "clickvr:r.click"]) {
    const said = `vr1 could not start: its router "${router}" exited with status 2: bad option`;
    equal(startFailure(vr(router), fate).message, said);
  }
});

Deno.test("a configuration that is refused is told in the router's words", () => {
  const lastLines = ["r.click:1: wrong", " ", "and more"];
  const { message, code } = startFailure(vr("clickvr:r.click"), {
    reason: "exited with status 3: and more",
    lastLines,
  });
  equal(code, 3);
  deepEqual(message.split("\n").slice(1), ["r.click:1: wrong", "and more"]);
});
