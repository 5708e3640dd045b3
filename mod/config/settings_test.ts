import { deepEqual, equal, match, ok } from "node:assert/strict";
import { limits } from "../../ffi/abi.gen.ts";
import { runFields } from "./fields.ts";
import { Failure } from "./failure.ts";
import { decideSettings, socketPath } from "./settings.ts";
import type { RunOptions } from "./options.ts";
import { largestMtu, slotsFor } from "./sizes.ts";

const none = () => undefined;
const vr = ["10.0.1.0/24=cppvr"];

function refusal(options: RunOptions, code: number): string {
  try {
    decideSettings(options, none);
  } catch (error) {
    ok(error instanceof Failure, String(error));
    equal(error.code, code, error.message);
    ok(!error.message.includes("\n"));
    return error.message;
  }
  throw new Error(`${JSON.stringify(options)} was taken`);
}

Deno.test("decideSettings() fills in defaults", () => {
  const settings = decideSettings({ vr }, none);
  deepEqual(settings.vrs.map((it) => it.name), ["vr1"]);
  deepEqual(settings.vrs[0]!.words, ["cppvr"]);
  const { queue, balancer, byFrame, loadEstimator, loadWeight } = settings.vrs[0]!;
  deepEqual([queue, balancer, byFrame, loadEstimator, loadWeight], [0, 0, false, 0, 32]);
  const { allocator, vris, coreRate_fps, minCores, maxCores, weight } = settings.vrs[0]!;
  deepEqual([allocator, vris, coreRate_fps], ["dynamic", 1, 60_000]);
  deepEqual([minCores, maxCores, weight], [1, null, 1]);
  deepEqual({ ...settings, vrs: [] }, {
    vrs: [],
    interfaces: [],
    adapter: null,
    zeroCopy: false,
    dispatchers: 1,
    busyPoll: false,
    idle: {},
    cores: null,
    placement: "sibling",
    period_ms: 1000,
    dryRun: false,
    overcommit: false,
    socket: "/run/lvrm/lvrm.sock",
    logFormat: "text",
    logLevel: "info",
  });
});

Deno.test("decideSettings() reads every option from the environment, options first", () => {
  const env: Record<string, string> = {
    LVRM_VR: "10.0.1.0/24,fd00:1::/64=cppvr --route 0.0.0.0/0=eth1; 10.0.2.0/24=./b 'x;y'",
    LVRM_INTERFACE: "eth0, eth1:100",
    LVRM_ADAPTER: "raw",
    LVRM_QUEUE: "lamport",
    LVRM_BALANCER: "jsq",
    LVRM_VRIS: "3",
    LVRM_CORES: "0-1,3",
    LVRM_SOCKET: "/tmp/a.sock",
    LVRM_LOG_FORMAT: "json",
    LVRM_LOG_LEVEL: "debug",
  };
  const settings = decideSettings({}, (name) => env[name]);
  deepEqual(settings.vrs.map((it) => it.words), [
    ["cppvr", "--route", "0.0.0.0/0=eth1"],
    ["./b", "x;y"],
  ]);
  deepEqual(settings.interfaces, [{ name: "eth0", vlan: null }, { name: "eth1", vlan: 100 }]);
  equal(settings.adapter, 0);
  deepEqual(settings.vrs.map((it) => [it.allocator, it.vris]), [["fixed", 3], ["fixed", 3]]);
  deepEqual(settings.cores, [0, 1, 3]);
  deepEqual([settings.socket, settings.logFormat, settings.logLevel], [
    "/tmp/a.sock",
    "json",
    "debug",
  ]);
  equal(decideSettings({ vr, vris: "2" }, (name) => env[name]).vrs[0]!.vris, 2);
  equal(decideSettings({ vr }, (name) => env[name]).vrs.length, 1);
});

Deno.test("decideSettings() refuses with the right code, a cause and a cure", () => {
  ok(refusal({}, 2).includes("--vr 10.0.1.0/24=cppvr"));
  ok(refusal({ vr: ["cppvr"] }, 2).includes("="));
  ok(refusal({ vr: ["10.0.1.0/24="] }, 2).includes("no router"));
  ok(refusal({ vr: ["10.0.1.0/24,=cppvr"] }, 2).includes("empty"));
  ok(refusal({ vr: ["10.0.1.0/24=cppvr 'x"] }, 2).includes("quote"));
  ok(refusal({ vr: ["10.0.1.0/24,10.0.1.0/24=cppvr"] }, 3).includes("twice"));
  ok(refusal({ vr: [...vr, ...vr] }, 3).includes("vr1 (cppvr) and vr2"));
  ok(refusal({ vr, adapter: "x" }, 2).includes("known: raw"));
  ok(refusal({ vr, adapter: "memory:sizes=83" }, 2).includes("84 to 65535"));
  ok(refusal({ vr, adapter: "pcap" }, 2).includes("pcap:in.pcapng,out.pcapng"));
  ok(refusal({ vr, adapter: "memory", interface: ["eth0"] }, 3).includes("exclude each other"));
  for (const adapter of ["raw", "auto", "pcap:a,b"]) {
    ok(refusal({ vr, adapter, zeroCopy: true }, 3).includes("--adapter memory"));
  }
  equal(decideSettings({ vr, adapter: "af_xdp", zeroCopy: true }, none).zeroCopy, true);
  ok(refusal({ vr, queue: "x" }, 2).includes("lamport"));
  ok(refusal({ vr, balancer: "x" }, 2).includes("jsq"));
  ok(refusal({ vr, logLevel: "x" }, 2).includes("warning"));
  for (const vris of ["0", "-1", "65", "x", "1.5", ""]) {
    if (vris !== "") refusal({ vr, vris }, 2);
  }
  for (const cores of ["x", "3-1", "0,0", "1-", "99999"]) refusal({ vr, cores }, 2);
  for (const name of ["a b", "eth0:0", "eth0:4095", "eth0:x", "", "abcdefghijklmnop"]) {
    refusal({ vr, interface: [name] }, 2);
  }
  refusal({ vr, interface: ["eth0", "eth0"] }, 3);
  refusal({ vr, socket: "/" + "x".repeat(200) }, 2);
});

Deno.test("an adapter without interfaces is what its text says, also when it is written down", () => {
  const text = "memory:sizes=84/1538,count=1M";
  const { adapter, zeroCopy } = decideSettings({ vr, adapter: text, zeroCopy: true }, none);
  ok(zeroCopy && adapter !== null && typeof adapter === "object" && adapter.adapter === "memory");
  equal(runFields.adapter.write(adapter), text);
  deepEqual(runFields.adapter.read(text), adapter);
});

Deno.test("the same subnet may be on two ports of one interface, tagged and untagged", () => {
  equal(decideSettings({ vr, interface: ["eth0", "eth0:100"] }, none).interfaces.length, 2);
});

Deno.test("socketPath() takes option, environment, default in this order", () => {
  equal(socketPath("/a", () => "/b"), "/a");
  equal(socketPath(undefined, () => "/b"), "/b");
  equal(socketPath(undefined, none), "/run/lvrm/lvrm.sock");
});

Deno.test("slotsFor() takes jumbo slots only where a frame would not fit", () => {
  const { slot_bytes, jumbo_slot_bytes } = limits;
  equal(slotsFor([1500, 1500], 1).bytes, slot_bytes);
  equal(slotsFor([slot_bytes - 14 - 66], 1).bytes, slot_bytes);
  equal(slotsFor([slot_bytes - 14 - 66 + 1], 1).bytes, jumbo_slot_bytes);
  equal(slotsFor([1500, 9000], 1).bytes, jumbo_slot_bytes);
  equal(slotsFor([largestMtu(slot_bytes)], 1).bytes, slot_bytes);
});

Deno.test("slotsFor() gives every VRI a share to work with", () => {
  deepEqual([1, 8, 9, 64].map((vris) => slotsFor([1500], vris).count), [8192, 8192, 16384, 32768]);
  deepEqual([8, 64].map((vris) => slotsFor([9000], vris).count), [4096, 16384]);
});

Deno.test("decideSettings() takes load estimators, weights and idle thresholds", () => {
  const env: Record<string, string> = {
    LVRM_LOAD_ESTIMATOR: "busy_fraction",
    LVRM_LOAD_WEIGHT: ".5",
    LVRM_BUSY_POLL: "1",
    LVRM_IDLE_SPINS: "0",
    LVRM_IDLE_YIELDS: "100",
  };
  const { vrs, busyPoll, idle } = decideSettings({ vr }, (name) => env[name]);
  const { loadEstimator, loadWeight } = vrs[0]!;
  deepEqual([loadEstimator, loadWeight, busyPoll, idle], [1, 128, true, { spins: 0, yields: 100 }]);
  const given = decideSettings({ vr, loadWeight: "1", idleSpins: "9" }, (name) => env[name]);
  deepEqual([given.vrs[0]!.loadWeight, given.idle.spins], [256, 9]);
  ok(refusal({ vr, loadEstimator: "x" }, 2).includes("queue_length, busy_fraction, arrival_rate"));
  for (const loadWeight of ["0", "1.1", "-1", "x", "0.001", "1e-1"]) {
    ok(refusal({ vr, loadWeight }, 2).includes("0.125"));
  }
  for (const idleSpins of ["x", "-1", "1000001", "99999999", "1.5"]) {
    ok(refusal({ vr, idleSpins }, 2).includes("--idle-spins"));
    ok(refusal({ vr, idleYields: idleSpins }, 2).includes("--idle-yields"));
  }
});

const allocation = (options: RunOptions, env: Record<string, string> = {}) => {
  const { allocator, vris, minCores, maxCores } = decideSettings(
    { vr, ...options },
    (name) => env[name],
  ).vrs[0]!;
  return [allocator, vris, minCores, maxCores];
};

Deno.test("--vris means fixed; with other allocators it starts with the fewest cores", () => {
  deepEqual(allocation({ vris: "3" }), ["fixed", 3, 1, null]);
  deepEqual(allocation({ allocator: "fixed" }), ["fixed", 1, 1, null]);
  deepEqual(allocation({ allocator: "service_rate", minCores: "2" }), ["service_rate", 2, 2, null]);
  deepEqual(allocation({ maxCores: "4" }), ["dynamic", 1, 1, 4]);
  // The command line's word on either goes before the environment's on both.
  deepEqual(allocation({ vris: "2" }, { LVRM_ALLOCATOR: "dynamic" }), ["fixed", 2, 1, null]);
  deepEqual(allocation({ allocator: "dynamic" }, { LVRM_VRIS: "3" }), ["dynamic", 1, 1, null]);
  equal(decideSettings({ vr, vris: "2" }, none).overcommit, true);
  equal(decideSettings({ vr, allocator: "fixed" }, none).overcommit, false);
  const refused = refusal({ vr, vris: "2", allocator: "service_rate" }, 2);
  ok(refused.includes("--min-cores") && refused.includes("--max-cores"), refused);
});

Deno.test("decideSettings() takes what belongs to cores, with units", () => {
  const given = { coreRate: "1.5Mfps", placement: "non_sibling", period: "50ms" };
  const settings = decideSettings({ vr, ...given, dryRun: true, overcommit: true }, none);
  equal(settings.vrs[0]!.coreRate_fps, 1_500_000);
  deepEqual([settings.placement, settings.period_ms], ["non_sibling", 50]);
  deepEqual([settings.dryRun, settings.overcommit], [true, true]);
  const env: Record<string, string> = {
    LVRM_CORE_RATE: "70k",
    LVRM_PERIOD: "2s",
    LVRM_DRY_RUN: "1",
  };
  const other = decideSettings({ vr }, (name) => env[name]);
  deepEqual([other.vrs[0]!.coreRate_fps, other.period_ms, other.dryRun], [70_000, 2000, true]);
  ok(refusal({ vr, allocator: "x" }, 2).includes("dynamic, fixed, service_rate"));
  match(refusal({ vr, placement: "x" }, 2), /known: sibling, .*non_sibling.*same/);
  ok(refusal({ vr, period: "1" }, 2).includes("1 seconds are 1s"));
  for (const period of ["49ms", "2min", "x", "-1s"]) refusal({ vr, period }, 2);
  for (const coreRate of ["0", "-5", "x", "60q"]) refusal({ vr, coreRate }, 2);
  for (const cores of ["0", "65", "x"]) {
    refusal({ vr, minCores: cores }, 2);
    refusal({ vr, maxCores: cores }, 2);
  }
});

Deno.test("decideSettings() refuses what contradicts itself", () => {
  ok(refusal({ vr, minCores: "3", maxCores: "2" }, 3).includes("vr1: its fewest cores, 3"));
  ok(refusal({ vr, vris: "3", maxCores: "2" }, 3).includes("3 VRIs are more than"));
  ok(refusal({ vr, vris: "1", minCores: "2" }, 3).includes("less than its fewest"));
});

Deno.test("a wrong variable is named as it was written", () => {
  const env: Record<string, string> = { LVRM_CORE_RATE: "fast" };
  try {
    decideSettings({ vr }, (name) => env[name]);
  } catch (error) {
    ok(error instanceof Failure && error.message.startsWith("LVRM_CORE_RATE=fast: "), `${error}`);
    return;
  }
  throw new Error("it was taken");
});
