/** `deno task bench [--quick] [--repeats N] [--json FILE]`: lvrm beside the kernel's forwarding. */
import { parseArgs } from "node:util";
import { bench, fullRun, quickRun, table } from "./run.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    quick: { type: "boolean", default: false },
    repeats: { type: "string" },
    json: { type: "string" },
  },
});

const options = { ...(values.quick ? quickRun : fullRun) };
if (values.repeats !== undefined) options.repeats = Number(values.repeats);
if (!Number.isInteger(options.repeats) || options.repeats < 1) {
  console.error("bench: --repeats needs a number, at least 1");
  Deno.exit(2);
}
if (Deno.uid() !== 0) {
  console.error("bench: network namespaces need root: run it with sudo");
  Deno.exit(4);
}
const result = await bench(options, (line) => console.error(line));
console.log(table(result));
if (values.json !== undefined) {
  await Deno.writeTextFile(values.json, JSON.stringify(result, null, 2) + "\n");
}
