/**
 * Writes the seeds of `packets` anew, by frames that testbed/frames.ts makes, and those of
 * `config`, from the examples and the cases of tests/click: `deno run -A tests/fuzz/make_seeds.ts`.
 * What the fuzzer found lies beside them, under the names that it gave it.
 */
import { basename, join } from "node:path";
import { checksum, ip, macBytes, udp } from "../testbed/mod.ts";
import { parseCases } from "../click/cases.ts";

const here = import.meta.dirname!;
/** So many configurations are in configurations.hh. */
const configurations = 11;
const most_bytes = 1500;

type Bytes = readonly number[];

const ethernet = (type: Bytes, payload: Iterable<number>): number[] => [
  ...macBytes("02:00:00:00:00:01"),
  ...macBytes("02:00:00:00:00:aa"),
  ...type,
  ...payload,
];

/** A record of an input: see packets.cc. */
const record = (flags: number, bytes: Bytes): number[] => [
  flags,
  bytes.length & 255,
  bytes.length >> 8,
  ...bytes,
];

const source = "10.0.0.7";
const destination = "10.0.1.9";
const v4 = (protocol: number, payload: Bytes, from = source, to = destination): number[] => {
  const head = [0x45, 0, 0, 20 + payload.length, 0, 1, 0, 0, 64, protocol, 0, 0];
  const all = [...head, ...from.split(".").map(Number), ...to.split(".").map(Number)];
  const sum = checksum(new Uint8Array(all));
  all.splice(10, 2, sum >> 8, sum & 255);
  return [...all, ...payload];
};
const tcp = (flags: number, payload: Bytes = []): number[] => [
  ...[4, 0, 0, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, flags, 16, 0, 0, 0, 0, 0],
  ...payload,
];
const echo = (type: number): number[] => [type, 0, 0xf7 - type, 0xfe, 0, 1, 0, 1];
const port = [...new TextEncoder().encode("PORT 10,0,0,7,4,1\r\n")];

/** Frames of every kind, by name. */
const frames: Record<string, number[]> = {
  udp: ethernet(
    [8, 0],
    ip({ source, destination, payload: udp(source, destination, [9, 53], [1]) }),
  ),
  ftp: ethernet([8, 0], v4(6, tcp(0x18, port))),
  syn: ethernet([8, 0], v4(6, tcp(2))),
  ping: ethernet([8, 0], v4(1, echo(8))),
  pong: ethernet([8, 0], v4(1, echo(0), "10.0.1.9", "10.0.1.1")),
  error: ethernet([8, 0], v4(1, [3, 4, 0, 0, 0, 0, 5, 0, ...v4(17, [0, 9, 0, 53, 0, 8, 0, 0])])),
  options: ethernet([8, 0], [
    ...[0x48, 0, 0, 40, 0, 1, 0x20, 0, 1, 17, 0, 0, 10, 0, 0, 7, 10, 0, 1, 9],
    ...[7, 7, 4, 0, 0, 0, 0, 0x44, 5, 5, 0, 0, 0, 0, 0, 9, 0, 53, 0, 8],
  ]),
  arp_request: ethernet([8, 6], [
    ...[0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 0xaa, 10, 0, 0, 7, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1],
  ]),
  arp_reply: ethernet([8, 6], [
    ...[0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 0xaa, 10, 0, 1, 9, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1],
  ]),
  vlan: ethernet([0x81, 0], [0, 5, 8, 0, ...v4(17, [0, 9, 0, 53, 0, 8, 0, 0])]),
  short: [1, 2, 3],
};

async function packets(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const both = Object.values(frames).flatMap((it, i) => record(i & 1, it));
  for (let choice = 0; choice < configurations; choice++) {
    const all = [choice, ...both, ...record(2, [1, 2, 3]), ...record(4, frames.udp!)];
    await Deno.writeFile(join(folder, `all_${choice}`), new Uint8Array(all));
  }
  for (const [name, frame] of Object.entries(frames)) {
    const bytes = new Uint8Array([6, ...record(0, frame)]);
    await Deno.writeFile(join(folder, `unchecked_${name}`), bytes);
  }
}

async function configurationsOf(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const write = async (name: string, text: string): Promise<void> => {
    if (text.length <= most_bytes) await Deno.writeTextFile(join(folder, name), text);
  };
  const examples = join(here, "../../vrs/click/examples");
  for (const { name } of Deno.readDirSync(examples)) {
    await write(name, await Deno.readTextFile(join(examples, name)));
  }
  const language = join(here, "../click/language");
  for (const { name } of Deno.readDirSync(language)) {
    const cases = parseCases(await Deno.readTextFile(join(language, name)));
    for (const [i, it] of cases.entries()) {
      await write(`${basename(name, ".case")}_${i}`, it.config);
    }
  }
}

await packets(join(here, "seeds/packets"));
await configurationsOf(join(here, "seeds/config"));
