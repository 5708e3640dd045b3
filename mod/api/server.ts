/** The control socket's server: HTTP over a Unix socket that only its owner may open. */
import { Hono } from "hono";
import { limits } from "../../ffi/abi.gen.ts";
import { ExitCode, Failure } from "../config/mod.ts";
import type { Answer, Question } from "../handlers/mod.ts";
import type { Status } from "../metrics/mod.ts";

/** What the server shows. */
export interface Served {
  /** A fresh snapshot's status. */
  status(): Promise<Status>;
  /** Handlers of VRs. */
  readonly handlers: { ask(question: Question): Promise<Answer> };
}

/** The text of a body of at most that many bytes. Throws Failure (usage). */
async function textOf(body: ReadableStream<Uint8Array> | null, most: number): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  try {
    for await (const chunk of body ?? []) {
      bytes += chunk.length;
      if (bytes > most) {
        throw new Failure(
          ExitCode.usage,
          `the value is longer than ${most} bytes, the most that a handler takes`,
        );
      }
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Failure(
      ExitCode.usage,
      "the value is no text in UTF-8; write other bytes as \\<hex>",
    );
  }
}

const statuses = { [ExitCode.usage]: 400, [ExitCode.failed]: 503 } as const;

/** A running server. `close` ends it at once. */
export interface ControlServer {
  close(): Promise<void>;
}

/** The routes. */
export function controlApp(served: Served): Hono {
  const app = new Hono();
  app.get("/status", async (c) => c.json(await served.status()));
  app.on(["GET", "POST"], "/handlers", async (c) => {
    const vr = c.req.query("vr") ?? "";
    const handler = c.req.query("handler") ?? "";
    const value = c.req.method === "GET"
      ? null
      : await textOf(c.req.raw.body, limits.max_handler_bytes);
    return c.json(await served.handlers.ask({ vr, handler, value }));
  });
  app.notFound((c) =>
    c.json({ error: `there is no ${c.req.path} here; try /status or /handlers` }, 404)
  );
  app.onError((error, c) => {
    const code = error instanceof Failure ? error.code : ExitCode.failed;
    const status = error instanceof Failure ? statuses[code as keyof typeof statuses] : undefined;
    return c.json({ error: error.message, code }, status ?? 500);
  });
  return app;
}

/** Listens at `path`, mode 0600. Throws Failure (host). */
export function serveControl(path: string, served: Served): ControlServer {
  const umask = Deno.umask(0o177);
  try {
    const abort = new AbortController();
    const server = Deno.serve(
      { path, signal: abort.signal, onListen: () => {} },
      controlApp(served).fetch,
    );
    return {
      close: async () => {
        abort.abort();
        await server.finished;
      },
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(
      ExitCode.host,
      `cannot listen at the control socket ${path}: ${reason}; choose another path with ` +
        `--socket PATH`,
    );
  } finally {
    Deno.umask(umask);
  }
}
