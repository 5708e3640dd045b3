/** Small files of `/sys` and `/proc`, below a root directory: `/`, or a recorded machine's. */

/** Reads below one root. What isn't there, or may not be read, is null or empty. */
export class SystemFiles {
  readonly #root: string;

  constructor(root = "/") {
    this.#root = root.replace(/\/+$/, "");
  }

  /** A file without its last line end; recorded ones may have been padded with NULs. */
  text(path: string): string | null {
    try {
      return Deno.readTextFileSync(`${this.#root}/${path}`).replaceAll("\0", "").trimEnd();
    } catch {
      return null;
    }
  }

  /** A number of decimal digits. */
  number(path: string): number | null {
    const text = this.text(path)?.trim();
    return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : null;
  }

  /** Names in a directory. */
  names(path: string): string[] {
    try {
      return [...Deno.readDirSync(`${this.#root}/${path}`)].map(({ name }) => name);
    } catch {
      return [];
    }
  }

  /** Numbers N of the names `prefixN` in a directory, ascending. */
  numbered(path: string, prefix: string): number[] {
    return this.names(path)
      .filter((name) => name.startsWith(prefix) && /^\d{1,4}$/.test(name.slice(prefix.length)))
      .map((name) => Number(name.slice(prefix.length)))
      .sort((a, b) => a - b);
  }
}
