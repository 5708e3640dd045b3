/** `lvrm-launch`: what a VRI starts with. */
import assert from "node:assert/strict";

const launcher = new URL("../zig-out/bin/lvrm-launch", import.meta.url).pathname;

async function launch(args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(launcher, {
    args,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

const parent = ["--parent", String(Deno.pid)];

Deno.test("launcher: sets core, session, signals and no_new_privs, and keeps the pid", async () => {
  // No shell, which blocks signals now and then.
  const files = ["/proc/self/status", "/proc/self/stat"];
  const { code, out } = await launch([...parent, "--core", "0", "--", "/bin/cat", ...files]);
  assert.equal(code, 0);
  assert.match(out, /^NoNewPrivs:\s+1$/m);
  assert.match(out, /^Cpus_allowed_list:\s+0$/m);
  assert.match(out, /^SigBlk:\s+0+$/m);
  assert.match(out, /^SigIgn:\s+0+$/m);
  const stat = out.trim().split("\n").at(-1)!.split(" ");
  assert.equal(stat[5], stat[0], "leader of its own session");
});

Deno.test("launcher: pins to one core, bounds to several, and leaves alone without", async () => {
  const list = (text: string) => /^Cpus_allowed_list:\s+(.*)$/m.exec(text)?.[1];
  const own = list(Deno.readTextFileSync("/proc/self/status"))!;
  const all = own.split(",").flatMap((part) => {
    const [first, last = first] = part.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
  });
  const allowed = async (cores: number[]) => {
    const words = cores.flatMap((core) => ["--core", String(core)]);
    const { out } = await launch([...parent, ...words, "--", "/bin/cat", "/proc/self/status"]);
    return list(out);
  };
  assert.equal(await allowed([]), own);
  assert.equal(await allowed(all), own);
  assert.equal(await allowed([all.at(-1)!]), String(all.at(-1)));
  assert.equal(await allowed([all[0]!, 1023]), String(all[0]), "the kernel leaves out the rest");
});

Deno.test("launcher: closes every descriptor but those named", async () => {
  const opened = "exec 7</dev/null 8</dev/null 9</dev/null; exec " +
    `${launcher} --parent $PPID --keep-fd 8 -- /bin/ls /proc/self/fd`;
  const { stdout } = await new Deno.Command("/bin/sh", { args: ["-c", opened] }).output();
  const open = new TextDecoder().decode(stdout).trim().split("\n").map(Number);
  // 3 is the directory that ls reads.
  assert.deepEqual(open.sort((a, b) => a - b), [0, 1, 2, 3, 8]);
});

Deno.test("launcher: says in one line why a VR can't start", async () => {
  const cases: [string[], number, RegExp][] = [
    [[], 126, /usage/],
    [[...parent, "--core", "x", "--", "/bin/true"], 126, /needs a number/],
    [["--", "/bin/true"], 126, /usage/],
    [["--parent", "1", "--", "/bin/true"], 126, /has gone/],
    [[...parent, "--", "./no/such"], 127, /no such file/],
    [[...parent, "--", "/etc/passwd"], 126, /not executable/],
    [[...parent, "--", "/"], 126, /directory/],
    [[...parent, "--core", "1023", "--", "/bin/true"], 126, /--cores/],
    [[...parent, "--keep-fd", "900", "--", "/bin/true"], 126, /not open/],
  ];
  for (const [args, code, words] of cases) {
    const result = await launch(args);
    assert.equal(result.code, code, args.join(" "));
    assert.match(result.err, words);
    assert.equal(result.err.trim().split("\n").length, 1);
  }
});

Deno.test("launcher: its VR ends with the process that started it", async () => {
  // The shell in between is the parent; it says the VR's pid and is then killed.
  const script = `${launcher} --parent $$ -- /bin/sleep 60 & echo $!; wait`;
  const shell = new Deno.Command("/bin/sh", {
    args: ["-c", script],
    stdout: "piped",
    stdin: "null",
  }).spawn();
  const reader = shell.stdout.getReader();
  const { value } = await reader.read();
  const pid = Number(new TextDecoder().decode(value).trim());
  const comm = (): string => {
    try {
      const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
      return / Z /.test(stat) ? "" : Deno.readTextFileSync(`/proc/${pid}/comm`).trim();
    } catch {
      return "";
    }
  };
  const until = async (name: string): Promise<void> => {
    for (let tries = 0; comm() !== name && tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(comm(), name);
  };
  await until("sleep");
  shell.kill("SIGKILL");
  await shell.status;
  await until("");
  await reader.cancel();
});
