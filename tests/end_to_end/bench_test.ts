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
      ).flatMap((it) => [`${it} cppvr-relay`, `${it} cppvr`, `${it} clickvr`]),
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

Deno.test("1a and 1b can be narrowed to adapters, routers, sizes and repeats", async () => {
  const file = await Deno.makeTempFile();
  const [program, first] = lvrmCommand();
  try {
    const args = [...first, "bench", "1a", "1b", "--quick", "--json", file];
    const only = ["--adapter", "packet_mmap", "--router", "cppvr", "--sizes", "128"];
    const done = await run(program, [...args, ...only, "--repeats", "2"], { timeout_ms: 200_000 });
    equal(done.code, 0, done.stderr);
    const { rows } = JSON.parse(await Deno.readTextFile(file)) as {
      rows: Record<string, string | number | null>[];
    };
    deepEqual(
      rows.map((row) => `${row.experiment} ${row.adapter} ${row.router} ${row.wire_bytes}`),
      [
        ...["1a null null 128", "1a packet_mmap cppvr 128"],
        ...["1b null null 122", "1b packet_mmap cppvr 122"],
      ],
    );
    equal(done.stderr.split("\n").filter((line) => line.startsWith("kernel 128")).length, 2);
  } finally {
    await Deno.remove(file);
  }
  for (
    const [words, text] of [
      [["1c", "--adapter", "raw"], /--adapter is for experiments 1a and 1b only/],
      [["1a", "--adapter", "pcap"], /--adapter pcap: there is no such adapter of interfaces/],
      [["1a", "--sizes", "84,83"], /--sizes 83: it must be a number, 84 to 1538/],
      [["1b", "--repeats", "0"], /--repeats 0: it must be a number, 1 to 100/],
      [["1c", "--router", "bird"], /bird: there is no such router/],
      [["1a", "--router", "./my-vr"], /my-vr: there is no such router/],
    ] as const
  ) {
    const done = await run(program, [...first, "bench", ...words]);
    equal(done.code, 2, done.stderr);
    match(done.stderr, text);
  }
});
