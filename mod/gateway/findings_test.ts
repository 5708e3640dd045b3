import { deepEqual, equal, throws } from "node:assert/strict";
import { CoreError } from "../../ffi/core.ts";
import { ExitCode, Failure } from "../config/mod.ts";
import { exitCodeOf, Findings, formatFindings } from "./findings.ts";

const failing = (code: ExitCode) => () => {
  throw new Failure(code, `code ${code}`);
};

Deno.test("findings go on after an error, and the configuration's goes first", () => {
  const findings = new Findings();
  equal(exitCodeOf(findings.all), 0);
  equal(findings.attempt("a", () => 7), 7);
  findings.ok("library", "there");
  findings.warn("b", "nearly");
  equal(exitCodeOf(findings.all), 0);
  equal(findings.attempt("c", failing(ExitCode.host)), undefined);
  findings.attempt("d", () => {
    throw new CoreError("no library", 2);
  });
  equal(exitCodeOf(findings.all), 4);
  findings.attempt("e", failing(ExitCode.configuration));
  equal(exitCodeOf(findings.all), 3);
  throws(() =>
    findings.attempt("f", () => {
      throw new TypeError("a bug");
    }), TypeError);
  deepEqual(formatFindings(findings.all).split("\n"), [
    "ok       library  there",
    "warning  b        nearly",
    "error    c        code 4",
    "error    d        no library",
    "error    e        code 3",
    "3 errors, 1 warning",
    "",
  ]);
});
