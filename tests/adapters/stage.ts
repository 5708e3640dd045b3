/** What a scenario plays on, and how it looks at the accounts. */
import { deepEqual, equal, ok } from "node:assert/strict";
import {
  eventually,
  type Host,
  hostInterface,
  imbalance,
  type Lvrm,
  Sink,
  type Status,
  type Testbed,
  type Traffic,
} from "../testbed/mod.ts";

/** One lvrm with the adapter under test on every interface of the testbed. */
export interface Stage {
  readonly bed: Testbed;
  readonly lvrm: Lvrm;
  readonly adapter: string;
  /** Of s1 and r1. */
  readonly mtu: number;
  /** For lvrm's control socket: one for all, as every 25th or so of many would stall. */
  readonly client: Deno.HttpClient;
}

/** The status once nothing moves any more; the balance must be exact. */
export async function atRest({ client }: Stage): Promise<Status> {
  let last: Status | undefined;
  let quiet = 0;
  await eventually(async () => {
    const now: Status = await (await fetch("http://lvrm/status", { client })).json();
    const moved = last === undefined || entered(now) !== entered(last) ||
      now.totals.in_flight_frames !== 0;
    quiet = moved ? 0 : quiet + 1;
    last = now;
    return quiet === 3;
  }, "nothing in flight");
  equal(imbalance(last!), 0, JSON.stringify(last!.totals));
  return last!;
}

const entered = ({ totals: t }: Status): number =>
  t.received_frames + t.originated_frames + t.replicated_frames;

/** Counters of one port. */
export function port(status: Status, name: string): Status["interfaces"][number] {
  return status.interfaces.find((it) => it.name === name)!;
}

/** How much more the router dropped, by reason; not the relay beside it. */
export function dropsBetween(before: Status, after: Status): Record<string, number> {
  const earlier = before.vrs[0]!.drops;
  const more = Object.entries(after.vrs[0]!.drops)
    .map(([name, count]) => [name, count - (earlier[name] ?? 0)] as const)
    .filter(([, count]) => count !== 0);
  return Object.fromEntries(more);
}

/** What became of the frames of a generator. */
export interface Account {
  readonly sent: number;
  readonly arrived: number;
  /** Lost by the kernel before the adapter: s1's, whatever they were. */
  readonly missed: number;
  readonly drops: Record<string, number>;
  /** What the kernel took to send, then dropped and counted itself: a device that goes down. */
  readonly dropped_by_kernel: number;
}

let runs = 0;

/**
 * Sends generated frames from s1 to a host that counts them. None is lost without a reason, comes
 * twice, or overtakes another of its flow.
 */
export async function account(
  stage: Stage,
  to: Host,
  traffic: Partial<Traffic>,
  during: () => Promise<void> = async () => {},
): Promise<Account> {
  const { bed } = stage;
  const run = ++runs;
  const before = await look(stage, to);
  await using sink = await Sink.start(to, { run });
  await using sender = await bed.send({ destination: to.link.host4, seconds: 30, run, ...traffic });
  await during();
  const { sent_frames: sent } = await sender.done();
  const after = await look(stage, to);
  const counted = await sink.stop();
  equal(counted.missed_frames, 0, "the sink saw all that came");
  deepEqual([counted.duplicate_frames, counted.reordered_frames], [0, 0]);
  const told = {
    sent,
    arrived: counted.different_frames,
    missed: after.missed - before.missed,
    drops: dropsBetween(before.status, after.status),
    dropped_by_kernel: after.unsent - before.unsent + after.refused - before.refused,
  };
  const text = JSON.stringify(told);
  const came = after.came - before.came;
  const seen = after.received - before.received + told.missed;
  // A ring that takes what leaves too may have lost that.
  const outgoing = stage.adapter === "pf_ring" && told.missed > 0 ? after.sent - before.sent : 0;
  ok(seen >= came && seen <= came + outgoing, `${seen} of ${came} frames: ${text}`);
  const dropped = Object.values(told.drops).reduce((sum, count) => sum + count, 0);
  const all = told.arrived + told.missed + dropped + told.dropped_by_kernel;
  // Among those missed there may be others than the generator's.
  const others = told.missed === 0
    ? 0
    : came + outgoing - (sent - (after.refused - before.refused));
  // What the kernel dropped on its way out may have been told us as well.
  const told_twice = Math.min(told.dropped_by_kernel, told.drops["send_failed"] ?? 0);
  ok(all >= sent && all <= sent + others + told_twice, `${text}, ${others} other frames`);
  return told;
}

/** Waits until so many more frames have come to the gateway's s1. */
export async function come({ bed }: Stage, frames: number): Promise<void> {
  const came = async (): Promise<number> => {
    const counters = { interface: "s1" };
    return (await bed.gateway.agent.call<Record<string, number>>("interface_counters", counters))[
      "received_frames"
    ]!;
  };
  const start = await came();
  await eventually(async () => await came() >= start + frames, `${frames} frames come`);
}

/** What a host's interface sees of frames that are sent meanwhile, once nothing moves any more. */
export async function seen(
  stage: Stage,
  at: Host,
  send: () => Promise<unknown>,
): Promise<string[]> {
  return await at.capture(async () => {
    await send();
    await atRest(stage);
  }, { promiscuous: true });
}

/** Everything that is counted on the way from s1 to `to`, at one instant. */
async function look(stage: Stage, to: Host): Promise<Record<Counted, number> & { status: Status }> {
  const kernel = async (at: Host, name: string): Promise<Record<string, number>> =>
    await at.agent.call("interface_counters", { interface: name });
  while (true) {
    const input = await kernel(stage.bed.gateway, "s1");
    const status = await atRest(stage);
    const { received_frames: came, sent_frames: sent } = await kernel(stage.bed.gateway, "s1");
    if (came !== input["received_frames"]) continue; // a frame came meanwhile
    const { received_frames: received, missed_frames: missed } = port(status, "s1");
    return {
      ...{ status, received, missed, came: came!, sent: sent! },
      refused: (await kernel(stage.bed.s1, hostInterface))["sent_dropped"]!,
      unsent: (await kernel(stage.bed.gateway, to.name))["sent_dropped"]!,
    };
  }
}

/** `came` to the gateway's s1, `sent` by it; what the kernel dropped: `refused`, `unsent`. */
type Counted = "received" | "missed" | "sent" | "came" | "refused" | "unsent";

/** Pings until an answer comes: neighbours and routes have to be learned anew. */
export async function reaches(from: Host, address: string): Promise<void> {
  await eventually(
    async () => (await from.ping(address, { count: 1, timeout_ms: 500 })).received === 1,
    `${from.name} reaches ${address}`,
  );
}
