import { deepEqual } from "node:assert/strict";
import { sibling } from "./sibling.ts";

Deno.test("sibling takes cores of the dispatcher's package first", () => {
  const others = [{ core: 1, package: 1 }, { core: 2, package: 0 }, { core: 3, package: 1 }];
  deepEqual(sibling({ core: 0, package: 0 }, others, 4), [2, 1, 3, 2]);
});
