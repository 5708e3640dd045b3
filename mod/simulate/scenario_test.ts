import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Failure } from "../config/mod.ts";
import { readScenario } from "./scenario.ts";

const history = JSON.stringify({
  decisions: [
    { vr: "a", uptime_ms: 5000, inputs: { arrival_rate_fps: 100 } },
    { vr: "a", uptime_ms: 7000, inputs: { arrival_rate_fps: 300 } },
  ],
});
const files: Record<string, string> = {
  "x/history.json": history,
  "x/rows.json": JSON.stringify({ rows: [{ vr: "a", t_s: 1, offered_fps: 7 }] }),
  "x/no.json": "{}",
  "x/not.json": "a: b",
};
const read = (text: string) =>
  readScenario(text, "x/s.yaml", (path) => {
    const content = files[path];
    if (content === undefined) throw new Error(`there is no file ${path}`);
    return content;
  });
const one = (vr: string) => `duration: 60s\ncores: 4\nvrs:\n  - ${vr}\n`;

Deno.test("scenario: what is left out is as by default", () => {
  const scenario = read(one("traffic: {steady: 30k}"));
  const { vrs, ...rest } = scenario;
  deepEqual(rest, {
    name: "x/s.yaml",
    duration_s: 60,
    period_ms: 1000,
    cores: 4,
    overcommit: false,
    seed: 1,
    start_ms: 20,
  });
  const [vr] = vrs;
  deepEqual([vr!.policy.name, vr!.policy.allocator, vr!.policy.weight], ["vr1", "dynamic", 1]);
  deepEqual([vr!.capacity_fps, vr!.queue_frames, vr!.noise], [60_000, 4096, 0]);
  equal(vr!.rate(17), 30_000);
});

Deno.test("scenario: values at the top are for all VRs, a VR's own go before", () => {
  const { vrs } = read(`duration: 1min
cores: 8
allocator: service_rate
core_capacity: 2Mfps
vrs:
  - {name: a, count: 2, shift: 10s, core_capacity: 1Mfps, weight: 2,
     traffic: {steps: {rates: [1, 2], every: 15s}}}
  - {vris: 3, max_cores: 4,
     traffic: {steady: 0, bursts: {base: 1, peak: 5, every: 10s, length: 2s}}}
`);
  deepEqual(vrs.map((vr) => vr.policy.name), ["a-1", "a-2", "vr2"]);
  deepEqual(vrs.map((vr) => vr.policy.allocator), ["service_rate", "service_rate", "fixed"]);
  deepEqual(vrs.map((vr) => vr.capacity_fps), [1e6, 1e6, 2e6]);
  deepEqual([vrs[1]!.policy.weight, vrs[2]!.policy.vris, vrs[2]!.policy.maxCores], [2, 3, 4]);
  deepEqual([vrs[0]!.rate(15), vrs[1]!.rate(15), vrs[1]!.rate(25)], [2, 1, 2]);
  deepEqual([vrs[2]!.rate(7.9), vrs[2]!.rate(8), vrs[2]!.rate(10)], [1, 5, 1]);
});

Deno.test("scenario: shapes of traffic", () => {
  const rate = (shape: string) => read(one(`traffic: {${shape}}`)).vrs[0]!.rate;
  const day = rate("day: {low: 10, high: 30, peak: 6h}");
  deepEqual([day(6 * 3600), Math.round(day(18 * 3600)), Math.round(day(12 * 3600))], [30, 10, 20]);
  const flash = rate("flash: {base: 10, peak: 110, at: 10s, rise: 10s, hold: 5s, fall: 20s}");
  deepEqual([0, 10, 15, 20, 25, 35, 45, 99].map(flash), [10, 10, 60, 110, 110, 60, 10, 10]);
  const recorded = rate("recorded: {file: history.json, vr: a, scale: 2}");
  deepEqual([0, 1, 2, 9].map(recorded), [200, 400, 600, 600]);
  equal(rate("recorded: {file: rows.json, vr: a}")(3), 7);
});

/** File, then for each error its place and what it says. */
const wrong: Record<string, [string, ...[string, RegExp][]]> = {
  "nothing": ["", ["1:1", /./]],
  "no VR": ["duration: 1s\ncores: 1\nvrs: []\n", ["3:6", /at least one entry/]],
  "unknown keys": [
    `durations: 1s\n${one("{trafic: {}, traffic: {stedy: 1}}")}`,
    ["1:1", /no key "durations" here; did you mean duration\?/],
    ["5:6", /no key "trafic" here; did you mean traffic\?/],
    ["5:28", /no key "stedy" here; did you mean steady\?/],
  ],
  "bad values": [
    "duration: 60\ncores: -1\nseed: x\nvrs:\n  - {noise: 2, traffic: {steady: fast}}\n",
    ["1:11", /60 seconds are 60s/],
    ["2:8", /a number, 0 to 4096/],
    ["3:7", /it must be a number/],
    ["5:13", /from 0 to 1/],
    ["5:34", /a rate in frames per second/],
  ],
  "missing values": [
    one("traffic: {steps: {rates: []}}"),
    ["4:30", /at least one entry/],
    ["4:22", /the key every is missing: it must be a time/],
  ],
  "several missing values": [
    "cores: 1\nvrs:\n  - traffic: {flash: {base: 1, peak: 2, at: 1s, rise: 1s}}\n",
    ["1:1", /the key duration is missing/],
    ["3:22", /the key hold is missing|the key fall is missing/],
    ["3:22", /the key hold is missing|the key fall is missing/],
  ],
  "two VRs of one name": [
    "duration: 1s\ncores: 1\nvrs:\n- {traffic: {steady: 1}}\n" +
    "- {name: vr1, traffic: {steady: 1}}\n",
    ["5:10", /two VRs are called vr1/],
  ],
  "no traffic": [one("{traffic: {}}"), ["4:15", /no traffic: name steady, steps, bursts/]],
  "contradictions": [
    one("{min_cores: 5, max_cores: 2, traffic: {steady: 1}}"),
    ["4:17", /fewest cores, 5, are more than its most, 2/],
  ],
  "thresholds out of order": [
    one("{grow_at: 1, shrink_at: 1.1, traffic: {steady: 1}}"),
    ["4:29", /thresholds are out of order/],
  ],
  "bursts longer than what lies between": [
    one("traffic: {bursts: {base: 1, peak: 2, every: 1s, length: 2s}}"),
    ["4:61", /a burst is longer/],
  ],
  "VRs that are no list": ["duration: 1s\ncores: 1\nvrs: {a: 1}\n", ["3:6", /must be a list$/]],
  "histories": [
    `duration: 1s\ncores: 1\nvrs:
  - {traffic: {recorded: {file: gone.json}}}
  - {traffic: {recorded: {file: no.json}}}
  - {traffic: {recorded: {file: not.json}}}
  - {traffic: {recorded: {file: history.json}}}
`,
    ["4:33", /there is no file x\/gone\.json/],
    ["5:33", /neither rows nor decisions/],
    ["6:33", /it is not JSON/],
    ["7:33", /there is no VR vr4 in it; it has a/],
  ],
  "too much": [
    "duration: 700h\nperiod: 50ms\ncores: 1\nvrs:\n  - {count: 9, traffic: {steady: 1}}\n",
    ["5:3", /9 VRs over 50400000 periods are too much/],
  ],
};

for (const [name, [text, ...expected]] of Object.entries(wrong)) {
  Deno.test(`scenario: refused with file, line and column: ${name}`, () => {
    try {
      read(text);
    } catch (error) {
      ok(error instanceof Failure, String(error));
      equal(error.code, 3);
      const told = error.message.split("\n").filter((line) => line.startsWith("x/s.yaml:"));
      for (const [place, words] of expected) {
        const line = told.find((it) => it.startsWith(`x/s.yaml:${place}: `));
        ok(line !== undefined, `nothing at ${place}:\n${error.message}`);
        match(line, words);
      }
      if (text !== "") equal(told.length, expected.length, error.message);
      return;
    }
    throw new Error("it was taken");
  });
}
