/** How a run ends, and the error that carries it to the command line. */

/** Exit codes of `lvrm`. */
export const ExitCode = {
  /** Ended as asked. */
  ok: 0,
  /** Failed while running: a VR that ends at once, `status` without a running lvrm. */
  failed: 1,
  /** The command line can't be read: unknown option or name, malformed value. */
  usage: 2,
  /** It can be read, and contradicts itself or names what isn't there. */
  configuration: 3,
  /** The host can't: permission, interface, kernel feature, socket path. */
  host: 4,
} as const;

export type ExitCode = typeof ExitCode[keyof typeof ExitCode];

/** Where the configuration file says something: keys and indices from its top. */
export type Place = readonly PropertyKey[];

/** An error for the user: one line that says what failed, the likely cause and what to do. */
export class Failure extends Error {
  readonly code: ExitCode;
  /** Where the file says what it is about, if it does; null: it is about nothing of the kind. */
  readonly place: Place | null;
  /** Where it stands for several: each of them. */
  readonly parts: readonly Failure[];

  constructor(
    code: ExitCode,
    message: string,
    place: Place | null = null,
    parts: readonly Failure[] = [],
  ) {
    super(message);
    this.name = "Failure";
    this.code = code;
    this.place = place;
    this.parts = parts;
  }
}

/** The failures that this one stands for: at least itself. */
export function partsOf(failure: Failure): readonly Failure[] {
  return failure.parts.length > 0 ? failure.parts : [failure];
}

/** The same failure, about this, unless it knows better. */
export function placed(failure: Failure, place: Place | null): Failure {
  if (place === null || failure.place !== null || failure.parts.length > 0) return failure;
  return new Failure(failure.code, failure.message, place);
}

/** What goes before what, where several failed. */
const gravest: readonly ExitCode[] = [ExitCode.usage, ExitCode.configuration];

/** Several as one, a line each. A mistake of the user's goes before what the host can't. */
function together(failures: readonly Failure[]): Failure {
  const parts = failures.flatMap(partsOf);
  if (parts.length === 1) return parts[0]!;
  const codes = parts.map(({ code }) => code);
  const lines = parts.map(({ message }) => message);
  return new Failure(
    gravest.find((code) => codes.includes(code)) ?? codes[0]!,
    [`${parts.length} errors`, ...lines].join("\n"),
    null,
    parts,
  );
}

/** Looks at several things, each also after another has failed. */
export class Attempts {
  readonly #failures: Failure[] = [];

  /** What `look` returns; undefined, and its Failure noted, where it throws one. */
  attempt<T>(look: () => T, place: Place | null = null): T | undefined {
    try {
      return look();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#failures.push(placed(error, place));
      return undefined;
    }
  }

  get failed(): boolean {
    return this.#failures.length > 0;
  }

  /** All that failed as one; null where nothing did. */
  get failure(): Failure | null {
    return this.failed ? together(this.#failures) : null;
  }

  /** Throws all that failed as one Failure, if anything did: with this code, where one is given. */
  end(code?: ExitCode): void {
    const { failure } = this;
    if (failure !== null && (code === undefined || failure.code === code)) throw failure;
  }
}
