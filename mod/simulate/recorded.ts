/**
 * Traffic out of a recorded history: the decisions of `lvrm status --json`, or the rows of
 * `lvrm bench 2c|2d --json` and `lvrm simulate --json`. Between two points it is a straight line.
 * Pure.
 */
import { z } from "zod";
import { between } from "./traffic.ts";
import type { Rate } from "./types.ts";

const decisions = z.array(z.object({
  vr: z.string(),
  uptime_ms: z.number(),
  inputs: z.object({ arrival_rate_fps: z.number().min(0) }),
}));
const rows = z.array(z.object({
  vr: z.string(),
  t_s: z.number(),
  offered_fps: z.number().min(0),
}));
const history = z.object({ decisions: z.unknown(), rows: z.unknown() }).partial();

interface Point {
  readonly vr: string;
  readonly t_s: number;
  readonly fps: number;
}

/** The rate of one VR of the history, which begins at its first point. Throws an Error. */
export function recordedRate(text: string, vr: string): Rate {
  const points = pointsOf(parsed(text));
  const mine = points.filter((point) => point.vr === vr).sort((a, b) => a.t_s - b.t_s);
  if (mine.length === 0) {
    const known = [...new Set(points.map((point) => point.vr))].slice(0, 8).join(", ");
    throw new Error(`there is no VR ${vr} in it; it has ${known || "none"}: say which with vr`);
  }
  const start_s = mine[0]!.t_s;
  return between(mine.map(({ t_s, fps }) => [t_s - start_s, fps] as const));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("it is not JSON: record it with lvrm status --json");
  }
}

function pointsOf(value: unknown): Point[] {
  const parts = history.safeParse(value).data;
  const fromRows = rows.safeParse(parts?.rows).data;
  if (fromRows !== undefined) {
    return fromRows.map(({ vr, t_s, offered_fps }) => ({ vr, t_s, fps: offered_fps }));
  }
  const fromDecisions = decisions.safeParse(parts?.decisions ?? value).data;
  if (fromDecisions !== undefined) {
    return fromDecisions.map(({ vr, uptime_ms, inputs }) => {
      return { vr, t_s: uptime_ms / 1000, fps: inputs.arrival_rate_fps };
    });
  }
  throw new Error(
    "it has neither rows nor decisions: record it with lvrm status --json or lvrm bench --json",
  );
}
