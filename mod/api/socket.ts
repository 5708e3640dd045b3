/**
 * The control socket's path, claimed by one lvrm at a time: a lock file beside it is held for
 * life, so that a socket file which a killed lvrm left is known to be stale and is replaced.
 */
import { dirname } from "node:path";
import { ExitCode, Failure } from "../config/mod.ts";

/** A claimed path. */
export interface SocketClaim {
  readonly path: string;
  /** Removes socket and lock; idempotent. */
  release(): void;
  /** The same, and directories that were made for it go, too. */
  undo(): void;
}

/** Directories of a path that are not there, the innermost first. */
function missing(directory: string): string[] {
  try {
    Deno.lstatSync(directory);
    return [];
  } catch {
    const above = dirname(directory);
    return above === directory ? [] : [directory, ...missing(above)];
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotADirectory) return "a part of it is not a directory";
  return error instanceof Error ? error.message : String(error);
}

function unusable(path: string, error: unknown): Failure {
  return new Failure(
    ExitCode.host,
    `cannot make the control socket ${path}: ${reasonOf(error)}; choose a path that you may ` +
      `write to with --socket PATH`,
  );
}

/** Whether `path` still names the open file (an ending lvrm removes its lock file). */
function isCurrent(file: Deno.FsFile, path: string): boolean {
  try {
    return file.statSync().ino === Deno.statSync(path).ino;
  } catch {
    return false;
  }
}

/** Opens and locks the lock file; null when another process holds it. */
function lock(path: string): Deno.FsFile | null {
  for (;;) {
    const file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
    if (!file.tryLockSync(true)) {
      file.close();
      return null;
    }
    if (isCurrent(file, path)) return file;
    file.close();
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Pid that the holder wrote into its lock file, or "unknown". */
function holder(lockPath: string): string {
  try {
    return /^\d+/.exec(Deno.readTextFileSync(lockPath))?.[0] ?? "unknown";
  } catch {
    return "unknown";
  }
}

/**
 * Claims `path`, makes its directory when that is missing, and removes a stale socket. Throws
 * Failure (host) when another lvrm holds it, or it cannot be written.
 */
export function claimSocket(path: string): SocketClaim {
  const lockPath = `${path}.lock`;
  const made = missing(dirname(path));
  let file: Deno.FsFile | null;
  try {
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    file = lock(lockPath);
  } catch (error) {
    throw unusable(path, error);
  }
  if (file === null) {
    throw new Failure(
      ExitCode.host,
      `another lvrm (pid ${holder(lockPath)}) has the control socket ${path}: stop it, or give ` +
        `this one a socket of its own with --socket PATH`,
    );
  }
  const held = file;
  let released = false;
  const release = () => {
    if (released) return;
    released = true;
    removeIfThere(path);
    removeIfThere(lockPath); // before it is closed: see isCurrent
    held.close();
  };
  try {
    held.truncateSync();
    held.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
    removeStale(path);
  } catch (error) {
    removeIfThere(lockPath);
    held.close();
    throw error instanceof Failure ? error : unusable(path, error);
  }
  const undo = () => {
    release();
    for (const directory of made) {
      try {
        Deno.removeSync(directory);
      } catch {
        return; // others use it by now
      }
    }
  };
  return { path, release, undo };
}

/** Removes a socket that is left over; refuses to remove anything else. */
function removeStale(path: string): void {
  let info: Deno.FileInfo;
  try {
    info = Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  if (info.isSocket !== true) {
    throw new Failure(
      ExitCode.host,
      `cannot make the control socket ${path}: there is a file that is no socket; choose ` +
        `another path with --socket PATH`,
    );
  }
  Deno.removeSync(path);
}
