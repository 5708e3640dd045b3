/**
 * `deno task fuzz [--seconds N] [TARGET…]`: looks for inputs that break the Click VR, each target
 * for so long (300 s). Builds it with clang, libFuzzer and the sanitizers for addresses and
 * undefined behaviour (Debian: clang and libclang-rt-dev). Runs as nobody, in a namespace
 * without a network, since a configuration may name files.
 *
 * What it finds is written to zig-out/fuzz/found/TARGET, and it ends with 1. The corpus it gathered
 * lies in zig-out/fuzz/corpus/TARGET; `--keep` reduces it to what adds something to the seeds, and
 * puts inputs of at most 600 bytes among them.
 */
import { basename, join } from "node:path";

const root = new URL("../..", import.meta.url).pathname;
const here = "tests/fuzz";
const out = "zig-out/fuzz";
const targets = ["config", "packets"] as const;
const flags = [
  ...["-std=c++2b", "-O1", "-g1", "-fno-exceptions", "-fno-rtti", "-w"],
  ...["-fsanitize=fuzzer-no-link,address,undefined", "-fno-sanitize-recover=all"],
  "-fno-sanitize=alignment", // headers lie where they lie; the machine allows it
  ...["-D_GLIBCXX_ASSERTIONS", '-DLVRM_VERSION="fuzz"', "-Ivrs/include", "-Ivrs/click"],
];
const kept_bytes = 600;

async function run(program: string, args: string[], quiet = false): Promise<boolean> {
  const stream = quiet ? "null" : "inherit";
  const child = new Deno.Command(program, { args, stdin: "null", stdout: stream, stderr: stream });
  return (await child.spawn().status).success;
}

/** Sources of the library, as vrs/click/build.zig has them. */
function sources(): string[] {
  const folder = "vrs/click";
  const programs = ["main.cc", "pair.cc"];
  const core = [...Deno.readDirSync(folder)].map((it) => it.name)
    .filter((name) => name.endsWith(".cc") && !programs.includes(name));
  const lists = [...Deno.readDirSync(`${folder}/elements`)].map((it) => it.name)
    .filter((name) => name.endsWith(".def") && name !== "registry.def");
  const elements = lists.flatMap((name) => {
    const text = Deno.readTextFileSync(`${folder}/elements/${name}`);
    return [...text.matchAll(/^(?:ELEMENT\([^,)]*,|HELPER\()\s*([\w/]+)\)/gm)]
      .map(([, path]) => `elements/${path}.cc`);
  });
  return [...core, ...new Set(elements)].map((path) => `${folder}/${path}`);
}

const modified = (path: string): number => {
  try {
    return Deno.statSync(path).mtime?.getTime() ?? 0;
  } catch {
    return 0;
  }
};

/** Newest header: all objects depend on all of them. */
function newestHeader(folder: string): number {
  let newest = 0;
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    const time = isDirectory ? newestHeader(path) : /\.(hh|h|def)$/.test(name) ? modified(path) : 0;
    newest = Math.max(newest, time);
  }
  return newest;
}

/** The object of a source; compiled when it isn't newer. */
async function compile(source: string, headers: number): Promise<string> {
  const object = `${out}/obj/${source.replaceAll("/", "_")}.o`;
  if (modified(object) < Math.max(modified(source), headers)) {
    const done = await run("clang++", [...flags, "-c", source, "-o", `${object}.new`]);
    if (!done) throw new Error(`${source} does not compile`);
    await Deno.rename(`${object}.new`, object);
  }
  return object;
}

async function build(target: string): Promise<string> {
  await Deno.mkdir(`${out}/obj`, { recursive: true });
  const headers = newestHeader("vrs/click");
  const waiting = sources();
  const objects: string[] = [];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      objects.push(await compile(next, headers));
    }
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, worker));
  const own = await compile(`${here}/${target}.cc`, Math.max(headers, newestHeader(here)));
  const program = `${out}/${target}`;
  const library = "zig-out/lib/liblvrm_vr.a"; // the task builds it first
  const words = ["-fsanitize=fuzzer,address,undefined", own, ...objects, library, "-o", program];
  if (!await run("clang++", words)) throw new Error(`${program} does not link`);
  return program;
}

/** Runs the fuzzer, or another mode of its, where it can do no harm. */
async function confined(program: string, args: string[]): Promise<boolean> {
  const limits = ["-rss_limit_mb=2048", "-timeout=20", "-max_len=4096"];
  // What elements print is of no interest; the fuzzer and the sanitizers are heard all the same.
  limits.push("-close_fd_mask=3", "-print_final_stats=1");
  const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"];
  return await run("unshare", ["--net", "--mount", ...nobody, program, ...limits, ...args]);
}

/** A folder that the fuzzer, as nobody, may write to. */
async function open(path: string): Promise<string> {
  await Deno.mkdir(path, { recursive: true });
  await Deno.chown(path, 65534, 65534);
  return path;
}

async function fuzz(target: string, seconds: number, keep: boolean): Promise<boolean> {
  const program = await build(target);
  const seeds = `${here}/seeds/${target}`;
  const corpus = await open(`${out}/corpus/${target}`);
  const found = await open(`${out}/found/${target}`);
  const words = [`-max_total_time=${seconds}`, `-artifact_prefix=${found}/`, corpus, seeds];
  const good = await confined(program, words);
  if (keep && good) await merge(target, program, corpus, seeds);
  return good;
}

/** Small inputs that reach what the seeds don't become seeds. */
async function merge(
  target: string,
  program: string,
  corpus: string,
  seeds: string,
): Promise<void> {
  const fresh = await open(`${out}/merged/${target}`);
  for (const { name } of Deno.readDirSync(seeds)) {
    await Deno.copyFile(join(seeds, name), join(fresh, name));
  }
  await confined(program, ["-merge=1", fresh, corpus]);
  for (const { name } of Deno.readDirSync(fresh)) {
    const path = join(fresh, name);
    if ((await Deno.stat(path)).size > kept_bytes) continue;
    await Deno.copyFile(path, join(seeds, basename(path)));
  }
}

async function main(): Promise<number> {
  Deno.chdir(root);
  const words = [...Deno.args];
  const take = (name: string): string | undefined => {
    const at = words.indexOf(name);
    return at < 0 ? undefined : words.splice(at, 2)[1];
  };
  const seconds = Number(take("--seconds") ?? 300);
  const keep = words.includes("--keep");
  const chosen = words.filter((it) => it !== "--keep");
  const unknown = chosen.find((it) => !(targets as readonly string[]).includes(it));
  if (unknown !== undefined || !(seconds > 0)) {
    console.error(`fuzz: [--seconds N] [--keep] [TARGET…]; targets: ${targets.join(", ")}`);
    return 2;
  }
  if (!await run("clang++", ["--version"], true).catch(() => false)) {
    console.error("fuzz: no clang++: apt-get install clang libclang-rt-dev");
    return 4;
  }
  let good = true;
  for (const target of chosen.length > 0 ? chosen : targets) {
    good = await fuzz(target, seconds, keep) && good;
  }
  return good ? 0 : 1;
}

Deno.exit(await main());
