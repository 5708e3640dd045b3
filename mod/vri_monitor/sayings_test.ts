/** When lines of VRIs reach the log. */
import { deepEqual } from "node:assert/strict";
import { Sayings } from "./sayings.ts";

function recorder(debug: boolean) {
  const said: string[] = [];
  const note = (level: string) => (_: string, about: Record<string, unknown>) => {
    said.push(`${level} ${about.vri} ${about.line}`);
  };
  return { said, isEnabledFor: () => debug, info: note("info"), debug: note("debug") };
}

Deno.test("lines of a start wait until lvrm serves, in order and once", () => {
  const log = recorder(false);
  const sayings = new Sayings(log);
  sayings.say("vr1.1", "a");
  sayings.say("vr2.1", "b");
  deepEqual(log.said, []);
  sayings.serve();
  sayings.say("vr1.1", "c");
  sayings.serve();
  deepEqual(log.said, ["info vr1.1 a", "info vr2.1 b", "info vr1.1 c"]);
});

Deno.test("with debug they are said at once, and not again", () => {
  const log = recorder(true);
  const sayings = new Sayings(log);
  sayings.say("vr1.1", "a");
  deepEqual(log.said, ["debug vr1.1 a"]);
  sayings.serve();
  sayings.say("vr1.1", "b");
  deepEqual(log.said, ["debug vr1.1 a", "info vr1.1 b"]);
});
