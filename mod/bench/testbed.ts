/**
 * The paper's testbed (Figure 3) in network namespaces, for experiments 1a and 1b: senders s1 and
 * s2, receivers r1 and r2, and the gateway between them, by veth links that bear the hosts' names.
 *
 * The gateway's port to a sender has the MAC address of the receiver and the other way round, and
 * nobody has to ask for a neighbour: so the same frames pass a router and a wire (`--relay`).
 */
import { join } from "node:path";
import { fetchStatus } from "../api/mod.ts";
import { ExitCode, Failure } from "../config/mod.ts";
import { Child, ownCommand, sleep } from "./command.ts";
import type { ForwardingRouter } from "./contestants.ts";

/** A sender, its receiver, and the network that frames are sent to: behind the receiver, which
 * drops them at once and answers nothing. */
export interface Pair {
  readonly sender: string;
  readonly receiver: string;
  readonly source: string;
  readonly destination: string;
  /** The receiver's own address. */
  readonly receiverAddress: string;
  readonly gatewayMac: string;
}

const linkNumbers = { s1: 1, s2: 2, r1: 11, r2: 12 } as const;
const partners = { s1: "r1", s2: "r2", r1: "s1", r2: "s2" } as const;
type HostName = keyof typeof linkNumbers;
const hosts = Object.keys(linkNumbers) as HostName[];

const macOf = (host: HostName) => `02:00:00:00:00:${String(linkNumbers[host]).padStart(2, "0")}`;
const addressOf = (host: HostName) => `10.0.${linkNumbers[host]}.2`;
const gatewayOf = (host: HostName) => `10.0.${linkNumbers[host]}.1`;

/** Both pairs of the testbed. */
export const pairs: readonly Pair[] = (["s1", "s2"] as const).map((sender, i) => ({
  sender,
  receiver: partners[sender],
  source: addressOf(sender),
  destination: `198.18.${i}.1`,
  receiverAddress: addressOf(partners[sender]),
  gatewayMac: macOf(partners[sender]),
}));

let created = 0;

/** The namespaces and their links. Use with `await using`. */
export class Testbed implements AsyncDisposable {
  readonly #prefix = `lvrm-${Deno.pid}-${created++}`;
  readonly #made: string[] = [];

  private constructor(readonly runtime: string) {}

  /** `runtime`: where lvrm-gen lies. Throws Failure. */
  static async create(runtime: string): Promise<Testbed> {
    if (Deno.uid() !== 0) {
      throw new Failure(
        ExitCode.host,
        "bench: 1a and 1b make network namespaces and need root: run it with sudo",
      );
    }
    const bed = new Testbed(runtime);
    try {
      await bed.#build();
      return bed;
    } catch (error) {
      await bed[Symbol.asyncDispose]();
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new Failure(ExitCode.host, "bench: there is no ip command here: install iproute2");
    }
  }

  #namespace(name: string): string {
    return `${this.#prefix}-${name}`;
  }

  async #build(): Promise<void> {
    for (const name of ["gw", ...hosts]) {
      await new Child(["ip", "netns", "add", this.#namespace(name)]).finish();
      this.#made.push(this.#namespace(name));
    }
    await batch(
      hosts.map((name) =>
        `link add ${name} address ${macOf(partners[name])} netns ${this.#namespace("gw")} ` +
        `type veth peer name net0 address ${macOf(name)} netns ${this.#namespace(name)}`
      ),
    );
    await batch(hosts.flatMap(gatewayLines), this.#namespace("gw"));
    for (const name of hosts) {
      await batch([
        "link set net0 up",
        `address add ${addressOf(name)}/24 dev net0`,
        `neighbour add ${gatewayOf(name)} lladdr ${macOf(partners[name])} dev net0 nud permanent`,
        `route add default via ${gatewayOf(name)}`,
      ], this.#namespace(name));
    }
    await batch(
      pairs.map((it, i) => `route add 198.18.${i}.0/24 via ${it.receiverAddress}`),
      this.#namespace("gw"),
    );
  }

  /** Whether the gateway's kernel forwards. */
  async setForwarding(on: boolean): Promise<void> {
    const set = `echo ${Number(on)} > /proc/sys/net/ipv4/ip_forward`;
    await this.spawn("gw", ["sh", "-c", set]).finish();
  }

  /** Starts a program in the namespace of `host`; dispose of it. */
  spawn(host: string, words: readonly string[]): Child {
    return new Child(["ip", "netns", "exec", this.#namespace(host), ...words]);
  }

  /** Starts lvrm-gen there. */
  generator(host: string, words: readonly string[]): Child {
    return this.spawn(host, [join(this.runtime, "bin", "lvrm-gen"), ...words]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#made.splice(0)) {
      await new Child(["ip", "netns", "delete", name]).finish().catch(() => {});
    }
  }
}

function gatewayLines(name: HostName): string[] {
  return [
    `link set ${name} up`,
    `address add ${gatewayOf(name)}/24 dev ${name}`,
    `neighbour add ${addressOf(name)} lladdr ${macOf(name)} dev ${name} nud permanent`,
  ];
}

/** Lines for `ip`, in one process. */
async function batch(lines: readonly string[], namespace?: string): Promise<void> {
  const where = namespace === undefined ? [] : ["-n", namespace];
  await new Child(["ip", ...where, "-batch", "-"]).finish(lines.join("\n") + "\n");
}

/** One VR routes for everybody; one that relays has two ports, so there is one for each pair. */
function vrWords(router: ForwardingRouter, clickFile: string): string[] {
  if (router === "cppvr") return ["--vr", "0.0.0.0/0=cppvr"];
  return (["s1", "s2"] as const).flatMap((name) => {
    const partner = partners[name];
    const subnets = [name, partner].map((it) => `10.0.${linkNumbers[it]}.0/24`).join(",");
    const command = router === "clickvr"
      ? `clickvr:${clickFile} A=${name} B=${partner}`
      : `cppvr --relay ${name}=${partner}`;
    return ["--vr", `${subnets}=${command}`];
  });
}

/** The paper's minimal forwarder in Click (`vrs/click/examples/minimal.click`). */
const clickForwarder = `define($A s1, $B r1);
FromDevice($A, PROMISC true) -> ToDevice($B);
FromDevice($B, PROMISC true) -> ToDevice($A);
`;

const startDeadline_ms = 60_000;

/** An lvrm that serves in the gateway; `pids`: its own and its VRIs'. Disposal stops it. */
export class Served implements AsyncDisposable {
  private constructor(
    readonly child: Child,
    readonly pids: readonly number[],
    readonly folder: string,
  ) {}

  /** Throws Failure when it doesn't start. */
  static async start(bed: Testbed, adapter: string, router: ForwardingRouter): Promise<Served> {
    const folder = await Deno.makeTempDir({ prefix: "lvrm-bench-" });
    const socket = join(folder, "lvrm.sock");
    const clickFile = join(folder, "minimal.click");
    await Deno.writeTextFile(clickFile, clickForwarder);
    const ports = hosts.flatMap((name) => ["--interface", name]);
    const child = bed.spawn("gw", [
      ...ownCommand(),
      ...vrWords(router, clickFile),
      ...["--adapter", adapter, "--vris", "1", ...ports],
      ...["--socket", socket, "--log-level", "warning"],
    ]);
    try {
      const end_ms = performance.now() + startDeadline_ms;
      while (performance.now() < end_ms && !child.ended) {
        await sleep(100);
        const status = await fetchStatus(socket).catch(() => null);
        if (!status?.vrs.every((vr) => vr.vris.some((vri) => vri.state === "running"))) continue;
        const vris = status.vrs.flatMap((vr) => vr.vris);
        return new Served(child, [child.pid, ...vris.flatMap((vri) => vri.pid ?? [])], folder);
      }
      throw new Failure(ExitCode.failed, child.err.trim() || "lvrm did not start in time");
    } catch (error) {
      await child[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}
