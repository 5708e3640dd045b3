/** One namespace of the testbed: the gateway or one of the four hosts. */
import { Agent, type Hop, type PingOptions, type PingResult } from "./agent.ts";
import type { SizesResult, TransferResult } from "./agent.ts";
import type { LinkAddresses } from "./addresses.ts";
import { type Finished, ipBatch, must, run, Running } from "./process.ts";

/** Name of the one interface of a host, inside the host. */
export const hostInterface = "net0";

/** A namespace with an agent in it. */
export class Host implements AsyncDisposable {
  readonly agent: Agent;
  readonly #macs = new Map<string, string>();

  constructor(
    /** `gw`, `s1`, `s2`, `r1` or `r2`; also the name of the gateway's interface to that host. */
    readonly name: string,
    /** Name for `ip netns`. */
    readonly namespace: string,
    /** Addresses of the host's link; of no meaning for the gateway itself. */
    readonly link: LinkAddresses,
  ) {
    this.agent = new Agent(namespace);
  }

  /** Runs a program in this namespace to its end. */
  exec(program: string, args: string[], timeout_ms = 20_000): Promise<Finished> {
    return run("ip", ["netns", "exec", this.namespace, program, ...args], { timeout_ms });
  }

  /** Starts a program in this namespace; dispose of it. */
  spawn(program: string, args: string[], env: Record<string, string> = {}): Running {
    return new Running("ip", ["netns", "exec", this.namespace, program, ...args], { env });
  }

  /** Runs `ip` in this namespace with words separated by blanks; it must succeed. */
  ip(words: string): Promise<string> {
    return must("ip", ["-n", this.namespace, ...words.split(" ")]);
  }

  /** Runs many lines of `ip` in this namespace in one process; all must succeed. */
  ipBatch(lines: string[]): Promise<void> {
    return ipBatch(lines, this.namespace);
  }

  /** Pings an address (IPv4 or IPv6). */
  ping(destination: string, options: PingOptions = {}): Promise<PingResult> {
    return this.agent.call("ping", { destination, ...options });
  }

  /** Traces the path to an address by UDP. */
  trace(destination: string): Promise<Hop[]> {
    return this.agent.call("trace", { destination });
  }

  /** Serves `transfer` and `datagrams` of other hosts on both addresses, port 5000. */
  async serve(): Promise<void> {
    for (const address of [this.link.host4, this.link.host6]) {
      await this.agent.call("tcp_listen", { address, port: 5000 });
      await this.agent.call("udp_echo", { address, port: 5000 });
    }
  }

  /** One TCP connection to a serving host, both directions at once, contents compared. */
  transfer(
    address: string,
    bytes: { up_bytes?: number; down_bytes?: number; rate_bps?: number; timeout_s?: number },
  ): Promise<TransferResult> {
    return this.agent.call("tcp_transfer", { address, port: 5000, ...bytes });
  }

  /** One UDP datagram of every size to a serving host and back, contents compared. */
  datagrams(address: string, first: number, last: number): Promise<SizesResult> {
    return this.agent.call("udp_sizes", { address, port: 5000, sizes: [first, last] });
  }

  /** Sends raw frames, given in hexadecimal. */
  sendFrames(
    frames: string[],
    options: { interface?: string; interval_us?: number; repeat?: number } = {},
  ): Promise<number> {
    return this.agent.call("send_frames", { interface: hostInterface, frames, ...options });
  }

  /** Captures what `during` makes arrive on an interface; frames in hexadecimal, tags in place. */
  async capture(
    during: () => Promise<unknown>,
    options: {
      interface?: string;
      outgoing?: boolean;
      promiscuous?: boolean;
      settle_ms?: number;
    } = {},
  ): Promise<string[]> {
    const { settle_ms = 200, ...rest } = options;
    const name = crypto.randomUUID();
    await this.agent.call("capture_start", { name, interface: hostInterface, ...rest });
    try {
      await during();
    } finally {
      await this.agent.call("capture_count", { name });
    }
    return await this.agent.call("capture_stop", { name, settle_ms });
  }

  /** Hardware address of an interface of this namespace. */
  async mac(name = hostInterface): Promise<string> {
    const known = this.#macs.get(name);
    if (known !== undefined) return known;
    const [link] = JSON.parse(await this.ip(`-j link show dev ${name}`));
    this.#macs.set(name, link.address);
    return link.address;
  }

  /** Writes a sysctl of this namespace, such as `net.ipv4.ip_forward`. */
  async sysctl(name: string, value: number): Promise<void> {
    await this.agent.call("write_sysctl", { name, value });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent[Symbol.asyncDispose]();
  }
}
