/** The control socket's server: HTTP over a Unix socket that only its owner may open. */
import { Hono } from "hono";
import { ExitCode, Failure } from "../config/mod.ts";
import type { Status } from "../metrics/mod.ts";

/** What the server shows. */
export interface Served {
  /** A fresh snapshot's status. */
  status(): Promise<Status>;
}

/** A running server. `close` ends it at once. */
export interface ControlServer {
  close(): Promise<void>;
}

/** The routes. */
export function controlApp(served: Served): Hono {
  const app = new Hono();
  app.get("/status", async (c) => c.json(await served.status()));
  app.notFound((c) => c.json({ error: `there is no ${c.req.path} here; try /status` }, 404));
  app.onError((error, c) => c.json({ error: error.message }, 500));
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
