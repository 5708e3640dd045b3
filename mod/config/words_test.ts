import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { quoteWord, splitEntries, splitWords } from "./words.ts";

function words(text: string): string[] {
  const split = splitWords(text);
  ok("words" in split, JSON.stringify(split));
  return split.words;
}

Deno.test("splitWords() takes quotes and backslashes as a shell's reader does", () => {
  deepEqual(words("cppvr"), ["cppvr"]);
  deepEqual(words("  cppvr   --relay  a=b "), ["cppvr", "--relay", "a=b"]);
  deepEqual(words(`./vr 'two words' "and more" a\\ b`), ["./vr", "two words", "and more", "a b"]);
  deepEqual(words(`a'b'"c"d`), ["abcd"]);
  deepEqual(words(`"say \\"hi\\" \\\\ \\n"`), [`say "hi" \\ \\n`]);
  deepEqual(words(`'\\'`), ["\\"]);
  deepEqual(words(`x '' ""`), ["x", "", ""]);
  deepEqual(words("$HOME *.c `ls` ; | &"), ["$HOME", "*.c", "`ls`", ";", "|", "&"]);
  deepEqual(words(""), []);
});

Deno.test("splitWords() says which quote is never closed", () => {
  for (const [text, at] of [["a 'b", 3], [`"`, 1], [`'a' "b'`, 5], [`"a\\"`, 1]] as const) {
    const split = splitWords(text);
    ok("error" in split);
    ok(split.error.includes(`character ${at} `), split.error);
  }
  ok("error" in splitWords("a\\"));
});

Deno.test("splitWords() gives back whatever was quoted", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary" })), (list) => {
    deepEqual(words(list.map(quoteWord).join(" ")), list);
  }));
});

Deno.test("splitWords() never throws, and errs only where a quote or backslash is", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const split = splitWords(text);
    if ("error" in split) ok(/['"\\]/.test(text));
  }));
});

Deno.test("splitEntries() splits at newlines and semicolons outside of quotes", () => {
  deepEqual(splitEntries("a=b;c=d\n\n e=f ;"), ["a=b", "c=d", "e=f"]);
  deepEqual(splitEntries(`a='x;y';b="1\n2"`), [`a='x;y'`, `b="1\n2"`]);
  deepEqual(splitEntries("a\\;b;c"), ["a\\;b", "c"]);
  equal(splitEntries("  ").length, 0);
});
