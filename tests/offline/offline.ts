/** lvrm without interfaces: run to its end, with files of its own. */
import type { Status } from "../../mod/metrics/mod.ts";
import type { CapturedFrame } from "../../mod/trace/mod.ts";
import { concat, numbers, pcapngBlock } from "../../mod/trace/capture_test_files.ts";
import {
  checksum,
  eventually,
  type Finished,
  ip,
  lvrmCommand,
  macBytes,
  run,
  Running,
  udp,
} from "../testbed/mod.ts";

/** A directory that goes when the test ends. */
export class Scratch implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make(): Promise<Scratch> {
    return new Scratch(await Deno.makeTempDir({ prefix: "lvrm-offline-" }));
  }

  /** Path of a file in it. */
  file(name: string): string {
    return `${this.path}/${name}`;
  }

  async write(name: string, bytes: Uint8Array): Promise<string> {
    await Deno.writeFile(this.file(name), bytes);
    return this.file(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** How lvrm is run. */
export interface OfflineOptions {
  /** Program and arguments that run it, such as `setpriv …`. */
  readonly through?: readonly string[];
  readonly timeout_ms?: number;
}

/** Runs lvrm to its end, with a control socket in `scratch`. */
export async function offline(
  scratch: Scratch,
  args: readonly string[],
  { through = [], timeout_ms = 60_000 }: OfflineOptions = {},
): Promise<Finished> {
  const [program, first] = lvrmCommand();
  const [word, ...words] = [...through, program, ...first, ...args];
  return await run(word!, [...words, "--socket", scratch.file("s")], { timeout_ms });
}

/** lvrm that goes on until it is told to stop. */
export async function endless<T>(
  scratch: Scratch,
  args: readonly string[],
  use: (status: () => Promise<Status>, running: Running) => Promise<T>,
): Promise<T> {
  const [program, first] = lvrmCommand();
  const socket = ["--socket", scratch.file("s")];
  await using running = new Running(program, [...first, ...args, ...socket]);
  const status = async () => {
    const done = await run(program, [...first, "status", "--json", ...socket]);
    return JSON.parse(done.stdout) as Status;
  };
  await eventually(() => running.ended || running.stderr.text.includes(" serves; "), "lvrm serves");
  return await use(status, running);
}

/** Numbers of the printed status, by what stands before them. */
export function totalsOf(stdout: string): Record<string, number> {
  const line = /^frames: (.*)$/m.exec(stdout)?.[1] ?? "";
  return Object.fromEntries(
    [...line.matchAll(/([a-z][a-z ]*?) ([\d,]+)/g)].map(([, name, count]) => [
      name!,
      Number(count!.replaceAll(",", "")),
    ]),
  );
}

/** Throws unless received + originated + replicated = sent + dropped + kept + in flight. */
export function requireBalance(t: Status["totals"]): void {
  const left = t.received_frames + t.originated_frames + t.replicated_frames;
  const right = t.sent_frames + t.dropped_frames + t.kept_by_kernel_frames + t.in_flight_frames;
  if (left !== right) throw new Error(`${left} is not ${right}: ${JSON.stringify(t)}`);
}

/** A UDP datagram in an Ethernet frame of `bytes` bytes. */
export function frame(options: {
  bytes: number;
  source: string;
  destination: string;
  to?: string;
  ttl?: number;
}): Uint8Array<ArrayBuffer> {
  const { bytes, source, destination, to = "02:00:00:00:00:aa", ttl = 64 } = options;
  const is6 = source.includes(":");
  const payload_bytes = bytes - 14 - (is6 ? 40 : 20) - 8;
  const data = Array.from({ length: payload_bytes }, (_, i) => i & 255);
  const datagram = udp(source, destination, [1024, 9], data);
  const packet = ip({ source, destination, payload: datagram, ttl });
  const type = is6 ? [0x86, 0xdd] : [8, 0];
  return new Uint8Array([...macBytes(to), ...macBytes("02:00:00:00:00:bb"), ...type, ...packet]);
}

/** What a router makes of an IPv4 or IPv6 frame that leaves by port `port` of an offline run. */
export function routed(bytes: Uint8Array, port: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes);
  out.set([2, 0, 0, 0, 1, port + 1, 2, 0, 0, 0, 0, port + 1]);
  if (out[12] === 0x86) {
    out[21] = out[21]! - 1;
    return out;
  }
  out[22] = out[22]! - 1;
  out.set([0, 0], 24);
  const sum = checksum(out.subarray(14, 34));
  out.set([sum >> 8, sum & 255], 24);
  return out;
}

/** A frame as captured at `time_ns`. */
export function captured(
  bytes: Uint8Array<ArrayBuffer>,
  time_ns: bigint,
  number = 0,
): CapturedFrame {
  return {
    bytes,
    original_bytes: bytes.length,
    time_ns,
    interface: number,
  };
}

/** The file that lvrm must write of these frames, byte for byte. */
export function written(
  frames: readonly CapturedFrame[],
  { format, nanoseconds, ports }: {
    format: "pcap" | "pcapng";
    nanoseconds: boolean;
    ports: number;
  },
): Uint8Array<ArrayBuffer> {
  const words = (...values: number[]) =>
    numbers(true, ...values.map((value): [number, 4] => [value, 4]));
  if (format === "pcap") {
    const magic = nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
    return concat([
      words(magic, 0x0004_0002, 0, 0, 262144, 1),
      ...frames.flatMap(({ bytes, time_ns }) => {
        const part = Number(time_ns! % 1_000_000_000n);
        const fraction = nanoseconds ? part : Math.floor(part / 1000);
        const seconds = Number(time_ns! / 1_000_000_000n);
        return [words(seconds, fraction, bytes.length, bytes.length), bytes];
      }),
    ]);
  }
  const describe = (port: number) => {
    const name = new TextEncoder().encode(`pcap${port}`.padEnd(8, "\0"));
    const resolution = nanoseconds ? 9 : 6;
    const options = [numbers(true, [2, 2], [5, 2]), name, words(0x0001_0009, resolution, 0)];
    return pcapngBlock(true, 1, words(1, 0), ...options);
  };
  return concat([
    pcapngBlock(true, 0x0a0d0d0a, words(0x1a2b3c4d, 1, 0xffffffff, 0xffffffff)),
    ...Array.from({ length: ports }, (_, port) => describe(port)),
    ...frames.map(({ bytes, time_ns, interface: port }) => {
      const ticks = nanoseconds ? time_ns! : time_ns! / 1000n;
      const time = [Number(ticks >> 32n), Number(ticks & 0xffff_ffffn)];
      const { length } = bytes;
      return pcapngBlock(true, 6, words(port, time[0]!, time[1]!, length, length), bytes);
    }),
  ]);
}

/** Some of every kind: sizes from 60 to 1514, both families, several flows. */
export function mixedFrames(count: number, first_ns: bigint): CapturedFrame[] {
  const sizes = [60, 61, 90, 128, 590, 1514];
  return Array.from({ length: count }, (_, i) => {
    const is6 = i % 3 === 2;
    const source = is6 ? `fd00:1::${i % 7 + 1}` : `10.0.1.${i % 7 + 1}`;
    const destination = is6 ? `2001:2::${i % 11 + 1}` : `198.18.0.${i % 11 + 1}`;
    const bytes = Math.max(is6 ? 70 : 60, sizes[i % sizes.length]!);
    return captured(frame({ bytes, source, destination }), first_ns + BigInt(i) * 1_234_567n);
  });
}
