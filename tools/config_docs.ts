/** Writes what follows from the configuration's fields: docs/lvrm.schema.json, and tables. */
import { withTables } from "../mod/config/file/document.ts";
import { jsonSchema } from "../mod/config/mod.ts";

const docs = new URL("../docs/", import.meta.url).pathname;

Deno.writeTextFileSync(`${docs}lvrm.schema.json`, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
const path = `${docs}configuration.md`;
Deno.writeTextFileSync(path, withTables(Deno.readTextFileSync(path)));
