/** The rules of CONTRIBUTING.md that a program can check, on every file that git knows or would. */
import assert from "node:assert/strict";
import { basename, dirname } from "node:path";

const root = new URL("..", import.meta.url).pathname;

/** Written by `zig build abi` or by a package manager. */
const generated = [
  ...["ffi/abi.gen.ts", "vrs/include/lvrm_vr.h", "deno.lock"],
  ...["vrs/rust/src/sys.rs", "vrs/typescript/abi.gen.ts"],
];

/** Files above 400 lines, with the reason why each stays whole. */
const long: Record<string, string> = {
  "zig-src/abi.zig": "every struct and limit that crosses a boundary, in one place",
};

/** Files with functions above 70 lines, with the reason. */
const sequences: Record<string, string> = {
  "build.zig": "one artifact after another",
  "zig-src/abi_gen.zig": "prints one file from its first line to its last",
};

/** Where memory is shared between threads or processes without a lock; all else goes by these. */
const atomics = [
  /^zig-src\/ipc_queue\//,
  /^zig-src\/(mailbox|sleeper|snapshot|events|vr_link|vri_adapter|busy|heartbeat)\.zig$/, // queues
  /^zig-src\/lending\.zig$/, // whose sockets are gone
  /^zig-src\/(core|units|dispatch|guest|netlink)\.zig$/, // stop and wake flags; guests' homes
  /^zig-src\/socket_adapter\/packet_(socket|mmap)\.zig$/, // the ring; tags of other ports
  /^zig-src\/capture\.zig$/, // the ring to the thread that writes the file
  // Measuring programs, and the histogram's reset.
  /^zig-src\/(latency|limit|limit_bare|echo)\.zig$/,
  /^zig-src\/socket_adapter\/af_xdp\/ring\.zig$/, // rings shared with the kernel
  /^zig-src\/generator\//, // the signal handler's flag
  /^ffi\/stats\.ts$/,
];

/** Files in the folders of variants that are not variants themselves. */
const helpers = [
  ...["control.zig", "ring.zig", "ewma.zig", "types.ts", "mod.ts"],
  ...["fanout.zig", "frame.zig", "packet_socket.zig", "pf_ring_library.zig"], // of socket adapters
];

const decoder = new TextDecoder();

function listed(): string[] {
  const { code, stdout } = new Deno.Command("git", {
    args: ["ls-files", "--cached", "--others", "--exclude-standard"],
    cwd: root,
  }).outputSync();
  assert.equal(code, 0, "git ls-files works");
  return decoder.decode(stdout).trim().split("\n").filter((path) => {
    try {
      return Deno.lstatSync(root + path).isFile; // not one that was just removed
    } catch {
      return false;
    }
  });
}

const text = (path: string): string => Deno.readTextFileSync(root + path);
const sources = listed().filter((path) =>
  /\.(ts|zig|c|cc|cpp|h|hh|hpp|rs|py|sh)$/.test(path) && !generated.includes(path)
);
const typescript = sources.filter((path) => path.endsWith(".ts"));

/** Fails with all offenders at once. */
function none(offenders: string[], rule: string): void {
  assert.equal(offenders.length, 0, `${rule}:\n  ${offenders.join("\n  ")}`);
}

Deno.test("tidy: files have at most 400 lines", () => {
  const lines = (path: string): number => text(path).split("\n").length - 1;
  none(
    sources.filter((path) => !(path in long) && lines(path) > 400)
      .map((path) => `${path}: ${lines(path)}`),
    "Split these",
  );
});

Deno.test("tidy: lines have at most 100 columns", () => {
  const offenders = sources.flatMap((path) =>
    text(path).split("\n").flatMap((line, index) => {
      // The name of a test is one string, which the formatter doesn't break.
      const name = /^\s*(Deno\.test\(|name: )["`]/.test(line);
      return [...line].length > 100 && !name ? [`${path}:${index + 1}`] : [];
    })
  );
  none(offenders, "Break these lines");
});

/** First lines of functions and methods, as the formatters lay them out. */
const openings: Record<string, RegExp[]> = {
  ts: [
    /^(\s*)(?:export )?(?:default )?(?:async )?function\b/,
    /^(\s+)(?:static |async |get |set )*(?!if|for|while|switch|catch|return)[#\w]+\([^;]*$/,
  ],
  zig: [/^(\s*)(?:pub |export |inline )*fn /],
  rs: [/^(\s*)(?:pub(?:\(crate\))? |const |unsafe )*fn /],
};

/** A function's last line is a closing brace at its first line's indent. */
function longFunctions(path: string): string[] {
  const lines = text(path).split("\n");
  return lines.flatMap((line, first) => {
    const found = openings[path.split(".").at(-1)!]?.map((it) => it.exec(line)?.[1])
      .find((indent) => indent !== undefined);
    if (found === undefined) return [];
    const end = lines.findIndex((it, at) => at > first && it === `${found}}`);
    const count = end - first + 1;
    if (count <= 70) return [];
    // A call over several lines looks like a method's head; but code follows it at its indent.
    const inner = lines.slice(first + 1, end);
    const call = inner.some((it) =>
      it.startsWith(found) && /^[^\s)\]}]/.test(it.slice(found.length))
    );
    return call ? [] : [`${path}:${first + 1}: ${count} lines`];
  });
}

Deno.test("tidy: functions have at most 70 lines", () => {
  none(sources.filter((path) => !(path in sequences)).flatMap(longFunctions), "Split these");
});

/** Code of a TypeScript file without its comments. */
const code = (path: string): string => text(path).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");

Deno.test("tidy: one place each for Deno.dlopen and Deno.Command", () => {
  const product = typescript.filter((path) =>
    /^(main\.ts|mod\/|ffi\/)/.test(path) && !/_test(_\w+)?\.ts$/.test(path)
  );
  const using = (name: string): string[] => product.filter((path) => code(path).includes(name));
  // The library in one place; execv of libc in another.
  assert.deepEqual(using("Deno.dlopen").sort(), ["ffi/become.ts", "ffi/library.ts"]);
  // VRIs are started in one place; the benchmark starts measuring programs of its own.
  assert.deepEqual(using("Deno.Command"), [
    "mod/bench/command.ts",
    "mod/bench/limit.ts",
    "mod/vri_monitor/process.ts",
  ]);
});

Deno.test("tidy: state machines are pure", () => {
  const states = typescript.filter((path) => basename(path) === "state.ts");
  assert.ok(states.length > 0);
  const impure = /\bDeno\.|\bDate\b|performance\.|Math\.random|setTimeout|\bawait\b/;
  none(states.filter((path) => impure.test(code(path))), "No clock, no I/O in these");
});

Deno.test("tidy: atomics only where memory is shared on purpose", () => {
  const uses = /@atomic\w+\(|@cmpxchg|std\.atomic\.Value|\bAtomics\./;
  const offenders = sources.filter((path) =>
    /^(mod|ffi|zig-src)\//.test(path) && !/_test(_\w+)?\.(ts|zig)$/.test(path) &&
    uses.test(code(path)) && !atomics.some((allowed) => allowed.test(path))
  );
  none(offenders, "Share through a queue, the mailbox or the snapshot instead");
});

Deno.test("tidy: what a Zig file declares for itself it uses", () => {
  const offenders = sources.filter((path) => path.endsWith(".zig")).flatMap((path) => {
    const whole = code(path);
    return [...whole.matchAll(/^(?:const|var|fn) (\w+)/gm)].map((it) => it[1]!)
      .filter((name) => [...whole.matchAll(new RegExp(`(?<!\\w\\.)\\b${name}\\b`, "g"))].length < 2)
      .map((name) => `${path}: ${name}`);
  });
  none(offenders, "Nobody needs these");
});

Deno.test("tidy: every variant is registered and its folder described", () => {
  const registries = sources.filter((path) => /\/registry\.(ts|zig)$/.test(path));
  assert.ok(registries.length >= 6, registries.join(", "));
  for (const registry of registries) {
    const folder = dirname(registry);
    const names = sources.filter((path) => dirname(path) === folder).map((path) => basename(path))
      .filter((name) => !/^(registry|conformance)|_test\.(ts|zig)$/.test(name))
      .filter((name) => !helpers.includes(name));
    none(names.filter((name) => !text(registry).includes(name)), `${registry} lacks`);
    const readme = text(`${folder}/README.md`);
    for (const heading of ["Name", "Description", "Configuration", "Counters", "Limits"]) {
      assert.ok(readme.includes(`**${heading}.**`), `${folder}/README.md has ${heading}`);
    }
    const told = (name: string): boolean => readme.includes("`" + name.split(".")[0] + "`");
    none(names.filter((name) => !told(name)), `${folder}/README.md doesn't tell of`);
  }
});

Deno.test("tidy: nothing of one machine in a file", () => {
  const paths = /\/(root|home\/\w+|work\/\w+)\/[\w.]/;
  const registry = /https?:\/\/[\w.-]*(registry|npm|pypi|jsr)[\w.-]*/;
  const offenders = listed().filter((path) => path !== "tests/tidy_test.ts").flatMap((path) =>
    [paths, registry].flatMap((pattern) => pattern.exec(text(path))?.[0] ?? [])
      .map((found) => `${path}: ${found}`)
  );
  none(offenders, "Paths or registries of a machine");
});

Deno.test("tidy: no work left for later in the sources", () => {
  const marks = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "X" + "XX"].join("|")})\\b`);
  none(sources.filter((path) => marks.test(text(path))), "Do it, or open an issue");
});
