/** What every socket adapter has to bear, one after another on one running lvrm. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { addressesOf, type HostName } from "../testbed/addresses.ts";
import { hostInterface } from "../testbed/host.ts";
import { countWith, ethernet, mark, parse, type Status, udpFrame } from "../testbed/mod.ts";
import { ipBatch } from "../testbed/process.ts";
import { account, atRest, come, dropsBetween, port, reaches, seen, type Stage } from "./stage.ts";

/** Adapters that send through the kernel's queueing discipline. */
const queueing = ["raw", "packet_mmap", "pf_ring"];

/** Adapters that can't take super-frames. */
const refusing = ["pf_ring"];

const pings = { count: 50, interval_ms: 1, timeout_ms: 15_000 };

const wholeSizes = [60, 61, 62, 63, 64, 65, 127, 128, 129, 511, 512, 1024, 1513, 1514, 1515, 2048]
  .concat([2049, 4095, 4096, 8191, 8192, 9000, 9013, 9014]);

async function everySize(stage: Stage): Promise<void> {
  const { bed, mtu } = stage;
  const sizes = wholeSizes.filter((bytes) => bytes <= mtu + 14);
  await reaches(bed.s1, bed.r1.link.host4);
  const addresses = { source: bed.s1.link.host4, destination: bed.r1.link.host4 };
  const frames = (to: string, from: string, ttl: number): string[] =>
    sizes.map((bytes) => {
      const data = new Array<number>(bytes - 42).fill(0).map((_, i) => (i * 7 + bytes) & 255);
      return udpFrame({ to, from, ...addresses, ttl, data });
    });
  const gateway = bed.gateway;
  const outgoing = frames(await gateway.mac("s1"), await bed.s1.mac(), 64);
  const expected = frames(await bed.r1.mac(), await gateway.mac("r1"), 63);
  const ours = (await seen(stage, bed.r1, () => bed.s1.sendFrames(outgoing)))
    .filter((hex) => parse(hex).ttl === 63 && parse(hex).protocol === 17);
  deepEqual(ours.map((it) => it.length / 2), sizes);
  for (const [i, frame] of ours.entries()) equal(frame, expected[i], `${sizes[i]} bytes`);
  // By way of the kernels' own UDP, whose checksums are partial where offloads are on.
  for (const [address, first, last] of echoes(bed.r1.link)) {
    const { missing, corrupt } = await bed.s1.datagrams(address, first, last);
    deepEqual([missing, corrupt], [[], []], `${first} to ${last} bytes to ${address}`);
  }
}

const echoes = (link: { host4: string; host6: string }): [string, number, number][] => [
  [link.host4, 1, 1600],
  [link.host4, 8900, 8972], // frames of 9014 bytes
  [link.host6, 1400, 1500],
  [link.host6, 8940, 8952],
];

async function bursts(stage: Stage): Promise<void> {
  const { r1, r2 } = stage.bed;
  await reaches(stage.bed.s1, r1.link.host4);
  await reaches(stage.bed.s1, r2.link.host4);
  const few = await account(stage, r1, { count: 2000, burst: 64, rate_fps: 20_000 });
  equal(few.arrived, 2000, JSON.stringify(few));
  // As fast as they go, and more than any ring holds: what is lost is told.
  const many = await account(stage, r2, { count: 150_000, flows: 50, burst: 64 });
  ok(many.arrived > 1000, JSON.stringify(many));
}

/** Super-frames are refused with a reason, and the user is told what to do. */
async function refused({ bed, lvrm, adapter }: Stage): Promise<void> {
  const count = (it: Status): number => it.totals.drops["truncated"] ?? 0;
  const before = count(await lvrm.status());
  const call = { address: bed.r2.link.host4, port: 5000, segment: 1200, count: 40, timeout_s: 0.5 };
  const { returned } = await bed.s2.agent.call<{ returned: number }>("udp_segmented", call);
  equal(returned, 0, adapter);
  await lvrm.until((it) => count(it) === before + 1, "the super-frame is told");
  await lvrm.until(() => /ethtool -K .*gso off/.test(lvrm.log), "and what to do");
}

/** Where super-frames are refused: what is left when segmentation is off. */
async function offloads(stage: Stage): Promise<void> {
  if (!refusing.includes(stage.adapter)) return await streams(stage);
  await refused(stage);
  await stage.bed.setOffloads(false, ["tso", "gso", "gro"]);
  await streams(stage, false); // UDP's segmentation is another feature
}

async function streams(stage: Stage, segmented = true): Promise<void> {
  const { bed, adapter } = stage;
  const before = await atRest(stage);
  const amount = { up_bytes: 3_000_000, down_bytes: 3_000_000 };
  for (
    const [from, address] of [[bed.s1, bed.r1.link.host4], [bed.s2, bed.r2.link.host6]] as const
  ) {
    const { up_bytes, down_bytes } = await from.transfer(address, amount);
    deepEqual({ up_bytes, down_bytes }, amount, `${adapter}: TCP to ${address}`);
  }
  for (const address of segmented ? [bed.r2.link.host4, bed.r2.link.host6] : []) {
    const call = { address, port: 5000, segment: 1200, count: 40 };
    const { returned } = await bed.s2.agent.call<{ returned: number }>("udp_segmented", call);
    equal(returned, 40, `segments of one super-frame to ${address}`);
  }
  deepEqual(dropsBetween(before, await atRest(stage)), {});
}

async function noOffloads(stage: Stage): Promise<void> {
  await stage.bed.setOffloads(false);
  await streams(stage);
  await stage.bed.setOffloads(true);
}

/** `s1:100` is relayed to r2 and back, beside the untagged s1. */
export async function tags(stage: Stage): Promise<void> {
  const { bed } = stage;
  const addresses = { source: "10.9.0.2", destination: "10.9.0.3" };
  const [to, from] = ["02:00:00:00:09:03", "02:00:00:00:09:02"];
  for (const [vlan, times] of [[100, 1], [101, 0], [undefined, 0]] as const) {
    const data = [...mark(), ...mark(), ...mark()]; // long enough: no padding
    const frame = { to, from, ...addresses, data };
    const tagged = udpFrame(vlan === undefined ? frame : { ...frame, vlan });
    const ours = (await seen(stage, bed.r2, () => bed.s1.sendFrames([tagged])))
      .filter((hex) => countWith([hex], data) > 0);
    equal(ours.length, times, `tag ${vlan}`);
    for (const hex of ours) equal(hex, udpFrame(frame), "the tag is taken out, nothing else");
  }
  const data = [...mark(), ...mark(), ...mark()];
  const back = { to: from, from: to, source: "10.9.0.3", destination: "10.9.0.2", data };
  const ours = (await seen(stage, bed.s1, () => bed.r2.sendFrames([udpFrame(back)])))
    .filter((hex) => countWith([hex], data) > 0);
  deepEqual(ours, [udpFrame({ ...back, vlan: 100 })], "the tag is put in");
  // 802.1ad's outer tag is nobody's port: the kernel's, counted once. (Neighbours may be probed
  // meanwhile: a few frames more.)
  const before = await atRest(stage);
  const inner = udpFrame({ to, from, ...addresses, data, vlan: 100 });
  const outer = inner.slice(0, 24) + "88a80064" + inner.slice(24);
  await bed.s1.sendFrames([outer], { repeat: 50 });
  const kept = keptBetween(before, await atRest(stage));
  ok(kept >= 50 && kept < 70, `${kept} of 50 kept`);
}

const keptBetween = (before: Status, after: Status): number =>
  after.totals.kept_by_kernel_frames - before.totals.kept_by_kernel_frames;

/** Frames that the gateway's kernel sends are not captured, nor those that lvrm does. */
async function ownFrames(stage: Stage): Promise<void> {
  const { bed } = stage;
  await reaches(bed.gateway, bed.s2.link.host4);
  const before = await atRest(stage);
  equal((await bed.gateway.ping(bed.s2.link.host4, pings)).received, 50);
  const middle = await atRest(stage);
  const received = port(middle, "s2").received_frames - port(before, "s2").received_frames;
  ok(received >= 50 && received < 70, `50 replies, perhaps ARP, not ${received}`);
  equal((await bed.s2.ping(bed.r2.link.host4, pings)).received, 50);
  const carried = (await atRest(stage)).vrs[0]!.sent_frames - middle.vrs[0]!.sent_frames;
  equal(carried, 100, "each request and reply is forwarded once");
}

/** Broadcast, unknown types and short frames are the kernel's. */
async function kept(stage: Stage): Promise<void> {
  const { bed } = stage;
  const before = await atRest(stage);
  const from = await bed.s1.mac();
  const frames = ["ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", await bed.gateway.mac("s1")]
    .map((to) => ethernet({ to, from, type: 0x88b5, payload: mark() }));
  await bed.s1.sendFrames(frames, { repeat: 20 });
  const more = keptBetween(before, await atRest(stage));
  ok(more >= 60 && more < 80, `${more} of 60 kept`);
}

async function downAndUp(stage: Stage): Promise<void> {
  const { bed } = stage;
  const told = await account(stage, bed.r1, { count: 40_000, rate_fps: 20_000 }, async () => {
    await come(stage, 2000);
    await bed.gateway.ip("link set r1 down");
    await come(stage, 2000);
    await bed.gateway.ip("link set r1 up");
  });
  ok(Object.keys(told.drops).length > 0, JSON.stringify(told));
  await reaches(bed.s1, bed.r1.link.host4);
  await bed.gateway.ip("link set s1 down");
  await bed.gateway.ip("link set s1 up");
  await reaches(bed.s1, bed.r1.link.host4);
  await atRest(stage);
}

/** Makes the link of a host anew, as after the loss of an interface. */
export async function remake(stage: Stage, name: HostName): Promise<void> {
  const { bed, lvrm } = stage;
  const { host4, gateway4 } = addressesOf(name);
  const closed = occurrences(lvrm.log, `${name} is closed`);
  const back = occurrences(lvrm.log, `${name} is back`);
  await bed.gateway.ip(`link delete ${name}`);
  await lvrm.until(() => occurrences(lvrm.log, `${name} is closed`) > closed, "it is closed");
  await ipBatch([
    `link add ${name} netns ${bed.gateway.namespace} type veth ` +
    `peer name ${hostInterface} netns ${bed.host(name).namespace}`,
  ]);
  await bed.host(name).ipBatch([
    `link set ${hostInterface} up`,
    `address add ${host4}/24 dev ${hostInterface}`,
    `route add default via ${gateway4}`,
  ]);
  await bed.gateway.ipBatch([`link set ${name} up`, `address add ${gateway4}/24 dev ${name}`]);
  await lvrm.until(() => occurrences(lvrm.log, `${name} is back`) > back, "it is back");
}

const occurrences = (text: string, part: string): number => text.split(part).length - 1;

async function deleted(stage: Stage): Promise<void> {
  const { bed } = stage;
  await reaches(bed.s2, bed.r2.link.host4);
  const counts = ["s2", "r2"].map(async (name) => port(await atRest(stage), name).received_frames);
  const before = await Promise.all(counts);
  for (const name of ["r2", "s2"] as const) {
    await remake(stage, name);
    const { received, errors } = await bed.s1.ping(bed.r1.link.host4, pings);
    const told = async (): Promise<string> => JSON.stringify([errors, await stage.lvrm.status()]);
    ok(received === 50, `others go on: ${received} of 50, ${received < 50 ? await told() : ""}`);
  }
  await reaches(bed.s2, bed.r2.link.host4);
  const after = await atRest(stage);
  ok(port(after, "s2").received_frames > before[0]!, "its counters go on");
  ok(port(after, "r2").received_frames > before[1]!, "its counters go on");
}

/** A queue that is soon full: 20 Mbit/s, room for 20 frames. */
async function fullQueue(stage: Stage): Promise<void> {
  const { bed, adapter } = stage;
  const shape = "root tbf rate 20mbit burst 4000 limit 30000";
  await reaches(bed.s1, bed.r1.link.host4);
  const tc = async (words: string): Promise<void> => {
    const done = await bed.gateway.exec("tc", words.split(" "));
    equal(done.code, 0, done.stderr);
  };
  await tc(`qdisc add dev r1 ${shape}`);
  try {
    const told = await account(stage, bed.r1, { count: 1000, rate_fps: 10_000, wire_bytes: 1538 });
    if (queueing.includes(adapter)) ok((told.drops["send_full"] ?? 0) > 100, JSON.stringify(told));
    ok(told.arrived > 50, JSON.stringify(told));
  } finally {
    await tc("qdisc del dev r1 root");
  }
}

/** Nobody empties the ring for a while: the kernel counts what it can't keep. */
async function stalled(stage: Stage): Promise<void> {
  const { bed, lvrm } = stage;
  await reaches(bed.s1, bed.r1.link.host4);
  const told = await account(stage, bed.r1, { count: 200_000, wire_bytes: 1538 }, async () => {
    Deno.kill(lvrm.pid, "SIGSTOP");
    try {
      await come(stage, 60_000);
    } finally {
      Deno.kill(lvrm.pid, "SIGCONT");
    }
  });
  ok(told.missed > 0, JSON.stringify(told));
}

/**
 * More super-frames than there is room for, wherever the adapter keeps them: some are lost and
 * told, and those that come later are whole.
 */
async function superFrames(stage: Stage): Promise<void> {
  const { bed, lvrm } = stage;
  await reaches(bed.s2, bed.r2.link.host4);
  const before = await atRest(stage);
  Deno.kill(lvrm.pid, "SIGSTOP");
  try {
    // 96 MB, to a port where nobody listens.
    const call = { address: bed.r2.link.host4, port: 9, segment: 1200, count: 40, times: 2000 };
    await bed.s2.agent.call("udp_super_frames", call);
  } finally {
    Deno.kill(lvrm.pid, "SIGCONT");
  }
  const after = await atRest(stage);
  const lost = port(after, "s2").missed_frames - port(before, "s2").missed_frames;
  const drops = dropsBetween(before, after);
  ok(lost + (drops["truncated"] ?? 0) > 0, JSON.stringify(drops));
  if (!refusing.includes(stage.adapter)) return await streams(stage);
}

/** In this order: the last ones take interfaces away. */
export const scenarios: Record<string, (stage: Stage) => Promise<void>> = {
  "frames of 60 to 9014 bytes pass, their contents unchanged": everySize,
  "bursts: each frame arrives or is told": bursts,
  "TCP and segmented UDP with partial checksums and super-frames": offloads,
  "the same with offloads switched off": noOffloads,
  "VLAN tags: a tagged port beside an untagged one": tags,
  "frames that the gateway sends are not captured": ownFrames,
  "what no VR serves is kept": kept,
  "an interface goes down and up again": downAndUp,
  "the transmit queue is full": fullQueue,
  "nobody receives for a while": stalled,
  "super-frames beyond all room": superFrames,
  "interfaces are deleted and return under the same name": deleted,
};

const { "VLAN tags: a tagged port beside an untagged one": _, ...others } = scenarios;
/** For a run whose VR can't relay besides. */
export const scenariosWithoutTags: typeof scenarios = others;
