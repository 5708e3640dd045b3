import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { Failure } from "../config/mod.ts";
import { type GeneratedTrace, type MemorySource, parseSource } from "../config/source.ts";
import { parsePrefix } from "../netlink/mod.ts";
import { traceSpecs } from "./trace_specs.ts";

const macs = { source: new Uint8Array(6), destination: new Uint8Array(6) };
const served = ["10.0.1.0/24", "fd00:1::/64", "0.0.0.0/0"].map((text) => parsePrefix(text)!);
const generated = (text: string): GeneratedTrace =>
  (parseSource(`memory:${text}`) as MemorySource).generated!;

Deno.test("sources are the VRs' own subnets, or those asked for", () => {
  const of = (text: string) =>
    traceSpecs(generated(text), served, macs).map((it) => [it.family, it.sourceLength]);
  deepEqual(of("sizes=94"), [[4, 24], [6, 64]]);
  deepEqual(of("subnets=10.9.0.0/16"), [[4, 16]]);
  deepEqual(
    traceSpecs(generated(""), served.slice(2), macs).map((it) => [...it.source, it.sourceLength]),
    [[10, 0, 0, 0, 16]],
  );
});

Deno.test("flows, sizes and sources come equally often", () => {
  for (const text of ["flows=1000,sizes=84/1538", "flows=7,sizes=84/85/86", "flows=5000"]) {
    const trace = generated(`${text},subnets=10.1.0.0/16+10.2.0.0/16`);
    const specs = traceSpecs(trace, [], macs);
    equal(specs.length, 2);
    for (const { frames, flows, sizes } of specs) {
      equal(flows, Math.ceil(trace.flows / 2));
      equal(frames % flows, 0);
      equal(frames % sizes.length, 0);
      ok(frames * 2 >= 4096);
    }
  }
});

Deno.test("destinations spread over the prefix, within bounds", () => {
  const of = (to: string) => {
    const [spec] = traceSpecs(generated(`subnets=10.0.0.0/8,to=${to}`), [], macs);
    return [spec!.destinations, spec!.destinationLength];
  };
  deepEqual(of("16.0.0.0/8"), [65536, 24]);
  deepEqual(of("198.18.0.0/15"), [512, 24]);
  deepEqual(of("198.18.0.0/25"), [128, 32]);
  deepEqual(of("198.18.0.1/32"), [1, 32]);
});

Deno.test("what cannot be generated is refused with a cure", () => {
  const refuse = (text: string, expected: RegExp) =>
    throws(() => traceSpecs(generated(text), served, macs), (error) => {
      ok(error instanceof Failure && error.code === 3);
      return expected.test(error.message);
    });
  refuse("sizes=84", /too short for IPv6: sizes= from 94/);
  refuse("sizes=94,to=16.0.0.0/8", /no destination for sources in fd00:1::\/64.*IPv6/);
  refuse("flows=1M,sizes=94/95/96", /at most 1048576/);
});
