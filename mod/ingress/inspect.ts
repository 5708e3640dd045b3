/** What else the kernel's packet filter has: tables of other lvrm, chains that are passed by. */
import { compareBytes, formatPrefix } from "../netlink/address.ts";
import { Errno, NetlinkError } from "../netlink/calls.ts";
import type { NetlinkSocket } from "../netlink/socket.ts";
import { lastAddress, predecessor, rangesOverlap } from "./intervals.ts";
import {
  decodeChain,
  decodeElements,
  decodeRule,
  decodeTableName,
  Nfproto,
  Nft,
  nftRequest,
  nftType,
} from "./nftables.ts";
import type { AddressRange, BypassedChain, ForeignTable, IngressPlan } from "./types.ts";

const tableName = /^lvrm-([0-9]+)(-[0-9]+)?$/;
const families: Readonly<Record<number, string>> = {
  [Nfproto.IPV4]: "ip",
  [Nfproto.IPV6]: "ip6",
  [Nfproto.INET]: "inet",
};
const hooks: Readonly<Record<number, string>> = {
  0: "prerouting",
  2: "forward",
  4: "postrouting",
};

/** Elements of an interval set as ranges; one without an end mark reaches to the last address. */
function rangesOf(elements: { key: Uint8Array; end: boolean }[]): AddressRange[] {
  // At one address, the end of one range comes before the start of the next.
  const sorted = [...elements]
    .sort((a, b) => compareBytes(a.key, b.key) || Number(b.end) - Number(a.end));
  const ranges: AddressRange[] = [];
  let first: Uint8Array | null = null;
  for (const { key, end } of sorted) {
    if (end && first) {
      ranges.push({ family: key.length === 4 ? 4 : 6, first, last: predecessor(key) });
      first = null;
    } else if (!end) first = key;
  }
  if (first) {
    const last = new Uint8Array(first.length).fill(0xff);
    ranges.push({ family: first.length === 4 ? 4 : 6, first, last });
  }
  return ranges;
}

function servedRanges(socket: NetlinkSocket, table: string): AddressRange[] {
  return ["served4", "served6"].flatMap((set) => {
    const request = nftRequest(Nfproto.NETDEV, (w) => w.text(1, table).text(2, set));
    const what = `Cannot read the set ${set} of ${table}`;
    const messages = socket.dump(what, nftType(Nft.GETSETELEM), request);
    return rangesOf(messages.flatMap(decodeElements));
  });
}

/** Names of all tables that an lvrm made. */
export function tableNames(socket: NetlinkSocket): string[] {
  const request = nftRequest(Nfproto.NETDEV);
  return socket.dump("Cannot read tables", nftType(Nft.GETTABLE), request)
    .map(decodeTableName).filter((name) => tableName.test(name));
}

/** Tables of other lvrm processes, all but `own`. */
export function foreignTables(socket: NetlinkSocket, own: string): ForeignTable[] {
  const names = tableNames(socket).filter((name) => name !== own);
  return names.flatMap((name) => {
    try {
      return [foreignTable(socket, name)];
    } catch (error) {
      // Its lvrm ended since the names were read.
      if (error instanceof NetlinkError && error.errno === Errno.ENOENT) return [];
      throw error;
    }
  });
}

function foreignTable(socket: NetlinkSocket, name: string): ForeignTable {
  const ofTable = nftRequest(Nfproto.NETDEV, (w) => w.text(1, name));
  const rules = socket.dump("Cannot read rules", nftType(Nft.GETRULE), ofTable).map(decodeRule)
    .filter((rule) => rule.table === name);
  const ports = new Map(rules.map(({ chain, vlan }) => {
    return [`${chain} ${vlan}`, { interface: chain, vlan }];
  }));
  return {
    name,
    pid: Number(tableName.exec(name)?.[1] ?? 0),
    ports: [...ports.values()],
    served: servedRanges(socket, name),
  };
}

/** One line for each subnet that another lvrm serves already on one of the plan's ports. */
export function conflicts(plan: IngressPlan, foreign: readonly ForeignTable[]): string[] {
  const lines: string[] = [];
  for (const table of foreign) {
    const shared = plan.ports.find((port) =>
      table.ports.some((other) => other.interface === port.interface && other.vlan === port.vlan)
    );
    if (!shared) continue;
    const name = shared.vlan === null ? shared.interface : `${shared.interface}:${shared.vlan}`;
    for (const prefix of plan.served) {
      const range = { family: prefix.family, first: prefix.address, last: lastAddress(prefix) };
      if (!table.served.some((other) => rangesOverlap(other, range))) continue;
      lines.push(
        `subnet ${formatPrefix(prefix)} is served on ${name} already, by another lvrm ` +
          `(process ${table.pid}); stop that one or take other subnets`,
      );
    }
  }
  return lines;
}

/** Names of the legacy iptables' tables, which exist as soon as somebody has used them. */
function legacyTables(): BypassedChain[] {
  const list: BypassedChain[] = [];
  for (const family of ["ip", "ip6"]) {
    let text = "";
    try {
      text = Deno.readTextFileSync(`/proc/net/${family}_tables_names`);
    } catch {
      continue; // not there: the legacy kind is not loaded
    }
    for (const table of text.split("\n").filter((line) => line !== "")) {
      list.push({ family: `${family}tables`, table, chain: "", hook: "" });
    }
  }
  return list;
}

/** Base chains on a forwarded packet's way that have rules, or drop without any. */
export function bypassedChains(socket: NetlinkSocket): BypassedChain[] {
  const list = legacyTables();
  const request = nftRequest(Nfproto.UNSPEC);
  for (const message of socket.dump("Cannot read chains", nftType(Nft.GETCHAIN), request)) {
    const { family, table, name, hook, use, policy } = decodeChain(message);
    const familyName = families[family];
    const hookName = hook === null ? undefined : hooks[hook];
    if (!familyName || !hookName || (use === 0 && policy !== 0)) continue;
    list.push({ family: familyName, table, chain: name, hook: hookName });
  }
  return list;
}
