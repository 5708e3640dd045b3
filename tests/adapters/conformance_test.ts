/**
 * One suite for every socket adapter of the manifest: each runs on the testbed, or says why it
 * can't. An adapter that this suite has to run on and doesn't is a failure.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { manifest } from "../../ffi/abi.gen.ts";
import { virtualAdapters } from "../../mod/config/source.ts";
import { isSettled, Lvrm, Testbed } from "../testbed/mod.ts";
import { compileStandIn } from "./pf_ring.ts";
import { inPlaceScenarios } from "./in_place.ts";
import { scenarios, scenariosWithoutTags, tags } from "./scenarios.ts";
import { atRest, type Stage } from "./stage.ts";

/** How an adapter is run: by its name, or under another one with other VRs and links. */
interface Variant {
  readonly adapter: string;
  /** For all that are tested: each as its scenarios need it. */
  readonly vrs: readonly string[];
  /** For `tags` alone, where a single VR can't do that beside the rest. */
  readonly relay?: readonly string[];
  /** Of s1 and r1. */
  readonly mtu: number;
  readonly scenarios: Record<string, (stage: Stage) => Promise<void>>;
  /** What it says of itself. */
  readonly info?: RegExp;
  readonly dispatchers?: number;
}

const router = ["--vr", "10.0.0.0/16,fd00::/16=cppvr"];
const relay = ["--vr", "10.9.0.0/24=cppvr --relay s1:100=r2"];
const usual = { vrs: [...router, ...relay], mtu: 9000, scenarios };

const isVirtual = (adapter: string) => virtualAdapters.includes(adapter);

const variants: Record<string, Variant> = {
  ...Object.fromEntries(manifest.adapters.map((adapter) => [adapter, { adapter, ...usual }])),
  ...Object.fromEntries(
    manifest.adapters.filter((adapter) => !isVirtual(adapter)).map((adapter) => [
      `${adapter}, 2 dispatchers`,
      { adapter, ...usual, dispatchers: 2 },
    ]),
  ),
  // Where one VR alone is served and its slots are no larger than a page.
  "af_xdp (no copy)": {
    ...{ adapter: "af_xdp", vrs: router, relay, mtu: 1500, info: /; no copy by lvrm/ },
    scenarios: { ...scenariosWithoutTags, ...inPlaceScenarios },
  },
};

/** Those that work on every Linux that runs these tests. */
const demanded = ["raw", "packet_mmap", "pf_ring", "af_xdp", "af_xdp (no copy)"];
/** With several dispatchers one says that it can't. */
const lone = /^lvrm: --dispatchers 2 and --adapter pf_ring exclude each other: .*take packet_mmap$/;

/** PF_RING's module can't be loaded here. */
const directory = Deno.makeTempDirSync({ prefix: "lvrm-adapters-" });
addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));
const standIn = await compileStandIn(directory);

const results: Record<string, string> = {};

/** Starts lvrm on every interface, or says in its words why that can't be. */
async function start(
  bed: Testbed,
  adapter: string,
  vrs: readonly string[],
  dispatchers = 1,
): Promise<Lvrm | string> {
  const ports = ["s1", "s1:100", "s2", "r1", "r2"].flatMap((name) => ["--interface", name]);
  const lvrm = await Lvrm.start(bed.gateway, [
    ...["--adapter", adapter, "--dispatchers", `${dispatchers}`, ...ports],
    ...vrs,
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

for (const [name, variant] of Object.entries(variants)) {
  const { adapter } = variant;
  if (isVirtual(adapter)) {
    results[name] = "needs no interface: tests/offline/conformance_test.ts";
    continue;
  }
  Deno.test(`adapter ${name}`, async (t) => {
    const { mtu, dispatchers = 1 } = variant;
    // A queue for each dispatcher where the adapter goes by queues.
    const queues = adapter === "af_xdp" ? dispatchers : 1;
    await using bed = await Testbed.create({ mtu: { s1: mtu, r1: mtu }, queues });
    const started = await start(bed, adapter, variant.vrs, dispatchers);
    if (typeof started === "string") {
      results[name] = `not run: ${started}`;
      ok(dispatchers > 1 ? lone.test(started) : !demanded.includes(name), started);
      return;
    }
    await using lvrm = started;
    using client = Deno.createHttpClient({ proxy: { transport: "unix", path: lvrm.socket } });
    const stage: Stage = { bed, lvrm, adapter, client, mtu };
    for (const host of [bed.r1, bed.r2]) {
      await host.serve();
      await host.agent.call("udp_discard", { address: host.link.host4, port: 9 }); // lvrm-gen's
    }
    let passed = true;
    if (variant.info !== undefined) {
      const { interfaces } = await lvrm.status();
      for (const it of interfaces) match(it.adapter_info, variant.info, it.name);
    }
    for (const [name, scenario] of Object.entries(variant.scenarios)) {
      passed = await t.step(name, () => scenario(stage)) && passed;
    }
    if (dispatchers > 1) passed = await t.step("both have frames", () => shared(stage)) && passed;
    await t.step("nothing is left when it ends", async () => {
      equal((await lvrm.stop()).code, 0);
      deepEqual(await lvrm.leftovers(), []);
      const links = JSON.parse(await bed.gateway.ip("-j -d link show"));
      for (const link of links) {
        deepEqual([link.promiscuity ?? 0, link.xdp], [0, undefined], link.ifname);
      }
    });
    if (variant.relay !== undefined) {
      passed = await t.step("VLAN tags, in a run of their own", async () => {
        const other = await start(bed, adapter, variant.relay!);
        if (typeof other === "string") throw new Error(other);
        await using lvrm = other;
        using client = Deno.createHttpClient({ proxy: { transport: "unix", path: lvrm.socket } });
        match((await lvrm.status()).interfaces[0]!.adapter_info, variant.info!);
        await tags({ bed, lvrm, adapter, client, mtu });
      }) && passed;
    }
    results[name] = passed ? "passed" : "FAILED";
  });
}

Deno.test("adapters: each passed, or is named with the reason", () => {
  const lines = Object.keys(variants).map((name) => `${name}: ${results[name]}`);
  console.log(lines.join("\n"));
  deepEqual(lines.filter((line) => /FAILED|undefined/.test(line)), []);
});
