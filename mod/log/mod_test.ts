import { deepEqual, equal } from "node:assert/strict";
import type { LogRecord } from "@logtape/logtape";
import { formatJson, formatText } from "./mod.ts";

const record = (message: unknown[], properties: Record<string, unknown> = {}): LogRecord => ({
  category: ["lvrm", "vri"],
  level: "warning",
  message,
  rawMessage: "",
  timestamp: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  properties,
});

Deno.test("text is one line, whatever a VR prints", () => {
  equal(
    formatText(record(["", "vr1.1", " says: ", "a\nb\u001b[2J\tc"])),
    "2026-01-02T03:04:05.678Z warning vri: vr1.1 says: a\\x0ab\\x1b[2J\tc\n",
  );
});

Deno.test("JSON has time, level, category, message and the record's fields", () => {
  const line = formatJson(record(["frames: ", 3], { vri: "vr1.1", frames: 3n }));
  deepEqual(JSON.parse(line), {
    vri: "vr1.1",
    frames: 3,
    time: "2026-01-02T03:04:05.678Z",
    level: "warning",
    category: "vri",
    message: "frames: 3",
  });
  equal(line.indexOf("\n"), line.length - 1);
});
