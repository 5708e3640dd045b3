/** Programs that tests use besides lvrm: VRs written in C, and the traffic generator. */
import type { Host } from "./host.ts";
import { hostInterface } from "./host.ts";
import { run, type Running } from "./process.ts";
import { eventually } from "./process.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/**
 * Compiles a C source with `cc` against liblvrm_vr.a, as docs/writing-a-vr.md says.
 *
 * @returns path of the program, in a directory that is removed with `directory`.
 */
export async function compileVr(source: string, directory: string): Promise<string> {
  const program = `${directory}/${source.split("/").pop()!.replace(/\.c$/, "")}`;
  const library = `${ROOT}zig-out/lib/liblvrm_vr.a`;
  const words = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", `-I${ROOT}vrs/include`];
  const done = await run("cc", [...words, "-o", program, `${ROOT}${source}`, library], {
    timeout_ms: 60_000,
  });
  if (done.code !== 0) throw new Error(`cc ${source}: ${done.stderr.slice(0, 3000)}`);
  return program;
}

/** Why there are no programs in Rust here, or null. `make test` installs what they need. */
export function withoutRust(): string | null {
  try {
    const { success } = new Deno.Command("cargo", { args: ["--version"] }).outputSync();
    return success ? null : "cargo does not run";
  } catch (error) {
    return `cargo cannot be run: ${error instanceof Error ? error.message : error}`;
  }
}

/**
 * Builds the examples of a crate, by default `vrs/rust`, against liblvrm_vr.a.
 *
 * @returns the folder that they are in.
 */
export async function buildRust(crate = `${ROOT}vrs/rust`): Promise<string> {
  const words = ["build", "--quiet", "--release", "--examples", "--offline"];
  const done = await run("cargo", [...words, "--manifest-path", `${crate}/Cargo.toml`], {
    timeout_ms: 180_000,
    env: { LVRM_VR_LIB: `${ROOT}zig-out/lib` },
  });
  if (done.code !== 0) throw new Error(`cargo build: ${done.stderr.slice(-3000)}`);
  return `${crate}/target/release/examples`;
}

/** What `lvrm-gen send` tells. */
export interface SendResult {
  sent_frames: number;
  sent_bytes: number;
  /** Of a trace: with a number and without room for one, filled up, and left out. */
  numbered_frames: number;
  unnumbered_frames: number;
  filled_frames: number;
  skipped_frames: number;
  seconds: number;
  rate_fps: number;
  refusals: number;
}

/** What `lvrm-gen sink` tells. */
export interface SinkResult {
  received_frames: number;
  received_bytes: number;
  different_frames: number;
  duplicate_frames: number;
  reordered_frames: number;
  lost_frames: number;
  highest_sequence: number;
  other_frames: number;
  missed_frames: number;
  latency_p50_ns: number;
  latency_p99_ns: number;
  latency_p999_ns: number;
  latency_max_ns: number;
  seconds: number;
}

/** What to send, beyond the addresses. */
export interface Traffic {
  source: string;
  destination: string;
  seconds: number;
  count?: number;
  rate_fps?: number;
  /** Or `imix`, or `FIRST-LAST`. */
  wire_bytes?: number | string;
  flows?: number;
  /** Addresses from `destination` on, one per flow. */
  destinations?: number;
  run?: number;
  core?: number;
  /** Frames per system call; 1: evenly spaced. */
  burst?: number;
}

/** Path of the traffic generator. */
export const generator = `${ROOT}zig-out/bin/lvrm-gen`;

/** Starts sending from a host to the gateway. `mac`: where frames go first. */
export function startSending(host: Host, mac: string, traffic: Traffic): Sender {
  // A host's only interface is that of its default route.
  const words = ["--interface", hostInterface, "--allow-default-route", "--destination-mac", mac];
  const add = (name: string, value: string | number | undefined): void => {
    if (value !== undefined) words.push(name, String(value));
  };
  add("--source", traffic.source);
  add("--destination", traffic.destination);
  add("--seconds", traffic.seconds);
  add("--count", traffic.count);
  add("--rate", traffic.rate_fps);
  add("--wire-bytes", traffic.wire_bytes);
  add("--flows", traffic.flows);
  add("--destinations", traffic.destinations);
  add("--run", traffic.run);
  add("--core", traffic.core);
  add("--burst", traffic.burst);
  return new Sender(host.spawn(generator, ["send", ...words]));
}

/** Waits for a generator's end and reads its last line. */
export async function generated<T>(running: Running, timeout_ms = 60_000): Promise<T> {
  const done = await running.finish(timeout_ms, "lvrm-gen");
  if (done.code !== 0) throw new Error(`lvrm-gen: ${done.stderr.trim()}`);
  return JSON.parse(done.stdout.trim().split("\n").pop()!) as T;
}

/** A generator that sends. Disposal ends it. */
export class Sender implements AsyncDisposable {
  readonly #running: Running;

  constructor(running: Running) {
    this.#running = running;
  }

  /** Resolves when all is sent. */
  done(): Promise<SendResult> {
    return generated<SendResult>(this.#running);
  }

  /** Stops it early. */
  halt(): Promise<SendResult> {
    this.#running.kill("SIGINT");
    return this.done();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }
}

/** A sink that counts on a host until it is told to stop. */
export class Sink implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  #text = "";
  #stopped = false;
  readonly #reading: Promise<void>;

  private constructor(host: Host, words: string[]) {
    this.#child = new Deno.Command("ip", {
      args: ["netns", "exec", host.namespace, generator, "sink", ...words],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const part of this.#child.stdout) this.#text += decoder.decode(part);
  }

  /** Starts counting; returns once it does. */
  static async start(
    host: Host,
    options: { seconds?: number; run?: number; core?: number } = {},
  ): Promise<Sink> {
    const words = ["--interface", hostInterface, "--seconds", String(options.seconds ?? 120)];
    if (options.run !== undefined) words.push("--run", String(options.run));
    if (options.core !== undefined) words.push("--core", String(options.core));
    const sink = new Sink(host, words);
    await eventually(() => sink.#text.includes("ready"), "the sink counts");
    return sink;
  }

  /** Waits for what is on its way, then stops and tells. */
  async stop(settle_ms = 100): Promise<SinkResult> {
    await new Promise((resolve) => setTimeout(resolve, settle_ms));
    await this.#end();
    return JSON.parse(this.#text.trim().split("\n").pop()!) as SinkResult;
  }

  async #end(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.#child.stdin.close();
    await this.#child.status;
    await this.#reading;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }
}
