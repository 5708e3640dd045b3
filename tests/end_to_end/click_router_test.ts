/** The standard IP router of two interfaces in Click's language (`examples/router.click`). */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  hostInterface,
  imbalance,
  type Lvrm,
  parse,
  Testbed,
  type TestbedOptions,
} from "../testbed/mod.ts";

const router = new URL("../../vrs/click/examples/router.click", import.meta.url).pathname;

/** A testbed whose gateway runs the router between s1 and r1. */
async function withRouter(
  use: (bed: Testbed, lvrm: Lvrm) => Promise<void>,
  options: TestbedOptions = {},
  more: string[] = [],
): Promise<void> {
  await using bed = await Testbed.create(options);
  const lvrm = await bed.startLvrm([
    ...["--vr", `0.0.0.0/0=clickvr:${router} A=s1 B=r1`],
    ...["--interface", "s1", "--interface", "r1"],
    ...more,
  ]);
  await use(bed, lvrm);
}

/** What a handler says. */
export async function read(lvrm: Lvrm, handler: string): Promise<string> {
  const done = await lvrm.command("handlers", "vr1", handler);
  if (done.code !== 0) throw new Error(done.stderr);
  return done.stdout.trim();
}

Deno.test("click router: pings pass, the first included, and a trace shows the gateway", () =>
  withRouter(async (bed, lvrm) => {
    const to = bed.r1.link.host4;
    const first = await bed.s1.ping(to, { count: 1, timeout_ms: 5000 });
    deepEqual([first.received, first.errors], [1, []], "it waits for the answer to an ARP query");
    const more = await bed.s1.ping(to, { count: 200, interval_ms: 2, linger_ms: 100 });
    deepEqual([more.received, more.duplicates, more.corrupt, more.errors], [200, 0, 0, []]);
    const path = await bed.s1.trace(to);
    deepEqual(path.map((hop) => hop.from), [bed.s1.link.gateway4, to]);
    const spent = await bed.s1.ping(to, { count: 1, ttl: 1 });
    deepEqual(spent.errors.map((it) => [it.type, it.code]), [[11, 0]]);
    // It learned its neighbours by ARP replies that lvrm let it see.
    for (const querier of ["arp_a", "arp_b"]) {
      ok(Number(await read(lvrm, `${querier}.responses`)) > 0, `${querier} heard nothing`);
      match(await read(lvrm, `${querier}.table`), /^10\.0\.1?1\.2 1 /);
    }
    equal(await read(lvrm, "out_b/ttl.drops"), "2", "a ping and the trace");
  }));

Deno.test("click router: TCP carries equal contents both ways", () =>
  withRouter(async (bed, lvrm) => {
    await bed.r1.serve();
    const amount = { up_bytes: 8_000_000, down_bytes: 8_000_000 };
    const { up_bytes, down_bytes } = await bed.s1.transfer(bed.r1.link.host4, amount);
    deepEqual({ up_bytes, down_bytes }, amount);
    const status = await lvrm.atRest();
    equal(imbalance(status), 0);
    ok(status.vrs[0]!.sent_frames > 10_000, "it went through the VR, not around it");
  }));

Deno.test("click router: too big is answered with the MTU, or fragmented where allowed", () =>
  withRouter(async (bed) => {
    const to = bed.r1.link.host4;
    const fits = await bed.s1.ping(to, { count: 1, size: 1472, dont_fragment: true });
    equal(fits.received, 1);
    const big = await bed.s1.ping(to, { count: 1, size: 1473, dont_fragment: true });
    deepEqual(big.errors, [{ type: 3, code: 4, mtu: 1500, from: bed.s1.link.gateway4 }]);
    await bed.r1.serve();
    const sizes = await bed.s1.datagrams(to, 1400, 6000);
    deepEqual([sizes.missing, sizes.corrupt], [[], []]);
  }, { mtu: { s1: 9000 } }));

Deno.test("click router: who takes the long way is told the short one", () =>
  withRouter(async (bed) => {
    const neighbour = "10.0.1.99";
    await bed.s1.ip(`route add ${neighbour}/32 via ${bed.s1.link.gateway4}`);
    const frames = await bed.s1.capture(
      () => bed.s1.ping(neighbour, { count: 2, timeout_ms: 300 }),
      { interface: hostInterface },
    );
    const redirects = frames.map((it) => parse(it))
      .filter((it) => it.protocol === 1 && it.payload?.[0] === 5);
    ok(redirects.length > 0, "no redirect came");
    const { payload, source } = redirects[0]!;
    equal(source, bed.s1.link.gateway4);
    deepEqual([payload![1], [...payload!.slice(4, 8)]], [1, [10, 0, 1, 99]], "host; use it itself");
  }));

Deno.test("click router: a VRI that is killed during TCP is replaced, and TCP goes on", () =>
  withRouter(
    async (bed, lvrm) => {
      await bed.r1.serve();
      const amount = { up_bytes: 6_000_000, down_bytes: 6_000_000 };
      const transfer = bed.s1.transfer(bed.r1.link.host4, { ...amount, rate_bps: 24_000_000 });
      for (let i = 0; i < 2; i++) {
        await new Promise((resolve) => setTimeout(resolve, 400));
        const running = (await lvrm.status()).vrs[0]!.vris.filter((it) => it.state === "running");
        Deno.kill(running[i % running.length]!.pid!, "SIGKILL");
      }
      const { up_bytes, down_bytes } = await transfer;
      deepEqual({ up_bytes, down_bytes }, amount);
      const status = await lvrm.until(
        (it) => it.totals.in_flight_frames === 0 && it.vrs[0]!.vris.some((vri) => vri.restarts > 0),
        "replaced",
      );
      equal(imbalance(status), 0);
    },
    {},
    ["--vris", "2", "--overcommit"],
  ));
