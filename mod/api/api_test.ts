import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { join } from "node:path";
import { Failure } from "../config/mod.ts";
import type { Question } from "../handlers/mod.ts";
import type { Status } from "../metrics/mod.ts";
import { askHandler, claimSocket, fetchStatus, serveControl } from "./mod.ts";

const status: Status = {
  version: "0.0.0",
  uptime_s: 1,
  dispatchers: [],
  interfaces: [],
  vrs: [],
  totals: {
    received_frames: 0,
    originated_frames: 0,
    replicated_frames: 0,
    sent_frames: 0,
    dropped_frames: 0,
    kept_by_kernel_frames: 0,
    in_flight_frames: 0,
    drops: {},
    batches: [],
  },
  decisions: [],
};

const handlers = { ask: () => Promise.reject(new Error("none")) };

async function inDirectory(test: (directory: string) => Promise<void> | void): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a status goes through the socket, which only its owner may open", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "a", "lvrm.sock");
    const claim = claimSocket(path);
    const server = serveControl(path, { status: () => Promise.resolve(status), handlers });
    try {
      equal(Deno.statSync(path).mode! & 0o777, 0o600);
      deepEqual(await fetchStatus(path), status);
    } finally {
      await server.close();
      claim.release();
    }
    deepEqual([...Deno.readDirSync(join(directory, "a"))], []);
  }));

Deno.test("a status that fails says why", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "lvrm.sock");
    const status = () => Promise.reject(new Error("the dispatcher is silent"));
    const server = serveControl(path, { status, handlers });
    try {
      await rejects(fetchStatus(path), /the dispatcher is silent/);
    } finally {
      await server.close();
    }
  }));

Deno.test("a socket has one lvrm; the second is told whose it is", () =>
  inDirectory((directory) => {
    const path = join(directory, "lvrm.sock");
    const claim = claimSocket(path);
    throws(() => claimSocket(path), (error) => {
      return error instanceof Failure && error.code === 4 &&
        error.message.includes(`pid ${Deno.pid}`);
    });
    claim.release();
    claim.release(); // twice is once
    claimSocket(path).release();
  }));

Deno.test("a stale socket is replaced, another file is not", () =>
  inDirectory((directory) => {
    const path = join(directory, "lvrm.sock");
    const listener = Deno.listen({ transport: "unix", path });
    // What SIGKILL leaves: the file, and nobody who listens or holds the lock.
    Deno.renameSync(path, `${path}.kept`);
    listener.close();
    Deno.renameSync(`${path}.kept`, path);
    ok(Deno.lstatSync(path).isSocket);
    claimSocket(path).release();
    Deno.writeTextFileSync(path, "mine");
    throws(() => claimSocket(path), (error) => {
      return error instanceof Failure && error.code === 4 && error.message.includes("no socket");
    });
    equal(Deno.readTextFileSync(path), "mine");
    throws(() => claimSocket(join(path, "below")), Failure);
  }));

Deno.test("without a running lvrm the client says so", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "none.sock");
    await rejects(fetchStatus(path), (error) => {
      return error instanceof Failure && error.code === 1 && error.message.includes(path) &&
        error.message.includes("is lvrm running?");
    });
  }));

Deno.test("a question about handlers goes through whole, and errors keep their exit code", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "lvrm.sock");
    const asked: unknown[] = [];
    const ask = (question: Question) => {
      asked.push(question);
      if (question.vr === "none") throw new Failure(2, "there is no VR");
      const { vr, handler, value } = question;
      return Promise.resolve({ vr, handler, value, did: "read" as const, summed: false, vris: [] });
    };
    const server = serveControl(path, { status: () => Promise.resolve(status), handlers: { ask } });
    try {
      const name = "rt.lookup 10.0.0.1&x=ü";
      await askHandler(path, { vr: "vr1", handler: name, value: null });
      await askHandler(path, { vr: "vr1", handler: "a.b", value: "" });
      const long = "ü\n".repeat(300_000);
      equal((await askHandler(path, { vr: "vr1", handler: "a.b", value: long })).value, long);
      deepEqual(asked.slice(0, 2), [
        { vr: "vr1", handler: name, value: null },
        { vr: "vr1", handler: "a.b", value: "" },
      ]);
      await rejects(askHandler(path, { vr: "none", handler: "", value: null }), (error) => {
        return error instanceof Failure && error.code === 2 && error.message === "there is no VR";
      });
      const tooLong = "x".repeat(3_000_000);
      await rejects(askHandler(path, { vr: "vr1", handler: "a.b", value: tooLong }), /longer than/);
    } finally {
      await server.close();
    }
  }));
