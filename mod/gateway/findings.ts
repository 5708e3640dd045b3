/** What `lvrm check` finds, and how it is shown. Pure. */
import { CoreError } from "../../ffi/core.ts";
import { ExitCode, Failure, partsOf, placed } from "../config/mod.ts";
import type { Origin, Place } from "../config/mod.ts";
import { NetlinkError } from "../netlink/mod.ts";

/** One line of the check. */
export interface Finding {
  readonly verdict: "ok" | "warning" | "error";
  readonly about: string;
  /** Of a warning or an error: what is wrong, the likely cause, what to do. */
  readonly text: string;
  /** What a start would end with. */
  readonly code: ExitCode;
}

/** Collects what is found. */
export class Findings {
  readonly all: Finding[] = [];
  readonly #origin: Origin | null;

  /** `origin`: what the configuration file says; null: there is none. */
  constructor(origin: Origin | null = null) {
    this.#origin = origin;
  }

  ok(about: string, text: string): void {
    this.all.push({ verdict: "ok", about, text, code: ExitCode.ok });
  }

  warn(about: string, text: string): void {
    this.all.push({ verdict: "warning", about, text, code: ExitCode.ok });
  }

  /** What `look` returns; undefined, and an error noted, where it fails as a start would. */
  attempt<T>(about: string, look: () => T, place: Place | null = null): T | undefined {
    try {
      return look();
    } catch (error) {
      const expected = error instanceof Failure || error instanceof CoreError ||
        error instanceof NetlinkError;
      if (!expected) throw error;
      const failure = error instanceof Failure ? error : new Failure(ExitCode.host, error.message);
      for (const part of partsOf(placed(failure, place))) this.#fail(about, part);
      return undefined;
    }
  }

  #fail(about: string, failure: Failure): void {
    const text = this.#origin?.line(failure) ?? failure.message;
    this.all.push({ verdict: "error", about, text, code: failure.code });
  }
}

/** A line each, and a last one that counts. */
export function formatFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ about }) => about.length));
  const lines = findings.map(({ verdict, about, text }) =>
    `${verdict.padEnd(7)}  ${about.padEnd(width)}  ${text}`
  );
  const count = (wanted: Finding["verdict"]) =>
    findings.filter(({ verdict }) => verdict === wanted).length;
  const plural = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
  const sum = `${plural(count("error"), "error")}, ${plural(count("warning"), "warning")}`;
  return `${[...lines, sum].join("\n")}\n`;
}

/** What a start would end with: a mistake in the configuration comes before the host's. */
export function exitCodeOf(findings: readonly Finding[]): ExitCode {
  const codes = findings.map(({ code }) => code).filter((code) => code !== ExitCode.ok);
  if (codes.includes(ExitCode.configuration)) return ExitCode.configuration;
  return codes[0] ?? ExitCode.ok;
}
