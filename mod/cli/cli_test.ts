/** The command line as users meet it: what needs no root, each in a process of its own. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { formatStatus } from "./table.ts";
import { makeProgram } from "./program.ts";
import { generatorWords } from "./generate.ts";
import type { Settings } from "../config/mod.ts";

const mainTs = new URL("../../main.ts", import.meta.url).pathname;

async function lvrm(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", mainTs, ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("wrong command lines end with one line and the right code", async () => {
  const cases: [string[], number, RegExp][] = [
    [[], 2, /no virtual router/],
    [["--frob"], 2, /unknown option '--frob'; try: lvrm --help/],
    [["frob"], 2, /there is no command frob; commands: run, check/],
    [["statsu"], 2, /there is no command statsu; did you mean status\?/],
    [["10.0.1.0/24=cppvr"], 2, /a virtual router is --vr 10\.0\.1\.0\/24=cppvr$/m],
    [["run", "10.0.1.0/24=cppvr -x"], 2, /a virtual router is --vr '10\.0\.1\.0\/24=cppvr -x'/],
    [["help", "frob"], 2, /there is no command frob/],
    [["bench"], 2, /missing required argument 'EXPERIMENT'; try: lvrm bench --help/],
    [["status", "all"], 2, /too many arguments for 'status'.*try: lvrm status --help/],
    [["--vr", "10.0.1.0/24=clickvr"], 3, /no file after "clickvr:"/],
    [["--vr", "10.0.1.0/24=clickvr:no/such.click"], 3, /there is no file no\/such\.click/],
    [["--vr"], 2, /--vr.*argument missing/],
    [["--vr", "10.0.1.1/24=cppvr"], 2, /did you mean 10\.0\.1\.0\/24/],
    [["run", "--vr", "10.0.1.0/24=cppvr 'x"], 2, /quote/],
    [["--vr", "10.0.1.0/24=frob"], 3, /bundled: cppvr/],
    [["--vr", "10.0.1.0/24=./no/such"], 3, /no such file/],
    [["status", "--socket", "/nonexistent/lvrm.sock"], 1, /is lvrm running/],
  ];
  await Promise.all(cases.map(async ([args, code, text]) => {
    const done = await lvrm(...args);
    equal(done.code, code, `${args.join(" ")}: ${done.err}`);
    match(done.err, text);
    match(done.err, /^lvrm: [^\n]+\n$/, "one line");
    equal(done.out, "");
  }));
});

Deno.test("help and version go to stdout", async () => {
  const [help, version] = await Promise.all([lvrm("--help"), lvrm("version")]);
  deepEqual([help.code, help.err, version.code, version.err], [0, "", 0, ""]);
  for (const word of ["--vr", "LVRM_CORES", "Examples:", "Exit codes:", "LVRM_CACHE"]) {
    ok(help.out.includes(word), word);
  }
  match(version.out, /^lvrm \d+\.\d+\.\d+\n$/);
});

Deno.test("help has no long lines, and says below what it promises to", async () => {
  const texts = await Promise.all([["--help"], ["bench", "--help"], ["check", "--help"]]
    .map(async (args) => (await lvrm(...args)).out));
  const options = texts.map((text) => text.slice(0, text.indexOf("Examples:") >>> 0));
  for (const text of options) {
    const long = text.split("\n").filter((line) => line.length > 100);
    deepEqual(long, []);
  }
  match(texts[0]!, /^ {2}handlers {2,}read and write/m, "no arguments in the list of commands");
  match(texts[1]!, /^ {2}2c {2,}cores follow the load/m, "each experiment on its line");
  match(texts[2]!, /--adapter memory:FILE/, "what --adapter calls below is below");
  equal((await lvrm("help", "bench")).out, texts[1]);
});

Deno.test("version --json names the files that writers of VRs need", async () => {
  const { code, out } = await lvrm("version", "--json");
  equal(code, 0);
  const { version, vr } = JSON.parse(out);
  match(version, /^\d+\.\d+\.\d+$/);
  deepEqual(Object.keys(vr), ["library", "static_library", "header", "typescript"]);
  for (const path of Object.values(vr)) ok(Deno.statSync(path as string).isFile, `${path}`);
});

/** Settings that a command line leads to. */
async function settingsOf(...args: string[]): Promise<Settings> {
  let got: Settings | undefined;
  const program = makeProgram({
    run: (settings) => {
      got = settings;
      return Promise.resolve();
    },
    check: () => [],
    adapters: () => [],
    bench: () => Promise.reject(new Error("not asked for")),
    simulate: () => {
      throw new Error("not asked for");
    },
    vrFiles: () => ({ library: "", static_library: "", header: "", typescript: "" }),
    print: () => {},
    environment: () => undefined,
    cacheDirectory: "/cache",
  });
  await program.parseAsync(args, { from: "user" });
  ok(got !== undefined);
  return got;
}

Deno.test("run is the default command and takes the same options", async () => {
  const words = ["--vr", "10.0.1.0/24=cppvr", "--vr", "fd00::/64=./b", "--interface", "eth0:5"];
  const more = ["--vris", "2", "--cores", "1,0", "--log-format", "json", "--log-level", "error"];
  const plain = await settingsOf(...words, ...more);
  deepEqual(await settingsOf("run", ...words, ...more), plain);
  deepEqual(plain.vrs.map((vr) => [vr.name, vr.router]), [["vr1", "cppvr"], ["vr2", "./b"]]);
  deepEqual(plain.interfaces, [{ name: "eth0", vlan: 5 }]);
  deepEqual(plain.vrs.map((vr) => vr.vris), [2, 2]);
  deepEqual([plain.cores, plain.logFormat, plain.logLevel], [
    [1, 0],
    "json",
    "error",
  ]);
});

Deno.test("the status table aligns its columns and shows why", () => {
  const text = formatStatus({
    version: "0.1.0",
    uptime_s: 3725.4,
    dispatchers: [{ core: 0, received_frames: 1234567, sent_frames: 5 }],
    interfaces: [{
      name: "eth0",
      adapter: "raw",
      adapter_info: "",
      adapter_why: "the best that works here (pf_ring: no library)",
      received_frames: 1234567,
      received_bytes: 0,
      missed_frames: 0,
      uncopied_frames: 0,
      starved_frames: 0,
      sent_frames: 5,
      sent_bytes: 0,
    }],
    vrs: [{
      name: "vr1",
      subnets: ["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24", "10.0.4.0/24"],
      router: "cppvr",
      received_frames: 1,
      sent_frames: 0,
      dropped_frames: 1,
      drops: { no_route: 1 },
      allocator: "dynamic",
      cores: 2,
      wanted_cores: 3,
      starved: true,
      broken: false,
      weight: 1,
      arrival_rate_fps: 1.5,
      arrival_rate_Bps: 0,
      departure_rate_fps: 0,
      free_slots: 8192,
      kernel_slots: 0,
      arena_pages: "base",
      vris: [{
        id: "vr1.1",
        pid: null,
        state: "failed",
        reason: "exited with status 1",
        core: 1,
        received_frames: 0,
        sent_frames: 0,
        queue_frames: 0,
        restarts: 3,
        last_failure: "exited with status 1",
        load: 0,
        service_rate_fps: null,
        busy_fraction: 0.25,
        unparked_us: null,
        first_frame_us: null,
        batches: [],
      }],
    }],
    totals: {
      received_frames: 1,
      originated_frames: 0,
      replicated_frames: 0,
      sent_frames: 0,
      dropped_frames: 1,
      kept_by_kernel_frames: 0,
      in_flight_frames: 0,
      drops: { no_route: 1 },
      batches: [],
    },
    decisions: [1, 2, 3, 4, 5, 6].map((before) => ({
      at: "2026-01-01T00:00:00.000Z",
      uptime_ms: 3_600_000 + before * 1000,
      vr: "vr1",
      before,
      after: before + 1,
      wanted: before + 1,
      rule: "above",
      reason: `${before} Kfps arrive`,
      inputs: {},
      took_us: before === 6 ? 51.5 : null,
      dry_run: before === 5,
    })),
  });
  ok(text.startsWith("lvrm 0.1.0, up 1 h 2 min 5 s\n"));
  for (
    const part of [
      "1,234,567",
      "no_route 1",
      "… (4)",
      "2 of 3 (starved)",
      "\n\nDECISION  WHEN            CHANGE             WHY\n" +
      "vr1       1 min 59 s ago  6 cores → 7 cores  6 Kfps arrive (took 51.5 µs)\n" +
      "vr1       2 min 0 s ago   5 cores → 6 cores  5 Kfps arrive; dry run: nothing is changed\n",
      "25 %",
      "exited with status 1",
      "failed",
      "eth0 by raw: the best that works here (pf_ring: no library)\n",
    ]
  ) {
    ok(text.includes(part), part);
  }
  ok(!text.includes("1 Kfps arrive"), "the latest five");
  ok(text.split("\n").every((line) => line === line.trimEnd()));
});

Deno.test("gen and sink are lvrm-gen's: they refuse to run unless the interface is named", async () => {
  const traffic = ["--source", "10.0.1.2", "--destination", "10.0.2.2", "--seconds", "1"];
  const [gen, sink, help] = await Promise.all([
    lvrm("gen", ...traffic, "--destination-mac", "02:00:00:00:00:01"),
    lvrm("sink", "--seconds", "1"),
    lvrm("gen", "--help"),
  ]);
  for (const { code, err, out } of [gen, sink]) {
    equal(code, 2);
    equal(out, "");
    match(err, /^lvrm-gen: Name the interface: --interface IF/);
  }
  equal(help.code, 0);
  match(help.out, /^usage: lvrm gen/);
  deepEqual(generatorWords(["sink", "--interface", "e0"]), ["sink", "--interface", "e0"]);
  equal(generatorWords(["status"]), null);
  const limit = await lvrm("gen", "--find-limit", "--interface", "e0", ...traffic);
  equal(limit.code, 2);
  match(limit.err, /^lvrm: --find-limit: name where the frames arrive: --sink INTERFACE\n$/);
});
