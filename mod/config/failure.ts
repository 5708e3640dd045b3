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

/** An error for the user: one line that says what failed, the likely cause and what to do. */
export class Failure extends Error {
  readonly code: ExitCode;

  constructor(code: ExitCode, message: string) {
    super(message);
    this.name = "Failure";
    this.code = code;
  }
}
