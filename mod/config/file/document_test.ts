/** What is written about the configuration file is what it is read by. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { parse } from "yaml";
import { z } from "zod";
import { decideSettings } from "../settings.ts";
import { withTables } from "./document.ts";
import { readConfig } from "./read.ts";
import { jsonSchema, knownKeys } from "./schema.ts";

const docs = new URL("../../../docs/", import.meta.url).pathname;
const text = (name: string) => Deno.readTextFileSync(docs + name);

Deno.test("docs/lvrm.schema.json is fresh (else: deno task config-docs)", () => {
  deepEqual(JSON.parse(text("lvrm.schema.json")), JSON.parse(JSON.stringify(jsonSchema())));
});

Deno.test("the tables of docs/configuration.md are fresh (else: deno task config-docs)", () => {
  const document = text("configuration.md");
  equal(withTables(document), document);
  for (const key of [...knownKeys([]), ...knownKeys(["vrs", 0])]) {
    ok(document.includes(`\n| \`${key}\` | `), key);
  }
});

Deno.test("the errors that docs/configuration.md shows are what the file gets", () => {
  const file = "# Two virtual routers.\ninterfaces: [eth0, eth1]\nbalancr: jsq\nvrs:\n" +
    "  - subnets: [10.0.1.0/24]\n    router: cppvr\n    weight: 0\n";
  let said = "";
  try {
    readConfig(file, { path: "lvrm.yaml", tableNumber: () => null });
  } catch (error) {
    said = (error as Error).message;
  }
  ok(text("configuration.md").includes(`\`\`\`\nlvrm: ${said}\n\`\`\``), said);
});

Deno.test("docs/lvrm.example.yaml is valid, to lvrm and to editors", () => {
  const example = text("lvrm.example.yaml");
  const context = { path: "lvrm.yaml", tableNumber: () => null };
  const settings = decideSettings({}, () => undefined, readConfig(example, context));
  deepEqual(
    settings.vrs.map(({ name, allocator, table, vris, cores }) => ({
      name,
      allocator,
      table,
      vris,
      cores,
    })),
    [
      { name: "office", allocator: "dynamic", table: null, vris: 1, cores: null },
      { name: "guests", allocator: "service_rate", table: 100, vris: 1, cores: null },
      { name: "lab", allocator: "fixed", table: null, vris: 1, cores: [3] },
    ],
  );
  const schema = z.fromJSONSchema(jsonSchema());
  deepEqual(schema.safeParse(parse(example)).error, undefined);
  const wrong = schema.safeParse({ period: "5 parsecs", vrs: [{ max_cores: "some" }], x: 1 });
  equal(wrong.error?.issues.length, 5, JSON.stringify(wrong.error?.issues));
});
