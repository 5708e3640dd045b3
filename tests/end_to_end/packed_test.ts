/** `dist/lvrm`, copied alone into an empty directory and started with an empty environment. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually, type Host, Testbed } from "../testbed/mod.ts";

const packed = new URL("../../dist/lvrm", import.meta.url).pathname;

/** The executable in a directory of its own, and a place to unpack to; removed at the end. */
async function alone(): Promise<{ folder: string; program: string; cache: string }> {
  const folder = await Deno.makeTempDir({ prefix: "lvrm-alone-" });
  await Deno.mkdir(join(folder, "empty"));
  const program = join(folder, "empty/lvrm");
  await Deno.copyFile(packed, program).catch(() => {
    throw new Error("dist/lvrm is missing; run `deno task compile` first");
  });
  await Deno.chmod(program, 0o755);
  return { folder, program, cache: join(folder, "cache") };
}

Deno.test("the executable alone, in a namespace, with an empty environment, forwards", async () => {
  const { folder, program, cache } = await alone();
  try {
    await using bed = await Testbed.create();
    const gateway: Host = bed.gateway;
    // A namespace without a way out: nothing can be fetched.
    const bare = ["-i", `LVRM_CACHE=${cache}`, program];
    const version = await gateway.exec("env", [...bare, "version"]);
    assert.deepEqual([version.code, version.stderr], [0, ""]);
    assert.match(version.stdout, /^lvrm \d+\.\d+\.\d+\n$/);
    assert.deepEqual([...Deno.readDirSync(join(folder, "empty"))].length, 1);

    const socket = join(folder, "lvrm.sock");
    const began = performance.now();
    const args = [...bare, "--vr", "0.0.0.0/0,::/0=cppvr", "--socket", socket];
    await using lvrm = gateway.spawn("env", args);
    const answered = async (): Promise<boolean> => {
      const options = { count: 1, timeout_ms: 100 };
      return (await bed.s1.ping(bed.r1.link.host4, options)).received === 1;
    };
    await eventually(answered, "first ping through the packed lvrm", 15_000);
    console.log(`start to first forwarded frame: ${(performance.now() - began).toFixed(0)} ms`);
    const six = await bed.s1.ping(bed.r1.link.host6, { count: 10, interval_ms: 5 });
    assert.equal(six.received, 10);
    const status = await gateway.exec("env", [...bare, "status", "--json", "--socket", socket]);
    assert.ok(JSON.parse(status.stdout).totals.sent_frames > 20, status.stdout);
    // The same process all the way: the signal reaches lvrm itself.
    lvrm.kill("SIGTERM");
    assert.equal((await lvrm.finish(10_000, "lvrm after SIGTERM")).code, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the executable alone runs a VR in TypeScript, with its own Deno and module", async () => {
  const { folder, program, cache } = await alone();
  try {
    await using bed = await Testbed.create();
    const bare = ["-i", `LVRM_CACHE=${cache}`, program];
    const files = JSON.parse(
      (await bed.gateway.exec("env", [...bare, "version", "--json"])).stdout,
    );
    // Somebody's own, beside nothing: it answers pings itself.
    const script = join(folder, "mirror.ts");
    await Deno.writeTextFile(
      script,
      `import { type Frame, serve, VirtualRouter } from "${files.vr.typescript}";
      class Mirror extends VirtualRouter {
        protected override forward(frame: Frame): void {
          if (frame.length < 42 || frame.u16(12) !== 0x0800 || frame.u8(34) !== 8) return;
          const head = frame.slice(0, 34);
          frame.set(0, head.subarray(6, 12));
          frame.set(6, head.subarray(0, 6));
          frame.set(26, head.subarray(30, 34));
          frame.set(30, head.subarray(26, 30));
          frame.setU8(34, 0);
          const sum = frame.u16(36) + 0x0800;
          frame.setU16(36, (sum & 0xffff) + (sum >> 16));
          frame.send(frame.inputPort);
        }
      }
      await serve(() => new Mirror());`,
    );
    const socket = join(folder, "lvrm.sock");
    const vr = ["--vr", `0.0.0.0/0=deno run -A ${script}`, "--socket", socket];
    await using lvrm = bed.gateway.spawn("env", [...bare, ...vr]);
    const answered = async (): Promise<boolean> => {
      assert.ok(!lvrm.ended, lvrm.stderr.text);
      const options = { count: 1, timeout_ms: 100 };
      return (await bed.s1.ping("203.0.113.77", options)).received === 1;
    };
    await eventually(answered, "first answer of a VR in TypeScript", 15_000);
    const ping = await bed.s1.ping("203.0.113.77", { count: 20, interval_ms: 5 });
    assert.deepEqual([ping.received, ping.corrupt], [20, 0]);
    lvrm.kill("SIGTERM");
    assert.equal((await lvrm.finish(10_000, "lvrm after SIGTERM")).code, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("both that start at once for the first time work, and share what they unpack", async () => {
  const { folder, program, cache } = await alone();
  try {
    const start = () =>
      new Deno.Command(program, { args: ["version"], clearEnv: true, env: { LVRM_CACHE: cache } })
        .output();
    const results = await Promise.all([start(), start()]);
    assert.deepEqual(results.map((it) => it.code), [0, 0]);
    assert.equal([...Deno.readDirSync(cache)].length, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
