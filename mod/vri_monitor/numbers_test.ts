import { equal, throws } from "node:assert/strict";
import { CoreError } from "../../ffi/core.ts";
import { vrDefaults as sizes } from "../config/mod.ts";
import { createLink } from "./link.ts";
import { VriNumbers } from "./numbers.ts";

Deno.test("VRI numbers are bounded and come back", () => {
  const numbers = new VriNumbers(3);
  for (const expected of [0, 1, 2, null, null]) equal(numbers.take(), expected);
  numbers.give(2, 0);
  for (const expected of [0, 2, null]) equal(numbers.take(), expected);
});

Deno.test("a link that cannot be made gives its number back", () => {
  const numbers = new VriNumbers(1);
  const broken = {
    vriCreate: () => {
      throw new CoreError("no memory", 12);
    },
  };
  throws(() => createLink(broken, numbers, 0, sizes), /no memory/);
  equal(numbers.take(), 0);
  throws(() => createLink(broken, numbers, 0, sizes), /no VRI number is free/);
});
