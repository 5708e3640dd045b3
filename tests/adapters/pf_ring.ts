/** The stand-in for PF_RING's library. */
import { run } from "../testbed/mod.ts";

const source = new URL("./pf_ring_stand_in.c", import.meta.url).pathname;

/** Compiles the stand-in; returns the path of the shared library in `directory`. */
export async function compileStandIn(directory: string): Promise<string> {
  const library = `${directory}/libpfring.so`;
  const words = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"];
  const done = await run("cc", [...words, "-o", library, source, "-lpthread"], {
    timeout_ms: 60_000,
  });
  if (done.code !== 0) throw new Error(`cc ${source}: ${done.stderr.slice(0, 3000)}`);
  return library;
}
