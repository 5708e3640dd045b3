/**
 * IngressTable: the one nftables table of this process. Its socket owns it: the kernel removes
 * table, chains and sets when the socket is closed, however the process ends.
 */
import { type Family, formatAddress, type Prefix } from "../netlink/address.ts";
import { Errno, type NetlinkCalls, NetlinkError } from "../netlink/calls.ts";
import { decodeLink, linkRequest } from "../netlink/rtnetlink.ts";
import { Rtm } from "../netlink/rtnetlink_constants.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { bypassedChains, foreignTables, tableNames } from "./inspect.ts";
import { mergePrefixes } from "./intervals.ts";
import {
  Batch,
  decodeChain,
  decodeRule,
  type DropRule,
  netfilterProtocol,
  Nfproto,
  Nft,
  nftRequest,
  nftType,
  type SetName,
} from "./nftables.ts";
import type {
  AddressRange,
  BypassedChain,
  ForeignTable,
  IngressDrops,
  IngressPlan,
  IngressPort,
} from "./types.ts";

const packetHost = 0;
const packetOtherHost = 3;
const receiveBufferBytes = 4 << 20;

/** What the table is made with. */
export interface IngressTableOptions {
  /** Process id, for the table's name `lvrm-PID`. */
  readonly pid: number;
}

/** One set as it should be. */
interface WantedSet {
  readonly family: Family;
  readonly ranges: readonly AddressRange[];
}

const families: readonly Family[] = [4, 6];

function rangesText(ranges: readonly AddressRange[]): string {
  return ranges.map((range) => `${formatAddress(range.first)}-${formatAddress(range.last)}`).join();
}

/** Number of the promiscuous sets of each list of sources that a port of the plan has. */
function numberSources(ports: readonly IngressPort[]): Map<string, number> {
  const lists = new Set(ports.map((port) => rangesText(port.promiscuous)));
  lists.delete("");
  return new Map([...lists].map((text, i) => [text, i + 1]));
}

/** Every set that a plan needs. */
function wantedSets(plan: IngressPlan): Map<SetName, WantedSet> {
  const sets = new Map<SetName, WantedSet>();
  for (const family of families) {
    const merged = (prefixes: readonly Prefix[]) => mergePrefixes(prefixes, family);
    sets.set(`served${family}`, { family, ranges: merged(plan.served) });
    sets.set(`local${family}`, { family, ranges: merged(plan.local) });
    for (const [text, number] of numberSources(plan.ports)) {
      const port = plan.ports.find((p) => rangesText(p.promiscuous) === text)!;
      const ranges = port.promiscuous.filter((range) => range.family === family);
      sets.set(`promiscuous${family}-${number}`, { family, ranges });
    }
  }
  return sets;
}

/** Rules of one port: each family and packet type. `number`: of its promiscuous sets, if any. */
function dropRules({ vlan }: IngressPort, number: number | undefined): DropRule[] {
  return families.flatMap((family): DropRule[] => {
    const host = { vlan, family, packetType: packetHost, sources: `served${family}` } as const;
    if (number === undefined) return [host];
    const sources = `promiscuous${family}-${number}` as const;
    return [host, { vlan, family, packetType: packetOtherHost, sources }];
  });
}

/** One line: what failed, likely cause, what to do. */
function explain(error: unknown): Error {
  if (!(error instanceof NetlinkError)) return error instanceof Error ? error : Error(`${error}`);
  const cures: Readonly<Record<number, string>> = {
    [Errno.EPERM]: "run lvrm as root, or with CAP_NET_ADMIN",
    [Errno.EACCES]: "run lvrm as root, or with CAP_NET_ADMIN",
    [Errno.EEXIST]: "another lvrm made it at the same moment; try again",
    [Errno.EBUSY]: "another program changes nftables; try again",
  };
  const kernel = "the kernel needs nf_tables with netdev chains and table owners (Linux 5.12); " +
    "try `modprobe nf_tables`";
  const cure = cures[error.errno] ?? kernel;
  return new Error(`${error.message}: ${cure}`, { cause: error });
}

/** Keeps served frames from the kernel; see `mod.ts`. */
export class IngressTable {
  readonly #calls: NetlinkCalls;
  readonly #pid: number;
  #name: string;
  #socket: NetlinkSocket | null = null;
  #created = false;
  /** What the kernel has: ranges by set, specification by interface. */
  #sets = new Map<SetName, string>();
  #chains = new Map<string, string>();

  constructor(calls: NetlinkCalls, options: IngressTableOptions) {
    this.#calls = calls;
    this.#pid = options.pid;
    this.#name = `lvrm-${options.pid}`;
  }

  /** Name of the table in the kernel. */
  get name(): string {
    return this.#name;
  }

  /**
   * Makes the kernel drop what the plan serves, in one transaction; opens the table the first
   * time. Returns the interfaces of the plan that do not exist (they have no chain; apply again
   * when they are there). Throws an Error with cause and cure; then all is as it was.
   */
  apply(plan: IngressPlan): string[] {
    try {
      this.#socket ??= new NetlinkSocket(this.#calls, netfilterProtocol, { receiveBufferBytes });
      if (!this.#created) this.#name = freeName(this.#socket, this.#pid);
      return this.#apply(this.#socket, plan);
    } catch (error) {
      if (!this.#created) this.close();
      throw explain(error);
    }
  }

  /** Frames that this table's rules have dropped, by port; since its chain was last rebuilt. */
  drops(): IngressDrops[] {
    if (!this.#socket || !this.#created) return [];
    const request = nftRequest(Nfproto.NETDEV, (w) => w.text(1, this.#name));
    const sums = new Map<string, IngressDrops>();
    const messages = this.#socket.dump("Cannot read rules", nftType(Nft.GETRULE), request);
    for (const { table, chain, vlan, frames, bytes } of messages.map(decodeRule)) {
      if (table !== this.#name) continue;
      const key = `${chain} ${vlan}`;
      const sum = sums.get(key) ?? { interface: chain, vlan, frames: 0n, bytes: 0n };
      sums.set(key, { ...sum, frames: sum.frames + frames, bytes: sum.bytes + bytes });
    }
    return [...sums.values()];
  }

  /** Tables of other lvrm processes in this network namespace. */
  foreignTables(): ForeignTable[] {
    return this.#inspect((socket) => foreignTables(socket, this.#created ? this.#name : ""));
  }

  /** Chains of the kernel's packet filter that served frames will not go through. */
  bypassedChains(): BypassedChain[] {
    return this.#inspect((socket) => bypassedChains(socket));
  }

  /** Removes the table. Idempotent. */
  close(): void {
    this.#socket?.close();
    this.#socket = null;
    this.#created = false;
    this.#sets = new Map();
    this.#chains = new Map();
  }

  #apply(socket: NetlinkSocket, plan: IngressPlan): string[] {
    const numbers = numberSources(plan.ports);
    const wanted = this.#wantedChains(plan.ports, numbers);
    const batch = new Batch(this.#name, () => socket.nextSequence());
    if (!this.#created) batch.addTable();
    const sets = this.#writeSets(batch, plan);
    this.#writeChains(
      socket,
      batch,
      wanted.specifications,
      (chain) =>
        plan.ports.filter((port) => port.interface === chain)
          .flatMap((port) => dropRules(port, numbers.get(rangesText(port.promiscuous)))),
    );
    if (batch.changes > 0) {
      const { datagram, first, last } = batch.finish();
      socket.exchange("Cannot change the nftables ingress table", datagram, first, last);
    }
    this.#created = true;
    this.#sets = sets;
    this.#chains = wanted.specifications;
    return wanted.missing;
  }

  /** What each interface's chain depends on; its index too: a re-created device is another one. */
  #wantedChains(ports: readonly IngressPort[], numbers: ReadonlyMap<string, number>): {
    specifications: Map<string, string>;
    missing: string[];
  } {
    const specifications = new Map<string, string>();
    const missing: string[] = [];
    const socket = new NetlinkSocket(this.#calls, 0);
    try {
      for (const name of new Set(ports.map((port) => port.interface))) {
        const ifindex = findInterface(socket, name);
        if (ifindex === null) {
          missing.push(name);
          continue;
        }
        const own = ports.filter((port) => port.interface === name)
          .map((port) => `${port.vlan} ${numbers.get(rangesText(port.promiscuous))}`).sort();
        specifications.set(name, `${ifindex}: ${own.join(", ")}`);
      }
    } finally {
      socket.close();
    }
    return { specifications, missing };
  }

  #writeSets(batch: Batch, plan: IngressPlan): Map<SetName, string> {
    const sets = new Map<SetName, string>();
    const wanted = wantedSets(plan);
    for (const [name, { family, ranges }] of wanted) {
      const known = this.#created ? this.#sets.get(name) : undefined;
      const text = rangesText(ranges);
      sets.set(name, text);
      if (known === text) continue;
      if (known === undefined) batch.addSet(name, family, sets.size);
      else if (known !== "") batch.flushSet(name);
      batch.addElements(name, ranges);
    }
    // Sets that no rule needs any more stay, empty: they may be needed again.
    for (const [name, text] of this.#sets) {
      if (wanted.has(name)) continue;
      if (text !== "") batch.flushSet(name);
      sets.set(name, "");
    }
    return sets;
  }

  #writeChains(
    socket: NetlinkSocket,
    batch: Batch,
    wanted: ReadonlyMap<string, string>,
    rulesOf: (chain: string) => DropRule[],
  ): void {
    // Some kernels remove a chain with its device, others keep it: ask.
    const existing = this.#created ? this.#existingChains(socket) : new Set<string>();
    const stays = (name: string) =>
      existing.has(name) && wanted.get(name) === this.#chains.get(name);
    for (const name of existing) if (!stays(name)) batch.removeChain(name);
    for (const name of wanted.keys()) {
      if (stays(name)) continue;
      batch.addChain(name);
      for (const rule of rulesOf(name)) batch.addRule(name, rule);
    }
  }

  #existingChains(socket: NetlinkSocket): Set<string> {
    const request = nftRequest(Nfproto.NETDEV);
    const chains = socket.dump("Cannot read chains", nftType(Nft.GETCHAIN), request)
      .map(decodeChain).filter((chain) => chain.table === this.#name);
    return new Set(chains.map((chain) => chain.name));
  }

  #inspect<T>(read: (socket: NetlinkSocket) => T[]): T[] {
    let socket: NetlinkSocket | null = null;
    try {
      socket = new NetlinkSocket(this.#calls, netfilterProtocol, { receiveBufferBytes });
      return read(socket);
    } catch (error) {
      // No nf_tables: no table of anybody.
      const absent: readonly number[] = [Errno.EPROTONOSUPPORT, Errno.EINVAL, Errno.EOPNOTSUPP];
      if (error instanceof NetlinkError && absent.includes(error.errno)) return [];
      throw explain(error);
    } finally {
      socket?.close();
    }
  }
}

/** `lvrm-PID`; with a number behind it where another container's lvrm has the same process id. */
function freeName(socket: NetlinkSocket, pid: number): string {
  const taken = new Set(tableNames(socket));
  const base = `lvrm-${pid}`;
  let name = base;
  for (let i = 2; taken.has(name); i++) name = `${base}-${i}`;
  return name;
}

/** Index of an interface, or null where there is none of that name. */
function findInterface(socket: NetlinkSocket, name: string): number | null {
  try {
    const what = `Cannot find the interface ${name}`;
    const reply = socket.request(what, Rtm.GETLINK, 0, linkRequest(name))[0];
    return reply ? decodeLink(reply.payload)?.ifindex ?? null : null;
  } catch (error) {
    if (error instanceof NetlinkError && error.errno === Errno.ENODEV) return null;
    throw error;
  }
}
