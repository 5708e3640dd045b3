/** Loads `liblvrm.so`, and the error that its functions fail with. */
import { symbols } from "./abi.gen.ts";

/** EAGAIN of Linux: the one errno that callers treat as "later". */
export const EAGAIN = 11;

/** A call into the library failed. `errno` is positive; the message is the library's own. */
export class CoreError extends Error {
  readonly errno: number;

  constructor(message: string, errno: number) {
    super(message);
    this.name = "CoreError";
    this.errno = errno;
  }
}

/** The library's functions. */
export type CoreSymbols = Library["symbols"];

export type Library = Deno.DynamicLibrary<typeof symbols>;

/** Opens the library after comparing its layout hash with this program's. */
export function openLibrary(path: string, expected: bigint): Library {
  try {
    const probe = Deno.dlopen(path, { lvrm_abi_hash: symbols.lvrm_abi_hash });
    const found = probe.symbols.lvrm_abi_hash();
    probe.close();
    if (found !== expected) {
      throw new CoreError(
        `cannot use ${path}: its layout is ${found.toString(16)}, this program's ` +
          `${expected.toString(16)}: they come from different builds; build both again`,
        0,
      );
    }
    return Deno.dlopen(path, symbols);
  } catch (error) {
    if (error instanceof CoreError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CoreError(`cannot load ${path}: ${reason}`, 0);
  }
}
