/** The ingress table in the kernel: a gateway that forwards, with and without it. Needs root. */
import assert from "node:assert/strict";
import {
  addressesOf,
  countWith,
  eventually,
  type Host,
  mark,
  type Running,
  Testbed,
  udpFrame,
} from "../../tests/testbed/mod.ts";

const holder = new URL("./table_test_holder.ts", import.meta.url).pathname;
const s1 = addressesOf("s1");
const s2 = addressesOf("s2");
const r1 = addressesOf("r1");
const r2 = addressesOf("r2");

interface Report {
  missing: string[];
  drops: Record<string, number>;
  clashes: string[];
  bypassed: { family: string; table: string; chain: string; hook: string }[];
  names: string[];
}

/** The newest complete line that a holder printed. */
function report(held: Running): Report | null {
  const lines = held.stdout.text.split("\n").slice(0, -1);
  return lines.length > 0 ? JSON.parse(lines.at(-1)!) : null;
}

/** What the holder sees from now on, two lines later. */
async function fresh(held: Running): Promise<Report> {
  const lines = () => held.stdout.text.split("\n").length;
  const before = lines();
  await eventually(() => Promise.resolve(lines() >= before + 2), "a report of the holder", 10_000);
  return report(held)!;
}

async function hold(gateway: Host, ports: object[], served: string[]): Promise<Running> {
  const plan = JSON.stringify({ ports, served });
  const held = gateway.spawn(Deno.execPath(), ["run", "-A", "--no-check", holder, plan]);
  const printed = () => Promise.resolve(report(held) !== null || held.ended);
  await eventually(printed, "the ingress table", 20_000);
  assert.ok(!held.ended, held.stderr.text);
  return held;
}

const untagged = (name: string, promiscuous: string[] = []) => ({
  interface: name,
  vlan: null,
  promiscuous,
});

async function received(host: Host, destination: string): Promise<number> {
  const result = await host.ping(destination, { count: 3, interval_ms: 50, timeout_ms: 500 });
  return result.received;
}

Deno.test("served frames are lvrm's alone, all else stays the kernel's", async () => {
  await using bed = await Testbed.create({ forwarding: true });
  assert.equal(await received(bed.s1, r1.host4), 3, "the kernel forwards at first");
  assert.equal(await received(bed.s1, r1.host6), 3);
  {
    await using held = await hold(bed.gateway, [untagged("s1"), untagged("r1")], [
      s1.subnet4,
      s1.subnet6,
    ]);
    const marked = mark();
    const frame = udpFrame({
      to: await bed.gateway.mac("s1"),
      from: await bed.s1.mac(),
      source: s1.host4,
      destination: r1.host4,
      ttl: 1,
      data: marked,
    });
    const answers = await bed.s1.capture(async () => {
      const seen = await bed.gateway.capture(() => bed.s1.sendFrames([frame]), { interface: "s1" });
      assert.equal(countWith(seen, marked), 1, "capture comes before the table");
    });
    assert.equal(countWith(answers, marked), 0, "no time exceeded from the kernel");
    assert.equal(await received(bed.s1, r1.host4), 0);
    assert.equal(await received(bed.s1, r1.host6), 0);
    assert.equal(await received(bed.s2, r2.host4), 3, "other subnets are forwarded");
    assert.equal(await received(bed.s2, r2.host6), 3);
    for (const own of [s1.gateway4, s1.gateway6, r1.gateway4, s2.gateway6]) {
      assert.equal(await received(bed.s1, own), 3, `the gateway's own ${own}`);
    }
    const large = await bed.s1.ping(s1.gateway4, { count: 2, size: 5000, timeout_ms: 500 });
    assert.equal(large.received, 2, "fragments to the gateway");
    assert.ok((await fresh(held)).drops["s1:-"]! >= 7);
    held.kill("SIGKILL");
    await held.status;
  }
  await eventually(async () => await received(bed.s1, r1.host4) === 3, "forwarding again", 5000);
  assert.equal(await received(bed.s1, r1.host6), 3);
});

Deno.test("only frames to this host, or promiscuously others' too, by their tag", async () => {
  await using bed = await Testbed.create({ forwarding: true });
  const ports = [
    untagged("s1"),
    { interface: "s1", vlan: 100, promiscuous: [] },
    untagged("s2", [s2.subnet4, s2.subnet6]),
  ];
  const within = "10.0.2.128/25"; // another VR's part of s2's subnet
  const served = [s1.subnet4, s2.subnet4, s2.subnet6, within];
  await using held = await hold(bed.gateway, ports, served);
  const send = async (host: Host, link: typeof s1, change: object) => {
    const frame = udpFrame({
      to: await bed.gateway.mac(host.name),
      from: await host.mac(),
      source: link.host4,
      destination: r1.host4,
      data: mark(),
      ...change,
    });
    await host.sendFrames([frame]);
    const { drops } = await fresh(held);
    return [drops["s1:-"], drops["s1:100"], drops["s2:-"]];
  };
  const other = "02:00:00:00:77:77";
  assert.deepEqual(await send(bed.s1, s1, {}), [1, 0, 0]);
  assert.deepEqual(await send(bed.s1, s1, { vlan: 100 }), [1, 1, 0]);
  assert.deepEqual(await send(bed.s1, s1, { vlan: 0xe000 | 100 }), [1, 2, 0], "with priority");
  assert.deepEqual(await send(bed.s1, s1, { vlan: 200 }), [1, 2, 0], "another tag");
  assert.deepEqual(await send(bed.s1, s1, { to: other }), [1, 2, 0], "another host");
  assert.deepEqual(await send(bed.s1, s1, { to: "ff:ff:ff:ff:ff:ff" }), [1, 2, 0], "broadcast");
  assert.deepEqual(await send(bed.s1, s1, { source: r2.host4 }), [1, 2, 0], "unserved source");
  assert.deepEqual(await send(bed.s1, s1, { destination: "224.0.0.251" }), [1, 2, 0], "multicast");
  assert.deepEqual(await send(bed.s1, s1, { destination: s2.gateway4 }), [1, 2, 0], "own");
  assert.deepEqual(await send(bed.s2, s2, { to: other }), [1, 2, 1], "promiscuous");
  assert.deepEqual(await send(bed.s2, s2, { to: "ff:ff:ff:ff:ff:ff" }), [1, 2, 1]);
  const others = { to: other, source: s1.host4 };
  assert.deepEqual(await send(bed.s2, s2, others), [1, 2, 1], "of a VR that isn't promiscuous");
  const longer = { to: other, source: "10.0.2.200" };
  assert.deepEqual(await send(bed.s2, s2, longer), [1, 2, 1], "longer prefix of such a VR");
  const v6 = { source: s2.host6, destination: r1.host6 };
  assert.deepEqual(await send(bed.s2, s2, v6), [1, 2, 2]);
  assert.deepEqual(await send(bed.s2, s2, { ...v6, vlan: 100 }), [1, 2, 2]);
});

Deno.test("a chain follows its interface when that is made anew, and addresses", async () => {
  await using bed = await Testbed.create({ forwarding: true });
  await using held = await hold(bed.gateway, [untagged("later"), untagged("s1")], [
    "10.9.0.0/16",
    s1.subnet4,
  ]);
  assert.deepEqual((await fresh(held)).missing, ["later"]);
  for (let round = 0; round < 2; round++) {
    await bed.gateway.ip("link add later type veth peer name peer");
    await bed.gateway.ip("link set later up");
    await bed.gateway.ip("link set peer up");
    await eventually(async () => (await fresh(held)).missing.length === 0, "the chain", 5000);
    const frame = udpFrame({
      to: JSON.parse(await bed.gateway.ip("-j link show dev later"))[0].address,
      from: "02:00:00:00:00:01",
      source: "10.9.1.1",
      destination: r1.host4,
      data: mark(),
    });
    await bed.gateway.sendFrames([frame], { interface: "peer" });
    assert.equal((await fresh(held)).drops["later:-"], 1);
    await bed.gateway.ip("link del later");
    await eventually(async () => (await fresh(held)).missing.length === 1, "its end", 5000);
  }
  await bed.gateway.ip("address add 10.0.77.1/24 dev r1");
  await fresh(held);
  assert.equal(await received(bed.s1, "10.0.77.1"), 3, "a new address is the gateway's own");
});

Deno.test("another lvrm with the same subnet on the same interface is seen", async () => {
  await using bed = await Testbed.create();
  await using first = await hold(bed.gateway, [untagged("s1")], [s1.subnet4]);
  await using second = await hold(bed.gateway, [untagged("s1"), untagged("s2")], ["10.0.0.0/16"]);
  const { clashes, names } = await fresh(second);
  assert.deepEqual(names, [`lvrm-${first.pid}`]);
  assert.equal(clashes.length, 1);
  assert.match(clashes[0]!, new RegExp(`10\\.0\\.0\\.0/16 is served on s1 .*${first.pid}`));
  await using third = await hold(bed.gateway, [untagged("s2")], ["10.7.0.0/16"]);
  assert.deepEqual((await fresh(third)).clashes, []);
});
