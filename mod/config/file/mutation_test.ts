/** No text makes reading a configuration worse than a Failure of the right code. */
import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { ExitCode, Failure } from "../failure.ts";
import { readConfig } from "./read.ts";

const example = Deno.readTextFileSync(
  new URL("../../../docs/lvrm.example.yaml", import.meta.url),
);
const scraps = [
  ...[
    "",
    " ",
    "\n",
    "  ",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "<<: ",
    "!!binary ",
    "|",
    ">",
  ],
  ...[
    "'",
    '"',
    "#",
    "%",
    "@",
    "null",
    "~",
    "-1",
    "1e400",
    "0x",
    ".inf",
    "yes",
    "\t",
    "\u0000",
    "\ufeff",
  ],
  ...["10.0.0.0/33", "::/129", "vrs:", "ports:", "---\n", "...\n", "? ", "é", "💡"],
];

/** Puts a scrap in place of some characters. */
const anyEdit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.oneof(fc.constant(0), fc.nat(4), fc.nat(60)),
  scrap: fc.constantFrom(...scraps),
});

function edited(edits: readonly { at: number; cut: number; scrap: string }[]): string {
  return edits.reduce((text, { at, cut, scrap }) => {
    const from = Math.floor(at * text.length);
    return text.slice(0, from) + scrap + text.slice(from + cut);
  }, example);
}

Deno.test("a configuration file that was edited at random is read or refused, never worse", () => {
  let read = 0;
  let refused = 0;
  fc.assert(
    fc.property(fc.array(anyEdit, { minLength: 1, maxLength: 4 }), (edits) => {
      const text = edited(edits);
      try {
        readConfig(text, { path: "lvrm.yaml", tableNumber: () => null });
        read++;
      } catch (error) {
        ok(error instanceof Failure, `${error}\n${text}`);
        equal(error.code, ExitCode.configuration);
        ok(error.message.length > 0);
        refused++;
      }
    }),
    { numRuns: 1500 },
  );
  ok(read > 0 && refused > 0, `${read} read, ${refused} refused`);
});

Deno.test("any text at all is read or refused", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
    try {
      readConfig(text, { path: "lvrm.yaml", tableNumber: () => null });
    } catch (error) {
      ok(error instanceof Failure, `${error}\n${text}`);
    }
  }));
});
