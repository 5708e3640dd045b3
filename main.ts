/** Entry point of `lvrm`. */
import { main } from "./mod/cli/mod.ts";

// Deno.exit and not a natural end: a pending wait for the dispatcher would keep us alive.
if (import.meta.main) Deno.exit(await main(Deno.args));
