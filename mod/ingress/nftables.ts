/**
 * nf_tables messages (`linux/netfilter/nf_tables.h`, nfnetlink): what the ingress table needs to
 * write and to read. Pure. Integers inside attributes are in network order.
 */
import type { Family } from "../netlink/address.ts";
import {
  decodeAttributes,
  listAttributes,
  type Message,
  MessageWriter,
  Nlmsg,
  readBe32,
  readText,
  textOf,
} from "../netlink/message.ts";
import type { AddressRange } from "./types.ts";
import { successor } from "./intervals.ts";

/** NETLINK_NETFILTER. */
export const netfilterProtocol = 12;

/** Families of nf_tables. */
export const Nfproto = { UNSPEC: 0, INET: 1, IPV4: 2, NETDEV: 5, IPV6: 10 } as const;

const subsystem = 10; // NFNL_SUBSYS_NFTABLES
const batchBegin = 16;
const batchEnd = 17;

/** Message types within the subsystem. */
export const Nft = {
  NEWTABLE: 0,
  GETTABLE: 1,
  NEWCHAIN: 3,
  GETCHAIN: 4,
  DELCHAIN: 5,
  NEWRULE: 6,
  GETRULE: 7,
  NEWSET: 9,
  NEWSETELEM: 12,
  GETSETELEM: 13,
  DELSETELEM: 14,
} as const;

/** Header type of a message of the subsystem. */
export function nftType(type: number): number {
  return (subsystem << 8) | type;
}

/** struct nfgenmsg: family, version 0, resource (network order). */
export function familyHeader(family: number, resource = 0): Uint8Array {
  return Uint8Array.of(family, 0, resource >> 8, resource & 0xff);
}

/** Most bytes of elements in one message: its nested attribute's length is 16 bits. */
const maxElementBytes = 60_000;

/**
 * Sets of the table. `promiscuous4-1`: sources whose frames are dropped also where they are for
 * other hosts' MAC addresses, one such set for all ports that have the same.
 */
export type SetName = `${"served" | "local"}${Family}` | `promiscuous${Family}-${number}`;

const keyTypes: Readonly<Record<Family, number>> = { 4: 7, 6: 8 }; // nft's ipv4_addr, ipv6_addr
const registers = { verdict: 0, data: 1 } as const; // NFT_REG_VERDICT, NFT_REG_1 (16 bytes)

/** An expression: its name and its attributes. */
type Expression = [name: string, fill: (writer: MessageWriter) => void];

/** What a rule drops; the predicate of one port, one address family and one packet type. */
export interface DropRule {
  readonly vlan: number | null;
  readonly family: Family;
  /** PACKET_HOST 0 or PACKET_OTHERHOST 3. */
  readonly packetType: number;
  /** Set of the sources. */
  readonly sources: SetName;
}

function meta(key: number): Expression {
  return ["meta", (w) => w.be32(2, key).be32(1, registers.data)];
}

function payload(base: number, offset: number, bytes: number): Expression {
  return ["payload", (w) => w.be32(1, registers.data).be32(2, base).be32(3, offset).be32(4, bytes)];
}

function compare(...bytes: number[]): Expression {
  const value = Uint8Array.from(bytes);
  return [
    "cmp",
    (w) => w.be32(1, registers.data).be32(2, 0).nested(3, (data) => data.attribute(1, value)),
  ];
}

function mask(...bytes: number[]): Expression {
  const value = Uint8Array.from(bytes);
  return ["bitwise", (w) => {
    w.be32(1, registers.data).be32(2, registers.data).be32(3, bytes.length);
    w.nested(4, (data) => data.attribute(1, value));
    w.nested(5, (data) => data.attribute(1, new Uint8Array(bytes.length)));
  }];
}

function lookup(set: SetName, inverted: boolean): Expression {
  return ["lookup", (w) => w.text(1, set).be32(2, registers.data).be32(5, inverted ? 1 : 0)];
}

const counter: Expression = ["counter", (w) => {
  w.attribute(1, new Uint8Array(8)).attribute(2, new Uint8Array(8));
}];

const drop: Expression = ["immediate", (w) => {
  w.be32(1, registers.verdict).nested(2, (data) => data.nested(2, (code) => code.be32(1, 0)));
}];

/**
 * The predicate. Link-layer loads see a tag in its place also where the device took it out, so the
 * type at offset 12 tells untagged frames from tagged ones, and QinQ is neither.
 */
function expressions(rule: DropRule): Expression[] {
  const linkLayer = 0;
  const network = 1;
  const packetTypeKey = 19; // NFT_META_PKTTYPE
  const type = rule.family === 4 ? [0x08, 0x00] : [0x86, 0xdd];
  const tag = rule.vlan;
  const tagged: Expression[] = tag === null ? [] : [
    payload(linkLayer, 12, 2),
    compare(0x81, 0x00),
    payload(linkLayer, 14, 2),
    mask(0x0f, 0xff),
    compare(tag >> 8, tag & 0xff),
  ];
  const [source, destination, bytes] = rule.family === 4 ? [12, 16, 4] : [8, 24, 16];
  return [
    meta(packetTypeKey),
    compare(rule.packetType),
    ...tagged,
    payload(linkLayer, tag === null ? 12 : 16, 2),
    compare(...type),
    payload(network, source, bytes),
    lookup(rule.sources, false),
    payload(network, destination, bytes),
    lookup(`local${rule.family}`, true),
    counter,
    drop,
  ];
}

/** Comment of a rule as `nft list` shows it: type 0, length, zero-terminated text. */
function comment(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(`${text}\0`);
  return Uint8Array.of(0, bytes.length, ...bytes);
}

/** A batch of changes that the kernel makes all at once or not at all. */
export class Batch {
  readonly #writer = new MessageWriter();
  readonly #next: () => number;
  readonly #table: string;
  #first = 0;
  #last = 0;
  /** What each message wanted, by sequence number; for error texts. */
  #changes = 0;

  constructor(table: string, nextSequence: () => number) {
    this.#table = table;
    this.#next = nextSequence;
    this.#first = nextSequence();
    this.#writer.begin(batchBegin, Nlmsg.F_REQUEST, this.#first)
      .raw(familyHeader(Nfproto.UNSPEC, subsystem)).finish();
  }

  /** Changes written. */
  get changes(): number {
    return this.#changes;
  }

  /** The table itself, owned by the socket that sends this. */
  addTable(): void {
    const ownerFlag = 2;
    this.#message(Nft.NEWTABLE, Nlmsg.F_CREATE | Nlmsg.F_EXCL, (w) => {
      w.text(1, this.#table).be32(2, ownerFlag);
    });
  }

  /** An empty interval set of addresses. */
  addSet(name: SetName, family: Family, id: number): void {
    const intervalFlag = 4;
    this.#message(Nft.NEWSET, Nlmsg.F_CREATE | Nlmsg.F_EXCL, (w) => {
      w.text(1, this.#table).text(2, name).be32(3, intervalFlag);
      w.be32(4, keyTypes[family]).be32(5, family === 4 ? 4 : 16).be32(10, id);
    });
  }

  /** Takes all elements out of a set. */
  flushSet(name: SetName): void {
    this.#message(Nft.DELSETELEM, 0, (w) => w.text(1, this.#table).text(2, name));
  }

  /** Adds disjoint ranges: each is its first address, and an end mark on the one behind it. */
  addElements(name: SetName, ranges: readonly AddressRange[]): void {
    const keys: { key: Uint8Array; end: boolean }[] = [];
    for (const { first, last } of ranges) {
      keys.push({ key: first, end: false });
      const behind = successor(last);
      if (behind) keys.push({ key: behind, end: true });
    }
    const elementBytes = 4 + 4 + 4 + 16 + 8; // list entry, key, value, 16 bytes, flags
    const perMessage = 2 * Math.floor(maxElementBytes / elementBytes / 2);
    for (let at = 0; at < keys.length; at += perMessage) {
      this.#message(Nft.NEWSETELEM, Nlmsg.F_CREATE, (w) => {
        w.text(1, this.#table).text(2, name).nested(3, (list) => {
          for (const { key, end } of keys.slice(at, at + perMessage)) {
            list.nested(1, (element) => {
              if (end) element.be32(3, 1);
              element.nested(1, (value) => value.attribute(1, key));
            });
          }
        });
      });
    }
  }

  /** An ingress base chain on one interface, named like it; accepts what no rule drops. */
  addChain(name: string): void {
    const ingressHook = 0;
    const priority = -500;
    const accept = 1;
    this.#message(Nft.NEWCHAIN, Nlmsg.F_CREATE | Nlmsg.F_EXCL, (w) => {
      w.text(1, this.#table).text(3, name).nested(4, (hook) => {
        hook.be32(1, ingressHook).be32(2, priority).text(3, name);
      });
      w.be32(5, accept).text(7, "filter");
    });
  }

  /** Removes a chain with its rules. */
  removeChain(name: string): void {
    this.#message(Nft.DELCHAIN, 0, (w) => w.text(1, this.#table).text(3, name));
  }

  /** Appends the rule of one port to the chain of its interface. */
  addRule(chain: string, rule: DropRule): void {
    this.#message(Nft.NEWRULE, Nlmsg.F_CREATE | Nlmsg.F_APPEND, (w) => {
      w.text(1, this.#table).text(2, chain).nested(4, (list) => {
        for (const [name, fill] of expressions(rule)) {
          list.nested(1, (item) => item.text(1, name).nested(2, fill));
        }
      });
      w.attribute(7, comment(rule.vlan === null ? "untagged" : `vlan ${rule.vlan}`));
    });
  }

  /** The datagram and the sequence numbers of its first and last change. */
  finish(): { datagram: Uint8Array<ArrayBuffer>; first: number; last: number } {
    const end = this.#next();
    this.#writer.begin(batchEnd, Nlmsg.F_REQUEST, end)
      .raw(familyHeader(Nfproto.UNSPEC, subsystem)).finish();
    return { datagram: this.#writer.datagram(), first: this.#first, last: this.#last };
  }

  #message(type: number, flags: number, fill: (writer: MessageWriter) => void): void {
    this.#last = this.#next();
    this.#changes++;
    this.#writer.begin(nftType(type), Nlmsg.F_REQUEST | Nlmsg.F_ACK | flags, this.#last)
      .raw(familyHeader(Nfproto.NETDEV));
    fill(this.#writer);
    this.#writer.finish();
  }
}

/** Body of a request or dump: family, table, and what else `fill` adds. */
export function nftRequest(
  family: number,
  fill: (writer: MessageWriter) => void = () => {},
): Uint8Array {
  const writer = new MessageWriter().raw(familyHeader(family));
  fill(writer);
  return writer.datagram();
}

/** Name of the table in a NEWTABLE message. */
export function decodeTableName(message: Message): string {
  return readText(decodeAttributes(message.payload.subarray(4)), 1);
}

/** A chain as dumped; `hook` null where it is no base chain. */
export interface ChainEntry {
  readonly family: number;
  readonly table: string;
  readonly name: string;
  readonly hook: number | null;
  readonly devices: readonly string[];
  /** References: its rules. */
  readonly use: number;
  /** NF_DROP 0, NF_ACCEPT 1, null for regular chains. */
  readonly policy: number | null;
}

/** Decodes NEWCHAIN. */
export function decodeChain(message: Message): ChainEntry {
  const attributes = decodeAttributes(message.payload.subarray(4));
  const hook = decodeAttributes(attributes.get(4) ?? new Uint8Array(0));
  const devices = new Set<string>();
  if (hook.has(3)) devices.add(readText(hook, 3));
  for (const [, name] of listAttributes(hook.get(4) ?? new Uint8Array(0))) {
    devices.add(textOf(name));
  }
  return {
    family: message.payload[0] ?? 0,
    table: readText(attributes, 1),
    name: readText(attributes, 3),
    hook: readBe32(hook, 1),
    devices: [...devices],
    use: readBe32(attributes, 6) ?? 0,
    policy: readBe32(attributes, 5),
  };
}

/** A rule of an lvrm table: its port's tag and what its counter says. */
export interface RuleEntry {
  readonly table: string;
  readonly chain: string;
  readonly vlan: number | null;
  readonly frames: bigint;
  readonly bytes: bigint;
}

/** Decodes NEWRULE of a table that lvrm made. */
export function decodeRule(message: Message): RuleEntry {
  const attributes = decodeAttributes(message.payload.subarray(4));
  const text = textOf((attributes.get(7) ?? new Uint8Array(2)).subarray(2));
  const tag = /^vlan ([0-9]+)$/.exec(text);
  let frames = 0n;
  let bytes = 0n;
  for (const [, item] of listAttributes(attributes.get(4) ?? new Uint8Array(0))) {
    const expression = decodeAttributes(item);
    if (readText(expression, 1) !== "counter") continue;
    const data = decodeAttributes(expression.get(2) ?? new Uint8Array(0));
    bytes = readBe64(data.get(1));
    frames = readBe64(data.get(2));
  }
  return {
    table: readText(attributes, 1),
    chain: readText(attributes, 2),
    vlan: tag ? Number(tag[1]) : null,
    frames,
    bytes,
  };
}

function readBe64(value: Uint8Array | undefined): bigint {
  if (!value || value.length < 8) return 0n;
  return new DataView(value.buffer, value.byteOffset, 8).getBigUint64(0);
}

/** Set elements of NEWSETELEM messages: keys with their end marks. */
export function decodeElements(message: Message): { key: Uint8Array; end: boolean }[] {
  const attributes = decodeAttributes(message.payload.subarray(4));
  return listAttributes(attributes.get(3) ?? new Uint8Array(0)).map(([, item]) => {
    const element = decodeAttributes(item);
    const key = decodeAttributes(element.get(1) ?? new Uint8Array(0)).get(1) ?? new Uint8Array(0);
    return { key: key.slice(), end: ((readBe32(element, 3) ?? 0) & 1) !== 0 };
  });
}
