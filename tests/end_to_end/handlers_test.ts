/** `lvrm handlers`: reading, writing and hot-swapping VRs that run, on generated frames. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { limits } from "../../ffi/abi.gen.ts";
import { askHandler } from "../../mod/api/mod.ts";
import { compileVr, eventually, lvrmCommand, Running, type Status } from "../testbed/mod.ts";

/** One lvrm whose frames are made in memory. */
class Lvrm implements AsyncDisposable {
  private constructor(readonly process: Running, readonly socket: string) {}

  static async start(folder: string, words: string[], rate = "1k"): Promise<Lvrm> {
    const socket = join(folder, `${crypto.randomUUID()}.sock`);
    const [program, first] = lvrmCommand();
    const process = new Running(program, [
      ...first,
      ...["--adapter", `memory:rate=${rate},count=100M,ports=1,mac=any`, "--overcommit"],
      ...["--socket", socket, ...words],
    ], {});
    const lvrm = new Lvrm(process, socket);
    await eventually(
      () => {
        if (process.ended) throw new Error(process.stderr.text);
        return process.stderr.text.includes("serves; control socket");
      },
      "lvrm serves",
      30_000,
    );
    return lvrm;
  }

  ask(handler: string, value: string | null = null, vr = "vr1") {
    return askHandler(this.socket, { vr, handler, value });
  }

  async read(handler: string, vr = "vr1"): Promise<string | null> {
    const { value, vris } = await this.ask(handler, null, vr);
    deepEqual(vris.map((it) => it.error).filter((it) => it !== null), []);
    return value;
  }

  /** Runs `lvrm handlers …` as another shell would. */
  async command(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const [program, first] = lvrmCommand();
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args: [...first, "handlers", ...words, "--socket", this.socket],
      env: { NO_COLOR: "1" },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  }

  async status(): Promise<Status> {
    const [program, first] = lvrmCommand();
    const { stdout } = await new Deno.Command(program, {
      args: [...first, "status", "--json", "--socket", this.socket],
    }).output();
    return JSON.parse(new TextDecoder().decode(stdout));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "lvrm-handlers-" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const first =
  `FromDevice(mem0) -> c :: Counter -> q :: Queue(100) -> u :: Unqueue -> ToDevice(mem0);
s :: Switch(0); Idle -> s; s[0] -> Discard; s[1] -> Discard;`;

/** Two VRIs of a Click VR and a standby, beside a cppvr. */
async function withClick(
  use: (lvrm: Lvrm, folder: string) => Promise<void>,
  text = first,
  more: string[] = ["--vris", "2"],
): Promise<void> {
  await inFolder(async (folder) => {
    const path = join(folder, "first.click");
    await Deno.writeTextFile(path, text);
    await using lvrm = await Lvrm.start(folder, [
      ...["--vr", `10.0.1.0/24=clickvr:${path}`, ...more],
      ...["--vr", "10.0.2.0/24=cppvr"],
    ]);
    await use(lvrm, folder);
  });
}

Deno.test("handlers: counts are summed over VRIs, writes reach each, lists and errors are told", () =>
  withClick(async (lvrm) => {
    await eventually(async () => Number(await lvrm.read("c.count")) > 500, "frames pass");
    await eventually(async () => (await lvrm.status()).vrs[0]!.vris.length === 3, "a standby");
    const { value, summed, vris } = await lvrm.ask("c.count");
    ok(summed);
    deepEqual(vris.map((it) => it.state), ["running", "running"]);
    equal(Number(value), vris.reduce((sum, it) => sum + Number(it.value), 0));
    equal(await lvrm.read("q.capacity"), "100", "what is set is no count");
    const written = await lvrm.ask("s.switch", "1");
    deepEqual(written.vris.map((it) => it.state), ["running", "running", "standby"]);
    equal(await lvrm.read("s.switch"), "1");

    // As another shell sees it.
    const list = await lvrm.command("vr1");
    match(list.stdout, /^HANDLER +ACCESS +ELEMENT\n/);
    match(list.stdout, /^c\.count +r +Counter$/m);
    match(list.stdout, /^hotconfig +w +-$/m);
    equal((await lvrm.command("vr1", "s.switch", "0")).code, 0);
    deepEqual(await lvrm.command("vr1", "s.switch"), { code: 0, stdout: "0\n", stderr: "" });
    const json = JSON.parse((await lvrm.command("vr1", "c.count", "--json")).stdout);
    deepEqual([json.vr, json.handler, json.vris.length], ["vr1", "c.count", 2]);
    const wrong: [string[], number, RegExp][] = [
      [["vr1", "cx.count"], 1, /vr1: no element named 'cx'; lvrm handlers vr1 shows what there is/],
      [["vr1", "c.cout"], 1, /vr1: no 'c\.cout' handler; did you mean 'count'\? lvrm handlers vr1/],
      [["vr1", "c.count", "1"], 1, /vr1: 'c\.count' is not a write handler/],
      [["vr1", "c.reset"], 1, /is not a read handler; to write it without a value: .* c\.reset ''/],
      [["vr1", "q.capacity", "many"], 1, /vr1: .*(invalid|syntax)/],
      [["vr1", "stop", ""], 1, /end lvrm instead/],
      [["vr2", "c.count"], 2, /vr2 has no handlers: clickvr has/],
      [["vr3", "c.count"], 2, /there is no VR "vr3".*VRs: vr1, vr2/],
      [["vr1", "hotconfig", "@/none.click"], 2, /cannot read \/none\.click: there is no such file/],
    ];
    for (const [words, code, text] of wrong) {
      const done = await lvrm.command(...words);
      equal(done.code, code, words.join(" "));
      match(done.stderr, text);
      equal(done.stderr.split("\n").length, 2, "one line");
    }
  }));

/** The first configuration, and so much of a comment that it has that many bytes. */
function ofLength(bytes: number): string {
  const text = `${first} //`;
  return text + "x".repeat(bytes - text.length);
}

Deno.test("handlers: values of any size go and come whole, up to a limit that is told", () =>
  withClick(async (lvrm) => {
    const part = limits.max_event_bytes - 16;
    const name = "hotconfig".length;
    const most = limits.max_handler_bytes - name;
    for (const bytes of [part - name - 1, part - name, part - name + 1, part + 1, 300_000, most]) {
      const text = ofLength(bytes);
      const { vris } = await lvrm.ask("hotconfig", text);
      ok(vris.length >= 2 && vris.every((it) => it.error === null), `${bytes} bytes`);
      equal(await lvrm.read("config"), text, `${bytes} bytes`);
    }
    await rejects(lvrm.ask("hotconfig", ofLength(most + 1)), /is at most 1048576 bytes/);
    await rejects(lvrm.ask("hotconfig", ofLength(5_000_000)), /longer than 1048576 bytes/);
    equal((await lvrm.read("config"))!.length, most, "the last one runs on");
  }));

Deno.test("handlers: many at once, from many, each get their own answer", () =>
  withClick(async (lvrm) => {
    const asked = Array.from(
      { length: 30 },
      (_, i) =>
        i % 3 === 0
          ? lvrm.read("q.capacity")
          : i % 3 === 1
          ? lvrm.read("s.class")
          : lvrm.read("flatconfig").then((it) => it!.includes("Queue(100)") ? "flat" : it),
    );
    const answers = await Promise.all(asked);
    for (const [i, it] of answers.entries()) equal(it, ["100", "Switch", "flat"][i % 3]);
  }));

Deno.test("hotconfig: all take it and keep their queues; a bad one leaves the old one", () =>
  inFolder(async (folder) => {
    const path = join(folder, "slow.click");
    const slow = `FromDevice(mem0) -> q :: Queue(3000) -> u :: RatedUnqueue(1) -> ToDevice(mem0);`;
    await Deno.writeTextFile(path, slow);
    const words = ["--vr", `10.0.1.0/24=clickvr:${path}`, "--vris", "2"];
    await using lvrm = await Lvrm.start(folder, words, "1k");
    await eventually(async () => Number(await lvrm.read("q.length")) > 500, "frames wait");
    const bad = await lvrm.ask("hotconfig", "FromDevice(mem0) -> q :: Queu(10) -> Foo -> Discard");
    deepEqual(new Set(bad.vris.map((it) => it.error)).size, 1);
    match(bad.vris[0]!.error!, /hotconfig:1: unknown element class 'Queu'\n +did you mean 'Queue'/);
    match(bad.vris[0]!.error!, /hotconfig:1: undeclared element 'Foo'/);
    const noPort = await lvrm.ask("hotconfig", "FromDevice(mem7) -> Discard");
    match(noPort.vris[0]!.error!, /'mem7' is no port of lvrm/);
    const noSink = await lvrm.ask("hotconfig", slow.replace("ToDevice(mem0)", "ToDevice(mem7)"));
    match(noSink.vris[0]!.error!, /'mem7' is no port of lvrm/);
    const before = Number(await lvrm.read("q.length"));
    ok(before > 500, "the old one runs on");
    // Nothing comes in any more, and what waited is counted as it leaves.
    const good = `Idle -> q :: Queue(3000) -> u :: Unqueue -> gone :: Counter -> ToDevice(mem0);
      FromDevice(mem0) -> Discard;`;
    const file = join(folder, "good.click");
    await Deno.writeTextFile(file, good);
    deepEqual(await lvrm.command("vr1", "hotconfig", `@${file}`), {
      code: 0,
      stdout: "",
      stderr: "",
    });
    await eventually(async () => await lvrm.read("q.length") === "0", "all have left");
    ok(Number(await lvrm.read("gone.count")) >= before, "queued frames were lost");
  }));

Deno.test("hotconfig: no frame is lost while frames pass", () =>
  inFolder(async (folder) => {
    const path = join(folder, "pass.click");
    const text = (middle: string) =>
      `FromDevice(mem0) -> c :: Counter -> q :: Queue(8192) -> ${middle} ToDevice(mem0);`;
    await Deno.writeTextFile(path, text(""));
    await using lvrm = await Lvrm.start(folder, ["--vr", `10.0.1.0/24=clickvr:${path}`], "20k");
    for (let i = 0; i < 20; i++) {
      const middle = i % 2 === 0 ? "Unqueue -> p :: Counter -> Queue(8192) -> " : "";
      const { vris } = await lvrm.ask("hotconfig", text(middle));
      ok(vris.every((it) => it.error === null));
    }
    const { vrs, totals } = await lvrm.status();
    equal(vrs[0]!.drops["policy"] ?? 0, 0, JSON.stringify(vrs[0]!.drops));
    ok(totals.sent_frames > 1000);
    // Nor is one forgotten: what the counter saw has left, but for what is on its way.
    const seen = Number(await lvrm.read("c.count"));
    ok(seen >= totals.sent_frames - 1, `${seen} seen, ${totals.sent_frames} sent`);
  }));

Deno.test("hotconfig: standbys, and VRIs that start later, run the newest", () =>
  withClick(async (lvrm) => {
    const text = `${first}\n// newest`;
    await eventually(
      async () => (await lvrm.status()).vrs[0]!.vris.some((it) => it.state === "standby"),
      "a standby",
    );
    const { vris } = await lvrm.ask("hotconfig", text);
    deepEqual(vris.map((it) => [it.vri, it.error]), [
      ["vr1.1", null],
      ["vr1.2", null],
      ["vr1.3", null],
    ]);
    const pids = (status: Status) => status.vrs[0]!.vris.map((it) => it.pid!);
    const before = pids(await lvrm.status());
    for (const pid of before) Deno.kill(pid, "SIGKILL");
    await eventually(
      async () => {
        const { vrs } = await lvrm.status();
        return vrs[0]!.vris.filter((it) => it.state === "running").length === 2 &&
          vrs[0]!.vris.every((it) => !before.includes(it.pid!));
      },
      "all were replaced",
      20_000,
    );
    await eventually(
      async () => (await lvrm.ask("config")).vris.length === 2,
      "both answer",
    );
    equal(await lvrm.read("config"), text);
  }));

Deno.test("handlers: a VRI that hangs is named, and holds up nobody", () =>
  withClick(async (lvrm) => {
    const victim = (await lvrm.status()).vrs[0]!.vris.find((it) => it.id === "vr1.2")!;
    Deno.kill(victim.pid!, "SIGSTOP");
    const started = performance.now();
    const { vris } = await lvrm.ask("c.count");
    ok(performance.now() - started < 6000);
    equal(vris.find((it) => it.vri === "vr1.1")!.error, null);
    const hung = vris.find((it) => it.vri === "vr1.2");
    ok(hung === undefined || /ended before|did not answer/.test(hung.error!), hung?.error ?? "");
    await eventually(
      async () => (await lvrm.ask("c.count")).vris.every((it) => it.error === null),
      "it was replaced",
      20_000,
    );
  }));

Deno.test("handlers: any VR may offer them, and hostile ones harm only themselves", () =>
  inFolder(async (folder) => {
    const program = await compileVr("tests/vrs/handlers.c", folder);
    const modes = ["good", "silent", "parts", "strangers", "long", "dies"];
    await using lvrm = await Lvrm.start(
      folder,
      modes.flatMap((mode, i) => ["--vr", `10.0.${i + 1}.0/24=${program} ${mode}`]),
    );
    equal(await lvrm.read("text"), "unset");
    const long = "t".repeat(200_000);
    await lvrm.ask("text", long);
    equal(await lvrm.read("text"), long);
    ok((await lvrm.ask("frames")).summed);
    equal((await lvrm.ask("hotconfig", "bad")).vris[0]!.error, "this is not good");
    equal((await lvrm.ask("hotconfig", "good one")).vris[0]!.error, null);
    equal(await lvrm.read("hotconfig"), "good one");
    const said: Record<string, RegExp> = {
      silent: /did not answer within 3 s/,
      parts: /parts that don't fit together/,
      strangers: /^$/,
      long: /did not answer within 3 s/,
      dies: /ended before it answered/,
    };
    // All at once, and the good one answers as if they were not there.
    await Promise.all(
      modes.slice(1).map(async (mode, i) => {
        const { vris } = await lvrm.ask("frames", null, `vr${i + 2}`);
        match(vris[0]!.error ?? "", said[mode]!, mode);
        const started = performance.now();
        equal(await lvrm.read("text"), long);
        ok(performance.now() - started < 2500, `${mode} held it up`);
      }),
    );
    const { vrs } = await lvrm.status();
    for (const [i, mode] of modes.entries()) {
      if (mode !== "dies") equal(vrs[i]!.vris[0]!.restarts, 0, mode);
    }
  }));
