/**
 * Where what was decided comes from: for errors that show only on the host, such as a core that
 * isn't there. What the configuration file says is told with its line, in the file's words; what
 * an option or a variable says is told as it is. Pure.
 */
import { ExitCode, Failure, partsOf } from "./failure.ts";
import type { Place } from "./failure.ts";
import { idleFields, ownFields, runFields, vrFields } from "./fields.ts";
import type { FileConfig } from "./file/read.ts";
import type { Problem, Source } from "./file/source.ts";
import { givenBy, valueOf } from "./options.ts";
import type { RunOptions } from "./options.ts";
import type { Environment } from "./types.ts";

/** What goes before the file. */
interface Overridden {
  readonly vrs: boolean;
  readonly interfaces: boolean;
  /** Settings' names. */
  readonly ofVrs: ReadonlySet<string>;
  readonly ofRun: ReadonlySet<string>;
}

const perVr: Readonly<Record<string, { readonly key: string }>> = { ...vrFields, ...ownFields };
const ofRun: Readonly<Record<string, { readonly key: string }>> = runFields;
const keys = [...Object.keys({ ...vrFields, ...runFields, ...idleFields })];

/** Of a problem: what it is, the file's line, the caret. */
const linesOfOne = 3;

export class Origin {
  readonly #source: Source;
  readonly #over: Overridden;

  constructor(source: Source, over: Overridden) {
    this.#source = source;
    this.#over = over;
  }

  /**
   * The same error with the file's lines, where it is about what the file says, and what else is
   * wrong in the file; null where nothing is.
   */
  explain<T extends Failure | null>(failure: T, further: readonly Problem[] = []): T | Failure {
    const parts = failure === null ? [] : partsOf(failure);
    const problems = [...parts.flatMap((part) => this.#problem(part) ?? []), ...further];
    if (problems.length === 0) return failure;
    const [title, ...shown] = this.#source.failure(problems).message.split("\n");
    const others = parts.filter((part) => this.#problem(part) === null);
    const count = others.length + shown.length / linesOfOne;
    const lines = others.length === 0
      ? [title!, ...shown]
      : [`${count} errors`, ...others.map(({ message }) => message), ...shown];
    return new Failure(failure?.code ?? ExitCode.configuration, lines.join("\n"));
  }

  /** One error in one line. */
  line(failure: Failure): string {
    const problem = this.#problem(failure);
    if (problem === null) return failure.message;
    return `${this.#source.position(problem.offset)}: ${problem.message}`;
  }

  #problem({ message, place }: Failure): Problem | null {
    const found = place === null ? null : this.#find(place);
    if (found === null) return null;
    return { offset: this.#source.at(found), message: inFileWords(message) };
  }

  /** Where the file says it; null where it doesn't, or something goes before it. */
  #find(place: Place): Place | null {
    const { vrs, interfaces, ofVrs, ofRun: over } = this.#over;
    const [top, , key] = place;
    const last = String(key ?? top);
    if (top === "interfaces" && interfaces) return null;
    if (top === "vrs") {
      const setting = perVr[last]?.key;
      if (setting !== undefined && ofVrs.has(setting)) return null;
      const candidates = [...(vrs ? [] : [place]), ...(setting === undefined ? [] : [[last]])];
      return candidates.find((it) => this.#source.has(it)) ?? null;
    }
    if (ofRun[last] !== undefined && over.has(ofRun[last].key)) return null;
    return this.#source.has(place) ? place : null;
  }
}

/** Without the option that says it on the command line; others by their keys. */
function inFileWords(message: string): string {
  return message.replace(/^--[a-z-]+ \S+: /, "")
    .replaceAll(/--interface ([\w.:-]*\w)(?=[,;)]|$)/g, "$1 to interfaces")
    .replaceAll(/--interface\b/g, "interfaces")
    .replaceAll(/--overcommit\b/g, "overcommit: true")
    .replaceAll(/--([a-z]+(?:-[a-z]+)*)/g, (option, name: string) => {
      const key = name.replaceAll("-", "_");
      return keys.includes(key) ? key : option;
    });
}

/** Of a run that these decide. Throws Failure (usage). */
export function originOf(
  options: RunOptions,
  env: Environment,
  file: FileConfig | null,
): Origin | null {
  if (file === null) return null;
  const given = givenBy(options, env);
  return new Origin(file.source, {
    vrs: options.vr !== undefined || valueOf(env, "LVRM_VR") !== undefined,
    interfaces: options.interface !== undefined || valueOf(env, "LVRM_INTERFACE") !== undefined,
    ofVrs: new Set(given.flatMap(({ vr }) => Object.keys(vr))),
    ofRun: new Set(given.flatMap(({ run }) => Object.keys(run))),
  });
}
