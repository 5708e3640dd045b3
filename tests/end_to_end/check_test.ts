/** `lvrm check` in the testbed's gateway: what it finds, and that it leaves nothing behind. */
import { equal, match, ok } from "node:assert/strict";
import { type Finished, type Host, lvrmCommand, run, subnetsOf, Testbed } from "../testbed/mod.ts";

const socket = `/tmp/lvrm-check-${Deno.pid}.sock`;
const everybody = ["--vr", "0.0.0.0/0,::/0=cppvr", "--socket", socket];

function check(host: Host, args: string[], wrap: string[] = []): Promise<Finished> {
  const [program, first] = lvrmCommand();
  const [head, ...rest] = [...wrap, program, ...first, "check", ...args];
  return host.exec(head!, rest, 30_000);
}

/** Lines of the verdict, `about text`. */
const lines = ({ stdout }: Finished, verdict: string) =>
  stdout.split("\n").filter((line) => line.startsWith(`${verdict} `))
    .map((line) => line.slice(verdict.length).trim());

Deno.test("check: a good configuration, on a host that can", async () => {
  await using bed = await Testbed.create();
  await bed.gateway.ip("route add 198.51.100.0/24 via 10.0.11.2 table 100");
  const path = await Deno.makeTempFile({ suffix: ".yaml" });
  await Deno.writeTextFile(
    path,
    `socket: ${socket}
interfaces: [s1, s2, r1, r2]
vrs:
  - {name: all, subnets: [0.0.0.0/0, "::/0"], router: cppvr}
  - {name: lab, subnets: [10.9.0.0/16], router: cppvr, table: 100}
  - {subnets: [10.8.0.0/16], router: cppvr, routes: [0.0.0.0/0 via 10.0.11.2 dev r1]}
`,
  );
  try {
    const done = await check(bed.gateway, ["--config", path]);
    equal(done.code, 0, done.stdout + done.stderr);
    equal(done.stderr, "");
    equal(lines(done, "error").length, 0, done.stdout);
    const good = lines(done, "ok").join("\n");
    for (const about of ["all ", "lab ", "vr3 ", "permissions", "cores", "socket", "adapter"]) {
      ok(good.includes(about), about);
    }
    match(good, /interfaces +s1: up, MTU 1500\n.*s2: up.*\n.*r1: up.*\n.*r2: up/);
    match(good, /routes +lab follows table 100: 1 routes/);
    match(good, /forwarding +the kernel's: IPv4 off, IPv6 off/);
    match(good, /ingress +nftables/);
  } finally {
    await Deno.remove(path);
  }
  const left = await bed.gateway.exec("nft", ["list", "tables"]);
  equal(left.stdout.trim(), "", "no ingress table is left");
  for (const file of [socket, `${socket}.lock`]) {
    equal(await Deno.lstat(file).catch(() => null), null, file);
  }
});

Deno.test("check: everything that is wrong at once, each with its cure", async () => {
  await using bed = await Testbed.create();
  await bed.gateway.ip("link set s2 down");
  await bed.s1.ip("link set net0 down");
  const ports = ["s1", "s2", "s3"].flatMap((name) => ["--interface", name]);
  const host = await check(bed.gateway, [...everybody, ...ports]);
  equal(host.code, 4, host.stdout);
  match(host.stderr, /^lvrm: this would not start: [^\n]+\n$/);
  const [down, missing, ...rest] = lines(host, "error");
  match(down!, /^interfaces +--interface s2: s2 is down; try: ip link set s2 up$/);
  match(missing!, /there is no interface s3 here; did you mean s[12]\?/);
  equal(rest.length, 0);
  match(lines(host, "warning").join("\n"), /s1 is up and has no carrier/);
  match(host.stdout, /\n2 errors, \d+ warnings?\n$/);
  const vr = ["--vr", "10.0.1.0/24=cpvr", "--vr", "10.0.2.0/24=/nonexistent/vr"];
  const both = await check(bed.gateway, [...vr, ...ports, "--min-cores", "50"]);
  equal(both.code, 3, both.stdout);
  match(both.stdout, /error +vr1 +vr1: there is no router "cpvr"; did you mean cppvr\?/);
  match(both.stdout, /error +vr2 +.*nonexistent.*check its path/);
  match(both.stdout, /error +cores +vr1 shall have at least 50 cores.*--overcommit/);
  match(both.stdout, /error +interfaces +--interface s3/);
  match(both.stdout, /warning +forwarding +IPv4 and IPv6 forwarding is off.*add --vr/);
});

Deno.test("check: without permissions it says what is needed", async () => {
  await using bed = await Testbed.create();
  const drop = ["setpriv", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"];
  const done = await check(bed.gateway, everybody, drop);
  equal(done.code, 4, done.stdout);
  match(lines(done, "error").join("\n"), /^permissions +no permission.*run lvrm as root/);
});

Deno.test("check: directories that the socket would need are not left behind", async () => {
  const directory = await Deno.makeTempDir();
  const [program, first] = lvrmCommand();
  try {
    const words = ["--vr", "10.0.1.0/24=cppvr", "--adapter", "memory"];
    const path = `${directory}/a/b/lvrm.sock`;
    const done = await run(program, [...first, "check", ...words, "--socket", path]);
    equal(done.code, 0, done.stdout + done.stderr);
    match(done.stdout, /^ok +socket +\S+\/a\/b\/lvrm\.sock$/m);
    equal([...Deno.readDirSync(directory)].length, 0);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("check: beside an lvrm that runs it warns, and disturbs nothing", async () => {
  await using bed = await Testbed.create();
  const lvrm = await bed.startLvrm(["--vr", `${subnetsOf("s1", "r1")}=cppvr`]);
  const again = ["--vr", `${subnetsOf("s1", "r1")}=cppvr`, "--socket", lvrm.socket];
  const done = await check(bed.gateway, again);
  equal(done.code, 0, done.stdout + done.stderr);
  match(lines(done, "warning").join("\n"), /^socket +another lvrm \(pid \d+\)/);
  equal((await bed.s1.ping(bed.r1.link.host4, { count: 3 })).received, 3);
  equal((await lvrm.status()).vrs.length, 1);
});
