/**
 * The log: one line per record on stderr, as text or JSON. Modules take a logger with
 * `getLogger(["lvrm", "vri"])`; placeholders in a message are also fields of the JSON line.
 */
import { configureSync } from "@logtape/logtape";
import type { LogRecord } from "@logtape/logtape";
import type { LogFormat, LogLevel } from "../config/mod.ts";

export { getLogger } from "@logtape/logtape";
export type { Logger } from "@logtape/logtape";

const encoder = new TextEncoder();

/** Control characters shown as escapes, so that a VR's output cannot drive the terminal. */
function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, (c) => {
    return `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

function messageText(record: LogRecord): string {
  return record.message.map((part, i) => {
    return i % 2 === 0 || typeof part === "string" ? String(part) : JSON.stringify(part);
  }).join("");
}

/** `2026-01-02T03:04:05.678Z info vri: vr1.1 is ready`. */
export function formatText(record: LogRecord): string {
  const time = new Date(record.timestamp).toISOString();
  const category = record.category.slice(1).join(".") || "lvrm";
  return `${time} ${record.level} ${category}: ${printable(messageText(record))}\n`;
}

/** One JSON object: time, level, category, message, then the record's own fields. */
export function formatJson(record: LogRecord): string {
  const line = {
    ...record.properties,
    time: new Date(record.timestamp).toISOString(),
    level: record.level,
    category: record.category.slice(1).join("."),
    message: messageText(record),
  };
  return `${JSON.stringify(line, (_, v) => typeof v === "bigint" ? Number(v) : v)}\n`;
}

/** Sends all records of `level` and above to stderr. A closed stderr loses them in silence. */
export function configureLog(format: LogFormat, level: LogLevel): void {
  const formatter = format === "json" ? formatJson : formatText;
  const stderr = (record: LogRecord) => {
    try {
      Deno.stderr.writeSync(encoder.encode(formatter(record)));
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  };
  configureSync({
    reset: true,
    sinks: { stderr },
    loggers: [
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stderr"] },
      { category: ["lvrm"], lowestLevel: level, sinks: ["stderr"] },
    ],
  });
}
