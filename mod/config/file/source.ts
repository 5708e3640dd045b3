/**
 * The configuration file as text: YAML with positions, and errors that show the line they are
 * about. Knows nothing of what the keys mean. Pure.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { Document } from "yaml";
import { ExitCode, Failure } from "../failure.ts";

/** Keys and indices from the file's top to a value. */
export type Path = readonly PropertyKey[];

/** What is wrong, where. */
export interface Problem {
  /** Of the text, in UTF-16 units. */
  readonly offset: number;
  readonly message: string;
}

/** No file of ours comes near it; what is larger is something else. */
const maxCharacters = 4 << 20;
const misplaced = "this can't stand here: check how far this line and those around it are " +
  "indented, and that brackets and quotes are closed";
/** What the YAML library's messages leave to guess. */
const advice: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "a tab can't indent in YAML: use spaces",
  BAD_INDENT: misplaced,
  BLOCK_AS_IMPLICIT_KEY: misplaced,
  MULTILINE_IMPLICIT_KEY: misplaced,
  MULTIPLE_DOCS: "a second document begins here: put all into one, or take it out",
  BAD_SCALAR_START: "text can't begin with this character: put it into quotes",
  TAG_RESOLVE_FAILED: "there is no such tag (!…) here: take it out",
};
const shownColumns = 100;
const shownCharacters = 500;

/** Text of the file's without what would not stay on its line, or move a terminal's cursor. */
function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]/g, " ");
}

function cropped(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters)}…`;
}

/** The first line of a message of the YAML library, without its full stop. */
const firstLine = (text: string) => text.split("\n")[0]!.replace(/[.:]?\s*$/, "");

export class Source {
  readonly #text: string;
  readonly #name: string;
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();
  /** Problems of the YAML itself. */
  readonly problems: readonly Problem[];
  /** Whether the rest can still be judged: a key that is there twice hides nothing else. */
  readonly readable: boolean;

  /** `name`: the file's, for errors. Throws Failure (configuration) where nothing can be read. */
  constructor(text: string, name: string) {
    this.#text = text;
    this.#name = name;
    if (text.length > maxCharacters) {
      throw new Failure(ExitCode.configuration, `${name} is too large for a configuration file`);
    }
    this.#document = this.#guarded(() =>
      parseDocument(text, {
        lineCounter: this.#lines,
        prettyErrors: false,
        strict: true,
        uniqueKeys: true,
        version: "1.2",
        logLevel: "error",
        keepSourceTokens: true,
      })
    );
    const errors = [...this.#document.errors, ...this.#document.warnings];
    const aliases = this.#looseAliases();
    this.problems = [...errors.map((error) => this.#problem(error)), ...aliases];
    this.readable = aliases.length === 0 &&
      errors.every((error) => error.code === "DUPLICATE_KEY");
  }

  /** The file's content as plain values. Throws Failure (configuration). */
  value(): unknown {
    return this.#guarded(() => this.#document.toJS() as unknown);
  }

  /** Where a value is; where it or what it is in isn't there, the nearest that is. */
  at(path: Path): number {
    return this.#find(path)?.value ?? this.at(path.slice(0, -1));
  }

  /** Where a value's key is. */
  atKey(path: Path): number {
    const found = this.#find(path);
    return found?.key ?? found?.value ?? this.at(path.slice(0, -1));
  }

  /** Whether the file says anything there. */
  has(path: Path): boolean {
    return this.#find(path) !== null;
  }

  /** All problems as one error, in the order of the file, each with its line. */
  failure(problems: readonly Problem[]): Failure {
    const sorted = [...problems].sort((a, b) => a.offset - b.offset);
    const texts = [...new Set(sorted.map((problem) => this.#show(problem)))];
    const count = texts.length === 1 ? "an error" : `${texts.length} errors`;
    return new Failure(
      ExitCode.configuration,
      [`${this.#name} has ${count}`, ...texts].join("\n"),
    );
  }

  /** `FILE:LINE:COLUMN`. */
  position(offset: number): string {
    const { line, col } = this.#lines.linePos(Math.min(offset, this.#text.length));
    return `${this.#name}:${line}:${col}`;
  }

  #show({ offset, message }: Problem): string {
    const { line, col } = this.#lines.linePos(Math.min(offset, this.#text.length));
    const start = this.#lines.lineStarts[line - 1] ?? 0;
    const whole = this.#text.slice(start).split(/\r?\n/, 1)[0]!;
    const from = Math.max(0, col - shownColumns + 20);
    const shown = printable(whole).slice(from, from + shownColumns).trimEnd();
    const caret = " ".repeat(Math.max(0, col - 1 - from));
    const words = cropped(printable(message), shownCharacters);
    return `${this.position(offset)}: ${words}\n    ${shown}\n    ${caret}^`;
  }

  #problem(error: YAMLError): Problem {
    const open = this.#opened(error);
    if (open !== null) {
      const what = this.#text[open] ?? "";
      return { offset: open, message: `this ${what} is never closed: write the other one` };
    }
    const offset = error.pos[0];
    if (error.code in advice) return { offset, message: advice[error.code]! };
    if (error.code !== "DUPLICATE_KEY") return { offset, message: firstLine(error.message) };
    const key = /^[^\s:]*/.exec(this.#text.slice(offset))![0];
    return { offset, message: `${key} is there twice: keep one of them` };
  }

  /** Where the bracket or quote begins that is still open at the end of the text. */
  #opened({ code, pos, message }: YAMLError): number | null {
    const end = this.#text.trimEnd().length;
    if (pos[0] < end || (code !== "MISSING_CHAR" && code !== "BAD_INDENT")) return null;
    const isQuote = message.includes("quote");
    let found: number | null = null;
    const look = (_: unknown, node: Node) => {
      if ((node.range?.[1] ?? 0) >= end) found = startOf(node);
    };
    visit(this.#document, {
      Scalar: (_, node) => isQuote ? look(_, node) : undefined,
      Collection: (_, node) => !isQuote && isOpen(node) ? look(_, node) : undefined,
    });
    return found;
  }

  /** Aliases of what is not there, or not yet. */
  #looseAliases(): Problem[] {
    const problems: Problem[] = [];
    visit(this.#document, {
      Alias: (_, alias) => {
        if (alias.resolve(this.#document) !== undefined) return;
        const { source } = alias;
        const message = `nothing above is marked &${source}: mark it, or write it out`;
        problems.push({ offset: startOf(alias) ?? 0, message });
      },
    });
    return problems;
  }

  #guarded<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      // Too deep for the stack, or an alias of what is not there or far too much.
      const reason = error instanceof RangeError
        ? "it is nested too deeply"
        : firstLine(error instanceof Error ? error.message : String(error));
      throw new Failure(ExitCode.configuration, `cannot read ${this.#name} as YAML: ${reason}`);
    }
  }

  #find(path: Path): { key: number | null; value: number } | null {
    let node: unknown = this.#document.contents;
    let key: number | null = null;
    for (const step of path) {
      const inside = this.#resolved(node);
      if (isMap(inside)) {
        // Of a key that is there twice the last one counts.
        const pair = inside.items.findLast(({ key }) => isKey(key, String(step)));
        if (pair === undefined) return null;
        key = startOf(pair.key);
        node = pair.value;
      } else if (isSeq(inside) && Number.isInteger(step) && Number(step) < inside.items.length) {
        key = null;
        node = inside.items[Number(step)];
      } else return null;
    }
    return { key, value: startOf(node) ?? key ?? 0 };
  }

  /** The node itself, or what an alias stands for. */
  #resolved(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }
}

/** Whether it has a bracket at its begin, and none at its end. */
function isOpen({ srcToken }: YAMLMap | YAMLSeq): boolean {
  const closed = (type: string) => type === "flow-map-end" || type === "flow-seq-end";
  return srcToken?.type === "flow-collection" && !srcToken.end.some(({ type }) => closed(type));
}

/** Whether the library calls a key so: an empty one is "", a list or a map is shown as text. */
function isKey(key: unknown, name: string): boolean {
  if (isScalar(key)) return String(key.value ?? "") === name;
  const bare = (text: string) => text.replaceAll(/[\s"']/g, "");
  return bare(String(key)) === bare(name);
}

function startOf(node: unknown): number | null {
  return (node as Node | null)?.range?.[0] ?? null;
}
