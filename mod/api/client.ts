/** Asks a running lvrm over its control socket. */
import { ExitCode, Failure } from "../config/mod.ts";
import type { Status } from "../metrics/mod.ts";

const timeout_ms = 5000;

/** The status of the lvrm at this socket. Throws Failure. */
export async function fetchStatus(path: string): Promise<Status> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  let response: Response;
  try {
    const signal = AbortSignal.timeout(timeout_ms);
    response = await fetch("http://lvrm/status", { client, signal });
    const body = await response.json();
    if (response.ok) return body as Status;
    throw new Failure(ExitCode.failed, `lvrm at ${path} answered: ${body.error}`);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(ExitCode.failed, explain(path, error));
  }
}

function explain(path: string, error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return `lvrm at ${path} did not answer within ${timeout_ms / 1000} s`;
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
