/** Asks a running lvrm over its control socket. */
import { ExitCode, Failure } from "../config/mod.ts";
import type { Answer, Question } from "../handlers/mod.ts";
import type { Status } from "../metrics/mod.ts";

const timeout_ms = 5000;
/** A VR's instances have some seconds, and one change of configuration waits for another. */
const handler_timeout_ms = 30_000;

/** The status of the lvrm at this socket. Throws Failure. */
export async function fetchStatus(path: string): Promise<Status> {
  const { ok, body } = await request(path, "/status", {}, timeout_ms);
  if (ok) return body as Status;
  throw new Failure(ExitCode.failed, `lvrm at ${path} answered: ${body.error}`);
}

/** Reads (value null) or writes a handler of a VR. Throws Failure. */
export async function askHandler(path: string, question: Question): Promise<Answer> {
  const { vr, handler, value } = question;
  const query = new URLSearchParams({ vr, handler });
  const init = value === null ? {} : { method: "POST", body: value };
  const { ok, body } = await request(path, `/handlers?${query}`, init, handler_timeout_ms);
  if (ok) return body as Answer;
  throw new Failure(body.code ?? ExitCode.failed, body.error);
}

async function request(
  path: string,
  what: string,
  init: RequestInit,
  limit_ms: number,
  // deno-lint-ignore no-explicit-any
): Promise<{ ok: boolean; body: any }> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  try {
    const signal = AbortSignal.timeout(limit_ms);
    const response = await fetch(`http://lvrm${what}`, { ...init, client, signal });
    return { ok: response.ok, body: await response.json() };
  } catch (error) {
    throw new Failure(ExitCode.failed, explain(path, error, limit_ms));
  }
}

function explain(path: string, error: unknown, limit_ms: number): string {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return `lvrm at ${path} did not answer within ${limit_ms / 1000} s`;
  }
  try {
    Deno.statSync(path);
  } catch (missing) {
    if (missing instanceof Deno.errors.PermissionDenied) {
      return `cannot open ${path}: permission denied; try sudo`;
    }
    return `nobody listens at ${path}: is lvrm running? If it has another control socket, name ` +
      `it with --socket PATH`;
  }
  const text = error instanceof Error ? `${error.message} ${error.cause ?? ""}` : String(error);
  if (/permission denied/i.test(text)) return `cannot open ${path}: permission denied; try sudo`;
  return `nobody answers at ${path}: is lvrm running? (A killed lvrm leaves its socket; the ` +
    `next one replaces it)`;
}
