/** Reads the configuration file and what its words mean on this host. */
import { ExitCode, Failure } from "../failure.ts";
import { readConfig } from "./read.ts";
import type { FileConfig } from "./read.ts";

/** Where iproute2 keeps names of routing tables; what comes later goes before. */
const tableFiles = [
  "/usr/lib/iproute2/rt_tables",
  "/usr/share/iproute2/rt_tables",
  "/etc/iproute2/rt_tables",
];
const tableDirectories = ["/usr/share/iproute2/rt_tables.d", "/etc/iproute2/rt_tables.d"];

/** Names of routing tables in a file of iproute2: lines of `NUMBER NAME`. Pure. */
export function parseTables(text: string): Map<string, number> {
  const tables = new Map<string, number>();
  for (const line of text.split("\n")) {
    const found = /^\s*(0x[0-9a-fA-F]{1,8}|[0-9]{1,10})\s+([^\s#]+)/.exec(line);
    if (found !== null) tables.set(found[2]!, Number(found[1]));
  }
  return tables;
}

function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return ""; // not on this host
  }
}

function confFiles(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].map((entry) => entry.name)
      .filter((name) => name.endsWith(".conf")).sort().map((name) => `${directory}/${name}`);
  } catch {
    return [];
  }
}

/** The number of a routing table that this host has a name for. */
function tableNumber(name: string): number | null {
  const builtIn = new Map([["main", 254], ["default", 253], ["local", 255]]);
  const files = [...tableFiles, ...tableDirectories.flatMap(confFiles)];
  for (const file of files.reverse()) {
    const number = parseTables(textOf(file)).get(name);
    if (number !== undefined) return number;
  }
  return builtIn.get(name) ?? null;
}

/** No configuration file comes near it; what is larger, or never ends, is something else. */
const most_bytes = 4 << 20;

/**
 * The text of a file, or of a pipe. `what`: the file in words, as errors begin. Throws Failure
 * (configuration).
 */
export function readText(path: string, what: string, most = most_bytes): string {
  const refuse = (why: string) => new Failure(ExitCode.configuration, `${what}: ${why}`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytesOf(path, refuse, most));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw refuse("it is not UTF-8 text");
  }
}

function bytesOf(path: string, refuse: (why: string) => Failure, most: number): Uint8Array {
  try {
    using file = Deno.openSync(path);
    if (file.statSync().isDirectory) throw refuse("it is a directory; name the file in it");
    let bytes = new Uint8Array(1 << 16);
    let length = 0;
    for (let count: number | null = 0; count !== null; length += count ?? 0) {
      if (length > most) {
        throw refuse(`it is too large, or never ends: more than ${most >> 20} MiB; check its path`);
      }
      if (length === bytes.length) bytes = grown(bytes);
      count = file.readSync(bytes.subarray(length));
    }
    return bytes.subarray(0, length);
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (error instanceof Deno.errors.NotFound) {
      throw refuse("there is no such file; check its path");
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw refuse("no permission to read it; run lvrm as root, or change its mode with chmod");
    }
    throw refuse(error instanceof Error ? error.message : String(error));
  }
}

function grown(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * bytes.length);
  larger.set(bytes);
  return larger;
}

/** Reads the file that `--config` names. Throws Failure (configuration). */
export function loadConfig(path: string): FileConfig {
  return readConfig(readText(path, `--config ${path}`), { path, tableNumber });
}
