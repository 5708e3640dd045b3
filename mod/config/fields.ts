/**
 * Every single value that users may give: how it is read, on the command line and in the
 * configuration file alike, how the file has it, and what is said about it. One table; options,
 * the file's schema and the documentation follow it. Pure.
 */
import { limits, manifest } from "../../ffi/abi.gen.ts";
import { parseCpuList } from "./cores.ts";
import { allocators, logFormats, logLevels, placements } from "./names.ts";
import { parseSource, virtualAdapters, type VirtualSource } from "./source.ts";
import type { RunValues, VrValues } from "./types.ts";
import * as values from "./values.ts";
import type { Reader } from "./values.ts";

/** One value of `K`, as the file has it. */
export interface Field<V, K extends keyof V = keyof V> {
  readonly key: K;
  readonly read: Reader<V[K]>;
  /** The value as the file may say it. */
  readonly write: (value: V[K]) => string | number | boolean;
  readonly about: string;
  /** Allocator that it is a parameter of. */
  readonly of?: string;
}

const onInterfaces = [
  ...manifest.adapters.filter((name) => !virtualAdapters.includes(name)),
  "auto",
];
const adapterWords = `one of ${onInterfaces.join(", ")}, memory:…, pcap:…`;

/** An adapter that serves interfaces, null for `auto`, or what takes the place of interfaces. */
const adapter: Reader<number | null | VirtualSource> = Object.assign((text: string) => {
  const source = parseSource(text);
  if (source !== null) return source;
  const known = [...onInterfaces, ...virtualAdapters];
  const name = known[values.oneOf("adapter", known)(text)]!;
  return name === "auto" ? null : manifest.adapters.findIndex((it) => it === name);
}, {
  words: adapterWords,
  json: { anyOf: [{ enum: onInterfaces }, { type: "string", pattern: "^(memory|pcap)(:|$)" }] },
});

const coreWords = "a list of cores: numbers and ranges, for example 0-1,3";

/** Cores, each once, in the order written. Null, the default, has no text. */
const cores: Reader<readonly number[] | null> = Object.assign((text: string) => {
  const list = parseCpuList(text);
  if (list === null) throw new values.BadValue(`it must be ${coreWords}`);
  const twice = list.find((core, i) => list.indexOf(core) !== i);
  if (twice !== undefined) throw new values.BadValue(`core ${twice} is named twice`);
  return list;
}, {
  words: coreWords,
  json: { type: ["string", "integer", "array"], items: { type: ["string", "integer"] } },
  separator: ",",
});

/** A path that a socket can have. */
const socket = values.textOf("a path", (text) => {
  if (new TextEncoder().encode(text).length <= 107 && !text.includes("\0")) return text;
  throw new values.BadValue("a socket's path may have 107 bytes at most; choose a shorter one");
});

/** On or off; the file says true or false. */
const onOff: Reader<boolean> = Object.assign((text: string) => {
  if (text === "true" || text === "false") return text === "true";
  throw new values.BadValue("it must be true or false");
}, { words: "true or false", json: { type: "boolean" } });

const above0 = (max: number) =>
  values.decimal(
    `a number above 0, at most ${max}`,
    { exclusiveMinimum: 0, maximum: max },
    (it) => it > 0 && it <= max,
  );
const threshold = values.decimal(
  "a number from 0.1 to 10",
  { minimum: 0.1, maximum: 10 },
  (it) => it >= 0.1 && it <= 10,
);
/** How often to look: 40 ms of spinning at most, longer than any sleep is worth. */
const looks = values.whole(0, 1_000_000);
const name = (names: readonly string[]) => (index: number) => names[index]!;
const same = <T extends string | number | boolean>(value: T) => value;
const list = (numbers: readonly number[] | null) => (numbers ?? []).join(",");
const plain = (value: number | null) => value ?? "all";

/** Of VRs, by the file's key; each may stand for one VR or at the top for all. */
export const vrFields = {
  queue: {
    key: "queue",
    read: values.oneOf("queue", manifest.queues),
    write: name(manifest.queues),
    about: "queue between lvrm and the VR's instances",
  },
  queue_frames: {
    key: "queueFrames",
    read: values.powerOfTwo(256, 1 << 20),
    write: same,
    about: "frames that one instance's queue holds",
  },
  queue_control: {
    key: "control_bytes",
    read: values.bytes(8192, 1 << 24),
    write: values.formatBytes,
    about: "size of one instance's queues of control events",
  },
  balancer: {
    key: "balancer",
    read: values.oneOf("balancer", manifest.balancers),
    write: name(manifest.balancers),
    about: "how frames are spread over the VR's instances",
  },
  frames: {
    key: "byFrame",
    read: onOff,
    write: same,
    about: "balance frame by frame, not flow by flow",
  },
  flows: {
    key: "flows",
    read: values.powerOfTwo(16, 1 << 22),
    write: same,
    about: "flows that are remembered at most",
  },
  flow_idle: {
    key: "flowIdle_ms",
    read: values.duration(1, 3_600_000),
    write: values.formatDuration,
    about: "how long a flow must be silent before it may move to another instance",
  },
  load_estimator: {
    key: "loadEstimator",
    read: values.oneOf("load estimator", manifest.load_estimators),
    write: name(manifest.load_estimators),
    about: "what the balancer goes by",
  },
  load_weight: {
    key: "loadWeight",
    read: values.loadWeight(),
    write: (weight) => weight / 256,
    about: "weight of a new observation of the load",
  },
  allocator: {
    key: "allocator",
    read: values.nameOf("allocator", allocators),
    write: same,
    about: "who says how many cores the VR gets",
  },
  vris: {
    key: "vris",
    read: values.whole(1, 64),
    write: same,
    of: "fixed",
    about: "just so many instances; without `allocator` it means `fixed`",
  },
  core_rate: {
    key: "coreRate_fps",
    read: values.rate(),
    write: values.formatRate,
    of: "dynamic",
    about: "what one core is good for",
  },
  grow_at: {
    key: "growAt",
    read: threshold,
    write: same,
    of: "dynamic",
    about: "one core more above the rate of the present ones times this",
  },
  shrink_at: {
    key: "shrinkAt",
    read: threshold,
    write: same,
    of: "dynamic",
    about: "one core less below the rate of one core fewer times this; less than `grow_at`",
  },
  utilisation: {
    key: "utilisation",
    read: above0(1),
    write: same,
    of: "service_rate",
    about: "how busy cores are meant to be",
  },
  min_cores: {
    key: "minCores",
    read: values.whole(1, 64),
    write: same,
    about: "fewest cores of the VR",
  },
  max_cores: {
    key: "maxCores",
    read: values.orWord("all", null, values.whole(1, 64)),
    write: plain,
    about: "most cores of the VR",
  },
  standbys: {
    key: "standbys",
    read: values.whole(0, 8),
    write: same,
    about: "ready processes that wait beside the instances, at most; 0: a new one is started",
  },
  cool_down: {
    key: "coolDown_ms",
    read: values.duration(0, 3_600_000),
    write: values.formatDuration,
    about: "between two changes of the VR's cores, at least",
  },
} as const satisfies Record<string, { [K in keyof VrValues]: Field<VrValues, K> }[keyof VrValues]>;

/** Of one VR alone. */
export const ownFields = {
  weight: {
    key: "weight",
    read: above0(1_000_000),
    write: same,
    about: "the VR's share of the cores when all want more than there are",
  },
  cores: {
    key: "cores",
    read: cores,
    write: list,
    of: "fixed",
    about: "the very cores of its instances; without `allocator` it means `fixed`",
  },
} as const satisfies Record<string, { [K in keyof VrValues]: Field<VrValues, K> }[keyof VrValues]>;

/** Of the whole run, but for the thresholds of idling. */
export const runFields = {
  adapter: {
    key: "adapter",
    read: adapter,
    write: (it) => it === null ? "auto" : typeof it === "number" ? manifest.adapters[it]! : it.text,
    about: "socket adapter; `auto` takes the best that works here; memory:… and pcap:… " +
      "(docs/adapters.md) need no interfaces",
  },
  zero_copy: {
    key: "zeroCopy",
    read: onOff,
    write: same,
    about: "with the adapter memory: frames lie in the arenas beforehand; with af_xdp: a card's " +
      "driver may put all frames there, the gateway's own too (docs/adapters.md)",
  },
  dispatchers: {
    key: "dispatchers",
    read: values.whole(1, limits.max_dispatchers),
    write: same,
    about: "threads that move frames, each on a core of its own; frames of a flow have one of them",
  },
  cores: {
    key: "cores",
    read: cores,
    write: list,
    about: "cores to use, the first for the dispatcher; without it all that lvrm may use",
  },
  placement: {
    key: "placement",
    read: values.nameOf("placement", placements),
    write: same,
    about: "which cores instances run on, seen from the dispatcher's",
  },
  period: {
    key: "period_ms",
    read: values.duration(50, 60_000),
    write: values.formatDuration,
    about: "between two decisions about cores",
  },
  dry_run: {
    key: "dryRun",
    read: onOff,
    write: same,
    about: "decide about cores, say so, and leave all as it is",
  },
  overcommit: {
    key: "overcommit",
    read: onOff,
    write: same,
    about: "more instances than cores: VRs get all that they ask for, and share cores",
  },
  busy_poll: {
    key: "busyPoll",
    read: onOff,
    write: same,
    about: "lvrm and its instances never sleep",
  },
  socket: { key: "socket", read: socket, write: same, about: "control socket" },
  log_format: {
    key: "logFormat",
    read: values.nameOf("log format", logFormats),
    write: same,
    about: "how the log is written, on stderr",
  },
  log_level: {
    key: "logLevel",
    read: values.nameOf("log level", logLevels),
    write: same,
    about: "what the log leaves out",
  },
} as const satisfies Record<
  string,
  { [K in keyof RunValues]: Field<RunValues, K> }[keyof RunValues]
>;

/** Thresholds of idling; absent ones follow from the cores' use. */
export const idleFields = {
  idle_spins: {
    key: "spins",
    read: looks,
    about: "how often an idle dispatcher or instance looks again before it yields its core",
  },
  idle_yields: {
    key: "yields",
    read: looks,
    about: "how often it yields before it sleeps",
  },
} as const;
