/** Bad input: one line that says cause and cure, the right exit code, nothing left behind. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type Finished, Lvrm, lvrmCommand, run, subnetsOf, Testbed } from "../testbed/mod.ts";

/** Runs lvrm in the gateway until it ends by itself; it must leave nothing. */
async function refused(bed: Testbed, args: string[]): Promise<Finished> {
  const lvrm = await Lvrm.start(bed.gateway, args, { until: "started" });
  try {
    const done = await lvrm.process.finish(30_000, `lvrm ${args.join(" ")}`);
    deepEqual(await lvrm.leftovers(), [], `nothing is left by ${args.join(" ")}`);
    return done;
  } finally {
    await lvrm[Symbol.asyncDispose]();
  }
}

/** The error that it ended with: one line beside the log's (they begin with the time). */
function oneLine(done: Finished, what: string): string {
  const lines = done.stderr.trim().split("\n").filter((it) => !/^\d{4}-\d\d-/.test(it));
  equal(lines.length, 1, `${what}: one line, not:\n${done.stderr}`);
  ok(!/^\s+at /m.test(done.stderr), done.stderr);
  return lines[0]!;
}

const vr = ["--vr", "10.0.1.0/24=cppvr"];

Deno.test("what cannot be done ends at once with its code, a cause and a cure", async (t) => {
  await using bed = await Testbed.create();
  const cases: [name: string, args: string[], code: number, text: RegExp][] = [
    ["no VR", [], 2, /--vr/],
    ["unknown option", [...vr, "--nonsense"], 2, /nonsense/],
    ["unknown router", ["--vr", "10.0.1.0/24=nonsense"], 3, /nonsense.*cppvr/],
    ["malformed subnet", ["--vr", "10.0.1.0/33=cppvr"], 2, /10\.0\.1\.0\/33/],
    ["no subnet at all", ["--vr", "cppvr"], 2, /SUBNET/],
    ["duplicate subnet", ["--vr", "10.0.1.0/24,10.0.1.0/24=cppvr"], 3, /10\.0\.1\.0\/24.*twice/],
    ["same subnet in two VRs", [...vr, ...vr], 3, /vr1.*vr2|both/],
    ["unbalanced quote", ["--vr", "10.0.1.0/24=cppvr 'x"], 2, /quote/],
    ["missing interface", [...vr, "--interface", "nope0"], 4, /nope0/],
    ["missing executable", ["--vr", "10.0.1.0/24=/nonexistent/vr"], 3, /nonexistent/],
    ["not executable", ["--vr", "10.0.1.0/24=/etc/passwd"], 3, /chmod/],
    ["a directory as executable", ["--vr", "10.0.1.0/24=/tmp"], 3, /tmp/],
    ["unknown adapter", [...vr, "--adapter", "nonsense"], 2, /nonsense.*raw/],
    [
      "unknown queue",
      [...vr, "--queue", "nonsense"],
      2,
      /nonsense.*mc_ring_buffer.*lamport.*fast_forward.*locked/,
    ],
    [
      "unknown balancer",
      [...vr, "--balancer", "nonsense"],
      2,
      /nonsense.*jsq.*round_robin.*random.*power_of_two/,
    ],
    ["unknown estimator", [...vr, "--load-estimator", "nonsense"], 2, /nonsense.*busy_fraction/],
    ["a weight of nothing", [...vr, "--load-weight", "0"], 2, /--load-weight 0/],
    ["no dispatcher", [...vr, "--dispatchers", "0"], 2, /--dispatchers 0: .*1 to 16/],
    ["too many dispatchers", [...vr, "--dispatchers", "17"], 2, /--dispatchers 17: .*1 to 16/],
    [
      "more dispatchers than cores",
      [...vr, "--cores", "0", "--dispatchers", "2"],
      3,
      /--dispatchers 2: lvrm has only 1 core \(0\): ask for fewer.*--overcommit/,
    ],
    [
      "dispatchers of an adapter that can't",
      [...vr, "--dispatchers", "2", "--adapter", "pf_ring"],
      3,
      /--dispatchers 2 and --adapter pf_ring exclude each other: .*packet_mmap/,
    ],
    [
      "dispatchers of an offline run",
      [...vr, "--dispatchers", "2", "--adapter", "pcap:/dev/null,/tmp/out.pcap"],
      3,
      /--dispatchers 2 and --adapter pcap exclude each other: .*order of their times/,
    ],
    ["no VRIs", [...vr, "--vris", "0"], 2, /--vris/],
    ["a core that isn't there", [...vr, "--cores", "0,4000"], 3, /has no core 4000: its cores/],
    ["a socket path that is too long", [...vr, "--socket", "/tmp/" + "x".repeat(200)], 2, /107/],
    ["unwritable socket path", [...vr, "--socket", "/proc/lvrm.sock"], 4, /\/proc/],
    ["unknown command", ["nonsense"], 2, /nonsense/],
    ["a VR that exits at once", ["--vr", "10.0.1.0/24=/bin/false"], 1, /false.*status 1/],
    ["a VR that never attaches", ["--vr", "10.0.1.0/24=/bin/sleep 60"], 1, /sleep.*attach/],
    ["cppvr with a bad option", ["--vr", "10.0.1.0/24=cppvr --nonsense"], 1, /nonsense/],
  ];
  for (const [name, args, code, text] of cases) {
    await t.step(name, async () => {
      const done = await refused(bed, args);
      equal(done.code, code, `${name}: ${done.stderr}`);
      match(oneLine(done, name), text);
    });
  }
});

Deno.test("an interface that is down is refused with a cure", async () => {
  await using bed = await Testbed.create();
  await bed.gateway.ip("link set s1 down");
  const done = await refused(bed, [...vr, "--interface", "s1"]);
  equal(done.code, 4, done.stderr);
  match(oneLine(done, "down"), /s1.*(down|up)/);
});

Deno.test("an interface whose frames are longer than any slot is refused with a cure", async () => {
  await using bed = await Testbed.create({ mtu: { s1: 20_000 } });
  const done = await refused(bed, [...vr, "--interface", "s1"]);
  equal(done.code, 4, done.stderr);
  match(oneLine(done, "MTU"), /s1 has an MTU of 20000.*ip link set s1 mtu \d+/);
});

Deno.test("without root it says what is needed and ends with 4", async () => {
  await using bed = await Testbed.create();
  const [program, first] = lvrmCommand();
  // Same files, without any capability; the uid stays, so that files are readable.
  const words = ["--clear-groups", "--bounding-set=-all", "--inh-caps=-all"];
  const drop = await bed.gateway.exec("setpriv", [...words, program, ...first, ...vr], 30_000);
  equal(drop.code, 4, drop.stderr);
  match(oneLine(drop, "no capabilities"), /root|CAP_NET/);
});

Deno.test("a second lvrm on the same socket is refused and the first goes on", async () => {
  await using bed = await Testbed.create();
  const first = await bed.startLvrm(["--vr", `${subnetsOf("s1", "r1")}=cppvr`]);
  const second = await Lvrm.start(
    bed.gateway,
    ["--vr", `${subnetsOf("s2")}=cppvr`, "--socket", first.socket],
    { until: "started" },
  );
  try {
    const done = await second.process.finish(30_000, "second lvrm");
    equal(done.code, 4, done.stderr);
    match(oneLine(done, "second"), /socket/);
  } finally {
    await second.process[Symbol.asyncDispose]();
  }
  equal((await bed.s1.ping(bed.r1.link.host4, { count: 3 })).received, 3);
  ok((await first.status()).vrs.length === 1);
});

Deno.test("two lvrm that serve one subnet on one interface: the second is refused", async () => {
  await using bed = await Testbed.create();
  await bed.startLvrm(["--vr", "10.0.1.0/24,10.0.11.0/24=cppvr"]);
  const second = await Lvrm.start(bed.gateway, vr, { until: "started" });
  try {
    const done = await second.process.finish(30_000, "second lvrm");
    ok(done.code === 3 || done.code === 4, `${done.code}: ${done.stderr}`);
    match(oneLine(done, "second"), /10\.0\.1\.0\/24|serve/);
  } finally {
    await second[Symbol.asyncDispose]();
  }
  equal((await bed.s1.ping(bed.r1.link.host4, { count: 3, linger_ms: 100 })).received, 3);
});

Deno.test("status and version answer without a running lvrm", async () => {
  const [program, first] = lvrmCommand();
  const status = await run(program, [...first, "status", "--socket", "/tmp/lvrm-none.sock"]);
  equal(status.code, 1, status.stderr);
  match(oneLine(status, "status"), /lvrm-none\.sock/);
  const version = await run(program, [...first, "version"]);
  deepEqual([version.code, version.stderr], [0, ""]);
  match(version.stdout, /\d+\.\d+\.\d+/);
  const help = await run(program, [...first, "--help"]);
  equal(help.code, 0);
  for (const word of ["--vr", "--interface", "--socket", "10.0.1.0/24=cppvr", "LVRM_CACHE"]) {
    ok(help.stdout.includes(word), `--help shows ${word}`);
  }
});
