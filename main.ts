/** Entry point of `lvrm`. */
import { main } from "./mod/cli/mod.ts";
import { selftest } from "./mod/runtime/selftest.ts";

if (import.meta.main && Deno.args[0] === "--selftest") {
  console.log(selftest());
  Deno.exit(0);
}

// Deno.exit and not a natural end: a pending wait for the dispatcher would keep us alive.
if (import.meta.main) Deno.exit(await main(Deno.args));
