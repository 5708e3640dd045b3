/** What only the adapter `af_xdp` does: the kernel never sees the frames that it takes. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { hostNames } from "../testbed/addresses.ts";
import { hostInterface } from "../testbed/host.ts";
import {
  countWith,
  eventually,
  type Finished,
  imbalance,
  Lvrm,
  lvrmCommand,
  mark,
  Sink,
  subnetsOf,
  Testbed,
  udpFrame,
} from "../testbed/mod.ts";
import { remake } from "../testbed/queues.ts";

const adapter = ["--adapter", "af_xdp"];
const served = [...adapter, "--vr", `${subnetsOf("s1", "r1")}=cppvr`];
const everything = [...adapter, "--vr", "0.0.0.0/0,::/0=cppvr"];

/** Frames that the program took off an interface of the gateway, by queue. */
async function taken(bed: Testbed, name: string): Promise<number[]> {
  const all = await bed.gateway.agent.call<Record<string, number>>("driver_counters", {
    interface: name,
  });
  return Object.entries(all).filter(([key]) => /^rx_queue_\d+_xdp_redirect$/.test(key))
    .map(([, count]) => count);
}

const sum = (counts: number[]): number => counts.reduce((all, count) => all + count, 0);

/** Interfaces of the gateway that a program is attached to, with how. */
async function attached(bed: Testbed): Promise<Record<string, string>> {
  const links = JSON.parse(await bed.gateway.ip("-j -d link show")) as {
    ifname: string;
    xdp?: { mode: number };
  }[];
  const modes = ["none", "native", "generic"];
  return Object.fromEntries(
    links.filter((it) => it.xdp).map((it) => [it.ifname, modes[it.xdp!.mode] ?? "other"]),
  );
}

Deno.test("only what a VR serves is taken from the kernel; a session on the same port goes on", async () => {
  await using bed = await Testbed.create({ forwarding: true });
  // To the gateway itself, from a source that a VR serves: begun before, still there after.
  await bed.gateway.agent.call("tcp_listen", { address: bed.s1.link.gateway4, port: 22 });
  const call = { address: bed.s1.link.gateway4, port: 22, up_bytes: 400_000, rate_bps: 1_000_000 };
  const session = bed.s1.agent.call<{ up_bytes: number }>("tcp_transfer", call);
  const lvrm = await bed.startLvrm(served);
  equal((await bed.s1.ping(bed.r1.link.host4, { count: 20 })).received, 20);
  equal((await bed.s1.ping(bed.r1.link.host6, { count: 20 })).received, 20);
  await bed.r2.serve();
  equal((await bed.s2.transfer(bed.r2.link.host4, { up_bytes: 500_000 })).up_bytes, 500_000);
  equal((await session).up_bytes, 400_000);
  const status = await lvrm.atRest();
  equal(imbalance(status), 0);
  deepEqual([status.totals.dropped_frames, status.totals.originated_frames], [0, 0]);
  const [s1, s2] = [sum(await taken(bed, "s1")), sum(await taken(bed, "s2"))];
  const r1 = sum(await taken(bed, "r1"));
  ok(s1 >= 40 && s1 <= 50, `${s1}: echo requests, not the session`);
  deepEqual([s1 + r1, s2], [status.vrs[0]!.received_frames, 0], "no frame went another way");
});

Deno.test("when it is killed, nothing stays attached and the kernel has its frames again", async () => {
  await using bed = await Testbed.create({ forwarding: true });
  const lvrm = await bed.startLvrm(served);
  deepEqual(await attached(bed), { s1: "native", s2: "native", r1: "native", r2: "native" });
  equal((await bed.s1.ping(bed.r1.link.host4, { count: 5 })).received, 5);
  await lvrm.stop("SIGKILL");
  deepEqual(await attached(bed), {});
  equal((await bed.s1.ping(bed.r1.link.host4, { count: 5 })).received, 5);
});

Deno.test("frames that are longer than a page go the same way, in pieces", async () => {
  await using bed = await Testbed.create({ mtu: { s1: 9000, r1: 9000 } });
  const lvrm = await bed.startLvrm(everything);
  const options = { count: 20, size: 8972, dont_fragment: true, timeout_ms: 5000 };
  const { received, corrupt } = await bed.s1.ping(bed.r1.link.host4, options);
  deepEqual([received, corrupt], [20, 0]);
  const status = await lvrm.atRest();
  const all = sum(await taken(bed, "s1")) + sum(await taken(bed, "r1"));
  deepEqual([all, imbalance(status)], [status.vrs[0]!.received_frames, 0]);
});

Deno.test("an interface with several queues: every queue is served, flows stay in order", async () => {
  await using bed = await Testbed.create();
  await remake(bed, "s1", 4);
  const lvrm = await bed.startLvrm(everything);
  equal((await bed.s1.ping(bed.r1.link.host4, { count: 1, timeout_ms: 5000 })).received, 1);
  await using sink = await Sink.start(bed.r1, { run: 7 });
  await using sender = await bed.send({
    ...{ seconds: 20, count: 20_000, rate_fps: 20_000, flows: 64, run: 7 },
  });
  equal((await sender.done()).sent_frames, 20_000);
  const status = await lvrm.atRest();
  const seen = await sink.stop();
  deepEqual([seen.reordered_frames, seen.duplicate_frames], [0, 0]);
  const missed = sum(status.interfaces.map((it) => it.missed_frames));
  equal(seen.different_frames + status.totals.dropped_frames + missed, 20_000);
  const queues = await taken(bed, "s1"); // flows fall on them by their hash
  ok(queues.length === 4 && queues.every((count) => count > 500), `each had frames: ${queues}`);
});

Deno.test("a tag beside the frame is not overlooked: no other port takes it", async () => {
  await using bed = await Testbed.create();
  await bed.s1.ping(bed.s1.link.gateway4, { count: 1 });
  const lvrm = await bed.startLvrm([
    ...adapter,
    ...["--interface", "s1", "--interface", "s1:100", "--interface", "r1", "--interface", "r2"],
    ...["--vr", "10.0.1.0/24=cppvr", "--vr", "10.9.0.0/24=cppvr --relay s1:100=r2"],
  ]);
  await bed.s1.agent.call("push_tags", { interface: hostInterface, vlan: 100 });
  const send = async (source: string, to: string, data: number[]): Promise<string[]> => {
    const frame = udpFrame({
      ...{ to, from: await bed.s1.mac(), source, destination: "10.9.0.3", data },
    });
    const seen = await bed.r2.capture(() => bed.s1.sendFrames([frame]), { promiscuous: true });
    return seen.filter((hex) => countWith([hex], data) > 0);
  };
  // A source that the program would take from the untagged port, and a host of the tagged one's.
  const received = async (name: string): Promise<number> =>
    (await lvrm.status()).interfaces.find((it) => it.name === name)!.received_frames;
  const before = await received("s1:100");
  deepEqual(await send("10.0.1.2", await bed.gateway.mac("s1"), mark()), []);
  await eventually(async () => await received("s1:100") > before, "the tagged port has it");
  deepEqual(await taken(bed, "s1"), [0], "by the packet socket, which sees the tag");
  equal((await send("10.9.0.2", "02:00:00:00:09:03", mark())).length, 1);
});

Deno.test("generic mode, where it is asked for: only with no tags taken out and no frames merged", async () => {
  await using bed = await Testbed.create();
  const env = { LVRM_XDP_MODE: "generic" };
  const asked = ["env", "LVRM_XDP_MODE=generic"];
  await bed.gateway.agent.call("set_offloads", { interface: "s1", on: true }); // GRO too
  for (
    const [off, text] of [
      ["rxvlan", /af_xdp: s1 .*VLAN tags.*ethtool -K s1 rxvlan off/],
      ["gro", /af_xdp: .*merges frames of s1.*ethtool -K s1 gro off/],
    ] as const
  ) {
    const done = await refused(bed, everything, asked);
    equal(done.code, 4, done.stderr);
    match(oneLine(done), text);
    for (const name of hostNames) {
      await bed.gateway.agent.call("switch_off", { interface: name, offload: off });
    }
  }
  const lvrm = await bed.startLvrm(everything, { env });
  deepEqual(new Set(Object.values(await attached(bed))), new Set(["generic"]));
  for (const address of [bed.r1.link.host4, bed.r1.link.host6]) {
    equal((await bed.s1.ping(address, { count: 20, timeout_ms: 5000 })).received, 20, address);
  }
  await bed.r1.serve();
  // s1's super-frames come whole: by the packet socket, which can tell how to cut them.
  const amount = { up_bytes: 2_000_000, down_bytes: 2_000_000 };
  const moved = await bed.s1.transfer(bed.r1.link.host4, amount);
  deepEqual({ up_bytes: moved.up_bytes, down_bytes: moved.down_bytes }, amount);
  const status = await lvrm.atRest();
  equal(imbalance(status), 0);
  equal(status.totals.drops["bad_segment"] ?? 0, 0);
  await lvrm.stop();
  deepEqual(await attached(bed), {});
});

Deno.test("what runs no XDP program is refused with the reason", async () => {
  await using bed = await Testbed.create();
  await bed.gateway.ipBatch([
    "link add bridge0 type bridge",
    "link set bridge0 up",
    "address add 10.7.0.1/24 dev bridge0",
  ]);
  const bridge = await refused(bed, [...everything, "--interface", "bridge0"]);
  equal(bridge.code, 4, bridge.stderr);
  match(oneLine(bridge), /af_xdp: bridge0 runs no XDP program.*another adapter/);
  // The peer's frames would be longer than a page, for all that this end knows.
  await bed.r2.ip(`link set ${hostInterface} mtu 9000`);
  const large = await refused(bed, [...everything, "--interface", "r2"]);
  equal(large.code, 4, large.stderr);
  match(oneLine(large), /af_xdp: r2 .*MTU.*peer's.*too large/);
});

/** Runs lvrm in the gateway, after `first`, until it ends by itself; it must leave nothing. */
async function refused(bed: Testbed, args: string[], first: string[] = []): Promise<Finished> {
  const [program, words] = lvrmCommand();
  const before = await attached(bed);
  const socket = ["--socket", `/tmp/${bed.gateway.namespace}-refused.sock`];
  const all = [...first, program, ...words, ...args, ...socket];
  const done = await bed.gateway.exec(all[0]!, all.slice(1), 30_000);
  deepEqual(await attached(bed), before, done.stderr);
  return done;
}

/** The error that it ended with: one line beside the log's. */
function oneLine(done: Finished): string {
  const lines = done.stderr.trim().split("\n").filter((it) => !/^\d{4}-\d\d-/.test(it));
  equal(lines.length, 1, done.stderr);
  return lines[0]!;
}

Deno.test("two lvrm on one interface: the second is refused, the first goes on", async () => {
  await using bed = await Testbed.create();
  await bed.startLvrm(served);
  const other = [...adapter, "--interface", "s1", "--vr", "10.7.0.0/24=cppvr"];
  const done = await refused(bed, other);
  equal(done.code, 4, done.stderr);
  match(oneLine(done), /af_xdp: s1 has an XDP program already.*ip link set s1 xdp off/);
  equal((await bed.s1.ping(bed.r1.link.host4, { count: 5 })).received, 5);
  // Another adapter has its place there.
  await using _ = await Lvrm.start(bed.gateway, ["--adapter", "packet_mmap", ...other.slice(2)]);
});

Deno.test("too little locked memory, and no right to BPF, are told with their cures", async () => {
  await using bed = await Testbed.create();
  const without = (...names: string[]): string[] => [
    ...["setpriv", "--clear-groups"],
    `--bounding-set=${names.map((name) => `-${name}`).join(",")}`,
    `--inh-caps=${names.map((name) => `-${name}`).join(",")}`,
  ];
  const limited = ["prlimit", "--memlock=1000000:1000000", ...without("ipc_lock")];
  const little = await refused(bed, served, limited);
  equal(little.code, 4, little.stderr);
  match(oneLine(little), /af_xdp: .*locked memory.*ulimit -l unlimited.*CAP_IPC_LOCK/);
  const denied = await refused(bed, served, without("bpf", "sys_admin"));
  equal(denied.code, 4, denied.stderr);
  match(oneLine(denied), /af_xdp: .*root.*CAP_BPF/);
});
