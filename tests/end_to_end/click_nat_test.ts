/** A network behind one address (`vrs/click/examples/nat.click`), by one VRI and by two. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { eventually, imbalance, type Lvrm, parse, Testbed } from "../testbed/mod.ts";

const nat = new URL("../../vrs/click/examples/nat.click", import.meta.url).pathname;
const address = "10.0.11.77";

/** s1 is behind it, r1 outside, and r1 knows no way to s1. */
async function withNat(
  vris: number,
  use: (bed: Testbed, lvrm: Lvrm) => Promise<void>,
  more: string[] = [],
): Promise<void> {
  await using bed = await Testbed.create();
  await bed.r1.ip("route delete default");
  const lvrm = await bed.startLvrm([
    "--vr",
    `0.0.0.0/0=clickvr:${nat} IN=s1 OUT=r1 ADDRESS=${address} GATEWAY=${bed.r1.link.host4}`,
    ...["--interface", "s1", "--interface", "r1", "--vris", String(vris), "--overcommit"],
    ...more,
  ]);
  await use(bed, lvrm);
}

Deno.test("click NAT: TCP, UDP and pings pass, and outside only its address is seen", () =>
  withNat(1, async (bed, lvrm) => {
    const to = bed.r1.link.host4;
    await bed.r1.serve();
    const frames = await bed.r1.capture(async () => {
      const ping = await bed.s1.ping(to, { count: 20, timeout_ms: 5000 });
      deepEqual([ping.received, ping.duplicates, ping.errors], [20, 0, []]);
      const sizes = await bed.s1.datagrams(to, 1, 200);
      deepEqual([sizes.missing, sizes.corrupt], [[], []]);
    });
    const sources = new Set(frames.map((it) => parse(it)).map((it) => it.source));
    ok(sources.has(address), `seen: ${[...sources].join(" ")}`);
    ok(!sources.has(bed.s1.link.host4), "an inner address was seen outside");
    const amount = { up_bytes: 4_000_000, down_bytes: 4_000_000 };
    const { up_bytes, down_bytes } = await bed.s1.transfer(to, amount);
    deepEqual({ up_bytes, down_bytes }, amount);
    const status = await lvrm.atRest();
    equal(imbalance(status), 0);
  }));

/** Flows of TCP that each VRI knows. */
async function known(lvrm: Lvrm): Promise<number[]> {
  const done = await lvrm.command("handlers", "vr1", "tcp.size", "--json");
  if (done.code !== 0) throw new Error(done.stderr);
  return JSON.parse(done.stdout).vris.map((it: { value: string }) => Number(it.value));
}

/** Many flows, and each VRI killed in turn: none of them may notice more than a pause. */
async function survives(bed: Testbed, lvrm: Lvrm): Promise<void> {
  const to = bed.r1.link.host4;
  await bed.r1.serve();
  // A flow's packets of both directions come to VRIs as the balancer likes.
  const amount = { up_bytes: 100_000, down_bytes: 100_000 };
  const many = Array.from({ length: 12 }, () => bed.s1.transfer(to, amount));
  for (const { up_bytes, down_bytes } of await Promise.all(many)) {
    deepEqual({ up_bytes, down_bytes }, amount);
  }
  await eventually(async () => {
    const flows = await known(lvrm);
    return flows.length === 2 && flows.every((it) => it === 12);
  }, "both know all flows");
  // Long flows, and first the one VRI is killed, then the other: what each knew goes on.
  const long = { up_bytes: 3_000_000, down_bytes: 3_000_000, rate_bps: 12_000_000 };
  const transfers = Array.from({ length: 4 }, () => bed.s1.transfer(to, long));
  for (const victim of ["vr1.1", "vr1.2"]) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const before = await lvrm.status();
    Deno.kill(before.vrs[0]!.vris.find((it) => it.id === victim)!.pid!, "SIGKILL");
    await lvrm.until(
      (it) => it.vrs[0]!.vris.find((vri) => vri.id === victim)!.restarts > 0,
      `${victim} was replaced`,
    );
    await eventually(async () => {
      const flows = await known(lvrm);
      return flows.length === 2 && flows.every((it) => it === 16);
    }, "the new one knows all flows");
  }
  for (const { up_bytes, down_bytes } of await Promise.all(transfers)) {
    deepEqual([up_bytes, down_bytes], [long.up_bytes, long.down_bytes]);
  }
}

Deno.test("click NAT: two VRIs know each other's flows, and go on with those of one that dies", () =>
  withNat(2, survives));

Deno.test("click NAT: a VRI that starts only then is told them before it gets frames", () =>
  withNat(2, survives, ["--standbys", "0"]));

Deno.test("click NAT: a neighbour that one VRI learned is known to the other", () =>
  withNat(2, async (bed, lvrm) => {
    equal((await bed.s1.ping(bed.r1.link.host4, { count: 1, timeout_ms: 5000 })).received, 1);
    await eventually(async () => {
      const done = await lvrm.command("handlers", "vr1", "arp_out.count", "--json");
      const { vris } = JSON.parse(done.stdout) as { vris: { value: string }[] };
      return vris.length === 2 && vris.every((it) => it.value === "1");
    }, "both know it");
  }));
