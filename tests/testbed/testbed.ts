/**
 * The paper's testbed (Figure 3) in network namespaces: senders s1 and s2, a gateway, receivers r1
 * and r2. Each host has a veth link of its own to the gateway, where the interface bears the
 * host's name. All of it vanishes on disposal, also after a failure; what a killed process left is
 * swept up by the next one.
 */
import { addressesOf, type HostName, hostNames } from "./addresses.ts";
import { Host, hostInterface } from "./host.ts";
import { removeNamespace, sweep } from "./leftovers.ts";
import { Lvrm, type LvrmOptions } from "./lvrm.ts";
import { ipBatch } from "./process.ts";
import { type Sender, startSending, type Traffic } from "./programs.ts";

/** How the testbed is made. */
export interface TestbedOptions {
  /** MTU of both ends of a host's link, where it is not 1500. */
  mtu?: Partial<Record<HostName, number>>;
  /** Whether the gateway's kernel forwards (default: no). */
  forwarding?: boolean;
  /** Queues of both ends of every link, each way, where it is not one. */
  queues?: number;
  /** Whether segmentation, checksum and GRO offloads stay on (default: yes). */
  offloads?: boolean;
}

let created = 0;

/** Settings of every namespace: no noise, no waiting for duplicate address detection. */
const quiet: [string, number][] = [
  ["net.ipv6.conf.all.accept_dad", 0],
  ["net.ipv6.conf.default.accept_dad", 0],
  ["net.ipv6.conf.default.router_solicitations", 0],
  ["net.ipv6.conf.default.accept_ra", 0],
  ["net.ipv4.conf.all.rp_filter", 0],
  ["net.ipv4.conf.default.rp_filter", 0],
];

/** The testbed. Use with `await using`. */
export class Testbed implements AsyncDisposable {
  readonly #hosts = new Map<string, Host>();
  readonly #running: Lvrm[] = [];
  readonly #prefix: string;

  private constructor() {
    this.#prefix = `lvrm-${Deno.pid}-${created++}`;
  }

  /** Makes the namespaces, links, addresses and routes. */
  static async create(options: TestbedOptions = {}): Promise<Testbed> {
    if (created === 0) await sweep();
    const bed = new Testbed();
    try {
      await bed.#build(options);
      return bed;
    } catch (error) {
      await bed[Symbol.asyncDispose]();
      throw error;
    }
  }

  get gateway(): Host {
    return this.#host("gw");
  }
  get s1(): Host {
    return this.#host("s1");
  }
  get s2(): Host {
    return this.#host("s2");
  }
  get r1(): Host {
    return this.#host("r1");
  }
  get r2(): Host {
    return this.#host("r2");
  }

  /** A host by its name. */
  host(name: HostName): Host {
    return this.#host(name);
  }

  #host(name: string): Host {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`No host ${name} in this testbed`);
    return host;
  }

  async #build(options: TestbedOptions): Promise<void> {
    const names = ["gw", ...hostNames];
    await ipBatch(names.map((name) => `netns add ${this.#prefix}-${name}`));
    for (const name of names) {
      const link = addressesOf(name === "gw" ? "s1" : name as HostName);
      this.#hosts.set(name, new Host(name, `${this.#prefix}-${name}`, link));
    }
    await Promise.all(
      [...this.#hosts.values()].flatMap((host) =>
        quiet.map(([name, value]) => host.sysctl(name, value))
      ),
    );
    await this.setForwarding(options.forwarding ?? false);
    const { queues = 1 } = options;
    const many = `numrxqueues ${queues} numtxqueues ${queues}`;
    await ipBatch(
      hostNames.map((name) =>
        `link add ${name} netns ${this.gateway.namespace} ${many} type veth ` +
        `peer name ${hostInterface} netns ${this.host(name).namespace} ${many}`
      ),
    );
    await this.gateway.ipBatch([
      "link set lo up",
      ...hostNames.flatMap((n) => this.#gwLines(n, options)),
    ]);
    for (const name of hostNames) {
      const { host4, host6, gateway4, gateway6 } = addressesOf(name);
      await this.host(name).ipBatch([
        "link set lo up",
        `link set ${hostInterface} mtu ${options.mtu?.[name] ?? 1500} up`,
        `address add ${host4}/24 dev ${hostInterface}`,
        `address add ${host6}/64 dev ${hostInterface} nodad`,
        `route add default via ${gateway4}`,
        `route add default via ${gateway6}`,
      ]);
    }
    if (options.offloads === false) await this.setOffloads(false);
  }

  #gwLines(name: HostName, options: TestbedOptions): string[] {
    const { gateway4, gateway6 } = addressesOf(name);
    return [
      `link set ${name} mtu ${options.mtu?.[name] ?? 1500} up`,
      `address add ${gateway4}/24 dev ${name}`,
      `address add ${gateway6}/64 dev ${name} nodad`,
    ];
  }

  /** Turns forwarding in the gateway's kernel on or off, for both families. */
  async setForwarding(on: boolean): Promise<void> {
    await this.gateway.sysctl("net.ipv4.ip_forward", Number(on));
    await this.gateway.sysctl("net.ipv6.conf.all.forwarding", Number(on));
  }

  /** Turns offloads, or `only` some, on or off, at both ends of every link. */
  async setOffloads(on: boolean, only?: readonly ("tso" | "gso" | "gro")[]): Promise<void> {
    for (const name of hostNames) {
      const words = only === undefined ? { on } : { on, only };
      await this.gateway.agent.call("set_offloads", { interface: name, ...words });
      await this.host(name).agent.call("set_offloads", { interface: hostInterface, ...words });
    }
  }

  /** Starts lvrm in the gateway and waits until every VR has its VRIs running. */
  async startLvrm(args: string[], options: LvrmOptions = {}): Promise<Lvrm> {
    const lvrm = await Lvrm.start(this.gateway, args, options);
    this.#running.push(lvrm);
    return lvrm;
  }

  /** Starts sending `from` a host, s1 if not said, to an address, r1's if not said. */
  async send(traffic: Partial<Traffic> & { seconds: number; from?: HostName }): Promise<Sender> {
    const { from = "s1", ...rest } = traffic;
    const host = this.host(from);
    const addresses = { source: host.link.host4, destination: this.r1.link.host4 };
    return startSending(host, await this.gateway.mac(from), { ...addresses, ...rest });
  }

  /** Stops everything that was started here and removes the namespaces. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    const attempt = (step: Promise<unknown>): Promise<unknown> =>
      step.catch((error) => failures.push(error));
    for (const lvrm of this.#running) await attempt(lvrm[Symbol.asyncDispose]());
    await Promise.all([...this.#hosts.values()].map((it) => attempt(it[Symbol.asyncDispose]())));
    for (const name of ["gw", ...hostNames]) {
      await attempt(removeNamespace(`${this.#prefix}-${name}`));
    }
    if (failures.length > 0) throw failures[0];
  }
}
