/**
 * `--adapter memory:…` and `--adapter pcap:…`: where frames come from and go to in place of
 * interfaces. After the name and a colon come parts separated by commas: files, and options as
 * KEY=VALUE (a file whose name looks like one is written ./KEY=VALUE). Pure.
 */
import type { Prefix } from "../netlink/mod.ts";
import { Failure } from "./failure.ts";
import { arena, largestMtu } from "./sizes.ts";
import { parseSubnet } from "./subnet.ts";
import type { RunValues } from "./types.ts";
import { BadValue } from "./values.ts";

/** What both have. */
interface VirtualPorts {
  /** As written. */
  readonly text: string;
  readonly files: readonly string[];
  /** How many ports; null: as many as files bring, two at least. */
  readonly ports: number | null;
  readonly mtu: number;
  /** Of each port, in order; null, and past the end: every unicast frame is for the port. */
  readonly macs: readonly (Uint8Array | null)[];
}

/** A trace in RAM. */
export interface MemorySource extends VirtualPorts {
  readonly adapter: "memory";
  /** Without files. */
  readonly generated: GeneratedTrace | null;
  /** Frames that come in by each port that has a trace; 0: no end. */
  readonly count: number;
  /** 0: as fast as they are taken. */
  readonly rate_fps: number;
  /** On their way at most; null: without a rate as many as cannot be lost, else no bound. */
  readonly window_frames: number | null;
}

/** Frames to generate. */
export interface GeneratedTrace {
  /** On the wire, with preamble 8, check sequence 4 and gap 12. */
  readonly sizes_bytes: readonly number[];
  readonly flows: number;
  /** Sources; null: the VRs' own. */
  readonly subnets: readonly Prefix[] | null;
  readonly destinations: readonly Prefix[];
}

/** Capture files. */
export interface PcapSource extends VirtualPorts {
  readonly adapter: "pcap";
  readonly output: string;
  /** Of the captured timing, in thousandths; 0: as fast as frames are taken. */
  readonly speed_permille: number;
  /** Times in the output. */
  readonly nanoseconds: boolean;
}

export type VirtualSource = MemorySource | PcapSource;

/** Names of the adapters that need no interface. */
export const virtualAdapters: readonly string[] = ["memory", "pcap"];

/** Preamble, check sequence and gap: on the wire, but not in a capture. */
export const wireOverhead_bytes = 24;
export const mostPorts = 64;
const ethernet_bytes = 14;
const leastWire_bytes = 84;
const mostFlows = 1_000_000;
const mostWindow_frames = 4032; // a queue of 4096, and a batch to spare
const mostSizes = 16;
const mostSubnets = 64;

/** A number with k, M or G behind it. */
function parseNumber(what: string, text: string, unit: string, most: number): number {
  const match = /^([0-9]{1,15}(?:\.[0-9]{1,6})?)([kMG]?)(.*)$/.exec(text);
  const scale = { "": 1, k: 1e3, M: 1e6, G: 1e9 }[match?.[2] ?? ""] ?? NaN;
  const value = Math.round(Number(match?.[1]) * scale);
  const known = match !== null && (match[3] === "" || match[3] === unit);
  if (known && value >= 1 && value <= most) return value;
  const example = unit === "fps" ? "360kfps" : "100M";
  throw new BadValue(`${what}=${text} is not a number from 1 to ${most}, such as ${example}`);
}

function parseCount(what: string, text: string, least: number, most: number): number {
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : -1;
  if (value >= least && value <= most) return value;
  throw new BadValue(`${what}=${text} is not a number from ${least} to ${most}`);
}

function parsePrefixes(what: string, text: string): Prefix[] {
  const texts = text.split(/[;+]/);
  if (texts.length > mostSubnets) throw new BadValue(`${what} has more than ${mostSubnets}`);
  return texts.map((part) => {
    try {
      return parseSubnet(part);
    } catch (error) {
      if (error instanceof Failure) throw new BadValue(`${what}: ${error.message}`);
      throw error;
    }
  });
}

function parseMacs(text: string): (Uint8Array | null)[] {
  return text.split("/").map((part) => {
    if (part === "any") return null;
    const isMac = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(part);
    const mac = part.split(":").map((byte) => parseInt(byte, 16));
    if (isMac && (mac[0]! & 1) === 0) return new Uint8Array(mac);
    throw new BadValue(
      `mac=${part} is neither "any" nor a unicast MAC address such as 02:00:00:00:00:01`,
    );
  });
}

/** Times of the captured timing: `1`, `10`, `0.5`, or `max`. */
function parseSpeed(text: string): number {
  if (text === "max") return 0;
  const permille = /^[0-9]{1,6}(\.[0-9]{1,3})?$/.test(text) ? Math.round(Number(text) * 1000) : 0;
  if (permille >= 1) return permille;
  throw new BadValue(`speed=${text} is neither "max" nor a number from 0.001, such as 1 or 10`);
}

function parseSizes(text: string, mtu: number): number[] {
  const sizes = text.split("/").map((part) => parseCount("sizes", part, leastWire_bytes, 65535));
  if (sizes.length > mostSizes) throw new BadValue(`sizes has more than ${mostSizes}`);
  const longest = Math.max(...sizes);
  if (longest > mtu + ethernet_bytes + wireOverhead_bytes) {
    throw new BadValue(
      `sizes=${longest} is longer than ports with an MTU of ${mtu} have: add mtu=` +
        `${longest - ethernet_bytes - wireOverhead_bytes}`,
    );
  }
  return sizes;
}

const option = /^([a-z]+)=(.*)$/s;

/** Whether a part of the text is an option, no file. */
export const isOption = (part: string): boolean => option.test(part);

/** The parts of the text: files, and options by name. */
function split(
  text: string,
  known: readonly string[],
): { files: string[]; options: Map<string, string> } {
  const files: string[] = [];
  const options = new Map<string, string>();
  for (const part of text === "" ? [] : text.split(",")) {
    const match = option.exec(part);
    if (match === null) {
      if (part === "") throw new BadValue("a part of it is empty: there is a comma too many");
      files.push(part);
      continue;
    }
    const [, key, value] = match as unknown as [string, string, string];
    if (!known.includes(key)) {
      throw new BadValue(`it has no option ${key}; known: ${known.join(", ")}`);
    }
    if (options.has(key)) throw new BadValue(`${key} is there twice`);
    if (value === "") throw new BadValue(`${key} has no value`);
    options.set(key, value);
  }
  return { files, options };
}

const portOptions = ["ports", "mtu", "mac"] as const;
const generateOptions = ["sizes", "flows", "subnets", "to"] as const;
const memoryOptions = [...generateOptions, "count", "rate", "window", ...portOptions] as const;
const pcapOptions = ["speed", "time", ...portOptions] as const;

function portsOf(
  text: string,
  options: ReadonlyMap<string, string>,
  files: readonly string[],
): VirtualPorts {
  const ports = options.get("ports");
  const macs = parseMacs(options.get("mac") ?? "any");
  const longest = largestMtu(arena.jumbo_slot_bytes);
  return {
    text,
    files,
    ports: ports === undefined ? null : parseCount("ports", ports, 1, mostPorts),
    mtu: parseCount("mtu", options.get("mtu") ?? "1500", 1280, longest),
    macs,
  };
}

/** RFC 2544's and RFC 5180's networks for benchmarks. */
const defaultDestinations = "198.18.0.0/15+2001:2::/48";

function parseMemory(text: string): MemorySource {
  const { files, options } = split(text, memoryOptions);
  const unfit = files.length === 0 ? undefined : generateOptions.find((it) => options.has(it));
  if (unfit !== undefined) {
    throw new BadValue(`${unfit} is for generated frames, and ${files[0]} has its own`);
  }
  const ports = portsOf(`memory:${text}`, options, files);
  const number = (key: string, unit: string, most: number) => {
    const value = options.get(key);
    return value === undefined ? 0 : parseNumber(key, value, unit, most);
  };
  const window = options.get("window");
  const subnets = options.get("subnets");
  return {
    adapter: "memory",
    ...ports,
    generated: files.length > 0 ? null : {
      sizes_bytes: parseSizes(options.get("sizes") ?? String(leastWire_bytes), ports.mtu),
      flows: parseNumber("flows", options.get("flows") ?? "1000", "", mostFlows),
      subnets: subnets === undefined ? null : parsePrefixes("subnets", subnets),
      destinations: parsePrefixes("to", options.get("to") ?? defaultDestinations),
    },
    count: number("count", "", Number.MAX_SAFE_INTEGER),
    rate_fps: number("rate", "fps", 0xffff_ffff),
    window_frames: window === undefined ? null : parseCount("window", window, 1, mostWindow_frames),
  };
}

function parsePcap(text: string): PcapSource {
  const { files, options } = split(text, pcapOptions);
  if (files.length < 2) {
    throw new BadValue(
      "it needs the files to read and, as the last one, the file to write, as in " +
        "pcap:in.pcapng,out.pcapng",
    );
  }
  const time = options.get("time") ?? "ns";
  if (time !== "ns" && time !== "us") throw new BadValue(`time=${time} is neither ns nor us`);
  return {
    adapter: "pcap",
    ...portsOf(`pcap:${text}`, options, files.slice(0, -1)),
    output: files.at(-1)!,
    speed_permille: parseSpeed(options.get("speed") ?? "max"),
    nanoseconds: time === "ns",
  };
}

/**
 * Reads the value of `--adapter` where it names an adapter that needs no interface; null where it
 * names another. Throws BadValue.
 */
export function parseSource(text: string): VirtualSource | null {
  const colon = text.indexOf(":");
  const name = colon < 0 ? text : text.slice(0, colon);
  const rest = colon < 0 ? "" : text.slice(colon + 1);
  if (name === "memory") return parseMemory(rest);
  if (name === "pcap") return parsePcap(rest);
  return null;
}

/** What takes the place of interfaces in a run; null: nothing does. */
export function virtualSource({ adapter }: Pick<RunValues, "adapter">): VirtualSource | null {
  return typeof adapter === "number" ? null : adapter;
}
