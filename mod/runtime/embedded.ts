/**
 * Unpacks the files that `deno compile` embedded into a private, content-named directory, once.
 * The same rules as in `zig-src/unpack.zig`: the directory belongs to this user, nobody else may
 * write to it, every file is as it was packed; anything else is refused, never repaired silently.
 *
 * Concurrent first starts are safe: each writes a directory of its own and renames it; `rename`
 * onto a directory that isn't empty fails, so the first one wins and the others use it.
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { ExitCode, Failure } from "../config/failure.ts";

/** One packed file. */
export interface PackedFile {
  /** Path inside the directory, such as `lib/liblvrm.so`. */
  path: string;
  /** Permission bits: 0o700 or 0o600. */
  mode: number;
  bytes: number;
  /** SHA-256 of the content, hexadecimal. */
  sha256: string;
}

/** What `tools/compile.ts` writes beside the embedded files as `manifest.json`. */
export interface Manifest {
  /** Name of the directory: it follows from the contents of all files. */
  name: string;
  files: PackedFile[];
}

/**
 * Makes sure that the files below `source` lie unpacked in a directory below `cache`.
 *
 * @returns that directory.
 * @throws {Failure} in one line: what failed, why, and what to do.
 */
export function unpackEmbedded(source: string, cache: string): string {
  const manifest = JSON.parse(Deno.readTextFileSync(join(source, "manifest.json"))) as Manifest;
  const directory = join(cache, manifest.name);
  try {
    if (exists(directory)) checkCache(cache);
    else unpack(source, cache, directory, manifest);
    verify(directory, manifest);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    // One line, whatever the path has in it.
    const reason = (cause instanceof Error ? cause.message : String(cause)).replaceAll("\n", " ");
    throw new Failure(
      ExitCode.host,
      `Cannot unpack into ${cache}: ${reason}. Set LVRM_CACHE to a directory that you can write ` +
        `and execute from`,
    );
  }
  return directory;
}

function unpack(source: string, cache: string, directory: string, manifest: Manifest): void {
  let temporary: string | undefined;
  try {
    if (!exists(cache)) Deno.mkdirSync(cache, { recursive: true, mode: 0o700 });
    checkCache(cache);
    temporary = Deno.makeTempDirSync({ dir: cache, prefix: "tmp-" });
    Deno.chmodSync(temporary, 0o700);
    for (const file of manifest.files) {
      const target = join(temporary, file.path);
      Deno.mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
      Deno.writeFileSync(target, Deno.readFileSync(join(source, file.path)), { createNew: true });
      Deno.chmodSync(target, file.mode);
    }
    Deno.renameSync(temporary, directory);
    temporary = undefined;
  } catch (cause) {
    // Another start was faster: its directory is verified like any other.
    if (cause instanceof Failure || !exists(directory)) throw cause;
  } finally {
    if (temporary !== undefined) Deno.removeSync(temporary, { recursive: true });
  }
}

/**
 * Someone who can rename our directory could put theirs in its place after we have checked it: the
 * owner of the cache, also of a sticky one, and whoever may write to one that isn't sticky.
 */
function checkCache(cache: string): void {
  const refuse = (what: string, cure: string): never => {
    throw new Failure(
      ExitCode.host,
      `Cannot unpack into ${cache}: ${what}. ${cure} LVRM_CACHE to a directory of your own`,
    );
  };
  const { isDirectory, mode, uid } = Deno.lstatSync(cache);
  if (!isDirectory) refuse("it is no directory", "Set");
  if (uid !== 0 && uid !== Deno.uid()) refuse(`it belongs to user ${uid}`, "Set");
  const sticky = ((mode ?? 0) & 0o1000) !== 0 && uid === 0;
  if (((mode ?? 0) & 0o022) === 0 || sticky) return;
  refuse("others may write there", `Run \`chmod go-w ${cache}\`, or set`);
}

function verify(directory: string, manifest: Manifest): void {
  const refuse = (what: string): never => {
    throw new Failure(
      ExitCode.host,
      `Refused ${directory}: ${what}. Someone changed it after it was unpacked; remove it ` +
        `(\`rm -r ${directory}\`) and start again`,
    );
  };
  const check = (path: string, kind: "isDirectory" | "isFile"): Deno.FileInfo => {
    let info: Deno.FileInfo;
    try {
      info = Deno.lstatSync(path);
    } catch {
      return refuse(`${path} cannot be read`);
    }
    if (!info[kind]) refuse(`${path} is not what it should be`);
    if (info.uid !== Deno.uid()) refuse(`${path} belongs to user ${info.uid}`);
    if (((info.mode ?? 0) & 0o022) !== 0) refuse(`${path} may be written by others`);
    return info;
  };
  check(directory, "isDirectory");
  for (const file of manifest.files) {
    check(join(directory, dirname(file.path)), "isDirectory");
    const path = join(directory, file.path);
    if (check(path, "isFile").size !== file.bytes) refuse(`${path} has another size`);
    const content = createHash("sha256").update(Deno.readFileSync(path)).digest("hex");
    if (content !== file.sha256) refuse(`${path} has another content`);
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
