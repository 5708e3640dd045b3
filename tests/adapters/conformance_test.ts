/**
 * One suite for every socket adapter of the manifest: each runs on the testbed, or says why it
 * can't. An adapter that this suite has to run on and doesn't is a failure.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { manifest } from "../../ffi/abi.gen.ts";
import { virtualAdapters } from "../../mod/config/source.ts";
import { isSettled, Lvrm, Testbed } from "../testbed/mod.ts";
import { compileStandIn } from "./pf_ring.ts";
import { scenarios } from "./scenarios.ts";
import { atRest, type Stage } from "./stage.ts";

/** Adapters that work wherever these tests run; with several dispatchers one does not. */
const demanded = ["raw", "packet_mmap", "pf_ring", "af_xdp"];
const lone = /^lvrm: --dispatchers 2 and --adapter pf_ring exclude each other: .*take packet_mmap$/;

/** PF_RING's module can't be loaded here. */
const directory = Deno.makeTempDirSync({ prefix: "lvrm-adapters-" });
addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));
const standIn = await compileStandIn(directory);

const results: Record<string, string> = {};

/** Starts lvrm on every interface, or says in its words why that can't be. */
async function start(bed: Testbed, adapter: string, dispatchers: number): Promise<Lvrm | string> {
  const ports = ["s1", "s1:100", "s2", "r1", "r2"].flatMap((name) => ["--interface", name]);
  const lvrm = await Lvrm.start(bed.gateway, [
    ...["--adapter", adapter, "--dispatchers", `${dispatchers}`, ...ports],
    ...["--vr", "10.0.0.0/16,fd00::/16=cppvr"],
    ...["--vr", "10.9.0.0/24=cppvr --relay s1:100=r2"],
  ], { until: "started", env: { LVRM_PFRING_LIBRARY: standIn } });
  try {
    while (!lvrm.process.ended) {
      const status = await lvrm.tryStatus();
      if (status !== undefined && isSettled(status)) return lvrm;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { code, stderr } = await lvrm.process.finish(1000, "lvrm");
    ok(code === 2 || code === 3 || code === 4, `${adapter}: exit ${code}: ${stderr}`);
    return stderr.trim().split("\n").at(-1)!;
  } catch (error) {
    await lvrm[Symbol.asyncDispose]();
    throw error;
  }
}

/** Both have had frames, and what both did is the whole. */
async function shared(stage: Stage): Promise<void> {
  const { dispatchers, totals } = await atRest(stage);
  const received = dispatchers.map((it) => it.received_frames);
  ok(received.length === 2 && received.every((it) => it > 1000), `${received}`);
  equal(received[0]! + received[1]!, totals.received_frames);
}

async function conform(t: Deno.TestContext, adapter: string, dispatchers: number): Promise<string> {
  // A queue for each dispatcher where the adapter goes by queues.
  const queues = adapter === "af_xdp" ? dispatchers : 1;
  await using bed = await Testbed.create({ mtu: { s1: 9000, r1: 9000 }, queues });
  const started = await start(bed, adapter, dispatchers);
  if (typeof started === "string") {
    ok(dispatchers > 1 && lone.test(started) || !demanded.includes(adapter), started);
    return `not run: ${started}`;
  }
  await using lvrm = started;
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path: lvrm.socket } });
  const stage: Stage = { bed, lvrm, adapter, client };
  for (const host of [bed.r1, bed.r2]) {
    await host.serve();
    await host.agent.call("udp_discard", { address: host.link.host4, port: 9 }); // lvrm-gen's
  }
  let passed = true;
  for (const [name, scenario] of Object.entries(scenarios)) {
    passed = await t.step(name, () => scenario(stage)) && passed;
  }
  if (dispatchers > 1) passed = await t.step("both have frames", () => shared(stage)) && passed;
  const left = await t.step("nothing is left when it ends", async () => {
    equal((await lvrm.stop()).code, 0);
    deepEqual(await lvrm.leftovers(), []);
    const links = JSON.parse(await bed.gateway.ip("-j -d link show"));
    for (const link of links) {
      deepEqual([link.promiscuity ?? 0, link.xdp], [0, undefined], link.ifname);
    }
  });
  return passed && left ? "passed" : "FAILED";
}

for (const adapter of manifest.adapters) {
  if (virtualAdapters.includes(adapter)) {
    results[adapter] = "needs no interface: tests/offline/conformance_test.ts";
    continue;
  }
  for (const dispatchers of [1, 2]) {
    const name = dispatchers === 1 ? adapter : `${adapter}, ${dispatchers} dispatchers`;
    results[name] = "FAILED";
    Deno.test(`adapter ${name}`, async (t) => {
      results[name] = await conform(t, adapter, dispatchers);
    });
  }
}

Deno.test("adapters: each passed, or is named with the reason", () => {
  const lines = Object.entries(results).map(([name, result]) => `${name}: ${result}`);
  console.log(lines.join("\n"));
  deepEqual(lines.filter((line) => line.includes("FAILED")), []);
});
