import { equal, match, rejects } from "node:assert/strict";
import { complaint, formatAnswer, valueOf } from "./handlers.ts";
import type { Answer } from "../handlers/mod.ts";

function answer(more: Partial<Answer>): Answer {
  return {
    vr: "vr1",
    did: "read",
    handler: "c.count",
    value: null,
    summed: false,
    vris: [],
    ...more,
  };
}
const vri = (n: number, value: string | null, error: string | null = null) => {
  return { vri: `vr1.${n}`, state: "running", value, error };
};

Deno.test("a value is printed as it is, differing ones with their VRI", () => {
  equal(formatAnswer(answer({ value: "7" })), "7\n");
  equal(formatAnswer(answer({ value: "a\nb\n" })), "a\nb\n");
  equal(formatAnswer(answer({ did: "write", value: "" })), "");
  const vris = [vri(1, "x"), vri(2, "a\nb"), vri(3, null, "gone")];
  equal(formatAnswer(answer({ vris })), "vr1.1: x\nvr1.2:\na\nb\n");
});

Deno.test("a list is a table", () => {
  const value = "version\tr\nc.count\tr\tCounter\n";
  const shown = formatAnswer(answer({ did: "list", handler: "", value }));
  equal(shown, "HANDLER  ACCESS  ELEMENT\nversion  r       -\nc.count  r       Counter\n");
});

Deno.test("errors that all VRIs share are said once, with what to do; others each", () => {
  equal(complaint(answer({ vris: [vri(1, "x")] })), null);
  const none = "no element named 'x'";
  match(
    complaint(answer({ vris: [vri(1, null, none), vri(2, null, none)] }))!,
    /^vr1: no element named 'x'; lvrm handlers vr1 shows what there is$/,
  );
  const read = answer({
    handler: "c.reset",
    vris: [vri(1, null, "'c.reset' is not a read handler")],
  });
  match(complaint(read)!, /lvrm handlers vr1 c\.reset ''$/);
  equal(complaint(answer({ vris: [vri(1, "1"), vri(2, null, "hung")] })), "vr1.2: hung");
  const hot = answer({
    did: "write",
    handler: "hotconfig",
    vris: [vri(1, null, "hotconfig:1: bad\n  worse")],
  });
  equal(
    complaint(hot),
    "vr1 goes on with its old configuration:\nhotconfig:1: bad\n  worse",
  );
});

Deno.test("values are words, a file, or standard input", async () => {
  equal(await valueOf([]), null);
  equal(await valueOf([""]), "");
  equal(await valueOf(["10.0.0.0/8", "1"]), "10.0.0.0/8 1");
  equal(await valueOf(["-", "1"]), "- 1");
  equal(await valueOf(["@"]), "@");
  await rejects(valueOf(["@/none/such"]), /cannot read \/none\/such: there is no such file/);
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "a\nb");
    equal(await valueOf([`@${path}`]), "a\nb");
    await Deno.truncate(path, (1 << 20) + 1);
    await rejects(valueOf([`@${path}`]), /longer than 1048576 bytes/);
  } finally {
    await Deno.remove(path);
  }
});
