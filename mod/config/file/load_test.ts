/** Files that can't be one: refused, and none is read without end. */
import { equal, match, ok } from "node:assert/strict";
import { Failure } from "../failure.ts";
import { loadConfig, parseTables } from "./load.ts";

function refusal(path: string, lines = 1): string {
  try {
    loadConfig(path);
  } catch (error) {
    ok(error instanceof Failure, String(error));
    equal(error.code, 3);
    equal(error.message.split("\n").length, lines);
    return error.message;
  }
  throw new Error(`${path} was taken`);
}

Deno.test("a configuration that is no file, not there, too large or no text is refused", async () => {
  const directory = await Deno.makeTempDir();
  const write = async (name: string, bytes: Uint8Array) => {
    await Deno.writeFile(`${directory}/${name}`, bytes);
    return `${directory}/${name}`;
  };
  try {
    match(refusal(`${directory}/none`), /there is no such file/);
    match(refusal(directory), /it is a directory/);
    match(refusal("/dev/zero"), /too large/);
    match(refusal(await write("large", new Uint8Array((4 << 20) + 1))), /too large/);
    match(refusal(await write("latin1", Uint8Array.of(0xe4))), /not UTF-8/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a configuration with a byte order mark, CRLF, or nothing in it is one", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "\ufeffqueue: locked\r\nballancer: jsq\r\n");
    const said = refusal(path, 4).split("\n");
    match(said[1]!, /:2:1: there is no key "ballancer" here; did you mean balancer\?$/);
    equal(said.slice(2).join("|"), "    ballancer: jsq|    ^");
    for (const text of ["", "# nothing\n", "---\n"]) {
      await Deno.writeTextFile(path, text);
      equal(loadConfig(path).vrs.length, 0);
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("names of routing tables are lines of a number and a name", () => {
  const tables = parseTables("# c\n100 office\n0x65\thex # c\nname\n7\n");
  equal(JSON.stringify([...tables]), JSON.stringify([["office", 100], ["hex", 101]]));
});
