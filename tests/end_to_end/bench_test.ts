/** `lvrm bench 1a 1b --quick` runs, beside the kernel; its figures are judged elsewhere. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { lvrmCommand, must, run } from "../testbed/mod.ts";

const fields = [
  ...["experiment", "forwarder", "adapter", "router", "wire_bytes", "frames_per_second", "loss"],
  ...["cpu_ns_per_frame", "ratio_to_kernel"],
];

Deno.test("1a and 1b measure the kernel and every adapter that is there, and clean up", async () => {
  const file = await Deno.makeTempFile();
  const [program, first] = lvrmCommand();
  try {
    const args = [...first, "bench", "1a", "1b", "--quick", "--json", file];
    const done = await run(program, args, { timeout_ms: 400_000 });
    equal(done.code, 0, done.stderr);
    match(done.stdout, /1a: rate of forwarding[^]*1b: round trip/);
    const { rows } = JSON.parse(await Deno.readTextFile(file)) as {
      rows: Record<string, string | number | null>[];
    };
    const names = [
      "kernel",
      ...["packet_mmap", "af_xdp", "raw"].filter((it) =>
        !done.stderr.includes(`${it} takes no part`)
      ).flatMap((it) => [`${it} cppvr-relay`, `${it} cppvr`]),
    ];
    const nameOf = (row: typeof rows[number]) =>
      row.forwarder === "kernel" ? "kernel" : `${row.adapter} ${row.router}`;
    for (const size of [84, 1538]) {
      const mine = rows.filter((row) => row.experiment === "1a" && row.wire_bytes === size);
      deepEqual(mine.map(nameOf), names);
    }
    deepEqual(rows.filter((row) => row.experiment === "1b").map(nameOf), names);
    for (const row of rows) {
      for (const name of fields) ok(name in row, `${name}: ${JSON.stringify(row)}`);
      ok(Number(row.frames_per_second) > 0, JSON.stringify(row));
      if (row.experiment === "1a") ok(Number(row.loss) <= 0.02);
      if (row.forwarder === "kernel") equal(row.ratio_to_kernel, 1);
    }
  } finally {
    await Deno.remove(file);
  }
  const left = (await must("ip", ["netns", "list"])).split("\n");
  deepEqual(left.filter((line) => /^lvrm-\d+-\d+-gw/.test(line) && !alive(line)), []);
});

/** Whether the namespace's owner runs: then it isn't of the bench that has ended. */
function alive(namespace: string): boolean {
  try {
    return Deno.statSync(`/proc/${/^lvrm-(\d+)/.exec(namespace)![1]}`).isDirectory;
  } catch {
    return false;
  }
}
