/** Destinations that are the gateway's own: never served, always the kernel's. Pure. */
import { formatPrefix, parsePrefix, type Prefix } from "../netlink/address.ts";
import type { RouteMessage } from "../netlink/rtnetlink.ts";
import { Rtn } from "../netlink/rtnetlink_constants.ts";
import { prefixKey, prefixOfKey } from "./routes.ts";

const localTable = 255;

/** "This" network, multicast, limited broadcast, link-local: own or never forwarded. */
export const alwaysLocal: readonly Prefix[] = [
  "0.0.0.0/8",
  "224.0.0.0/4",
  "255.255.255.255/32",
  "fe80::/10",
  "ff00::/8",
].map((text) => parsePrefix(text)!);

const types: ReadonlySet<number> = new Set([
  Rtn.LOCAL,
  Rtn.BROADCAST,
  Rtn.ANYCAST,
  Rtn.MULTICAST,
]);

/** Types that say so in whatever table: those of a VRF have its interfaces' addresses. */
const ownTypes: ReadonlySet<number> = new Set([Rtn.LOCAL, Rtn.BROADCAST, Rtn.ANYCAST]);

/**
 * Whether a route makes its destination the gateway's own. A local route for everything, as
 * transparent proxies have in a table that only marked packets are looked up in, does not.
 */
function isOwn(route: RouteMessage): boolean {
  if (route.table === localTable) return types.has(route.type);
  return ownTypes.has(route.type) && route.prefixLength > 0;
}

/**
 * The kernel's local table and such routes of others. One prefix may be there once per table,
 * interface and type.
 */
export class LocalTable {
  #entries = new Map<string, Set<string>>();
  #told = "";

  /** All of it anew, from a dump of every table. */
  replace(routes: Iterable<RouteMessage>): void {
    this.#entries = new Map();
    for (const route of routes) this.apply(route, false);
  }

  /** One notification of any table. */
  apply(route: RouteMessage, removed: boolean): void {
    if (!isOwn(route)) return;
    const key = prefixKey(route.destination, route.prefixLength);
    const { table, type, hops, metric } = route;
    const owner = `${table} ${type} ${hops[0]?.ifindex ?? 0} ${metric}`;
    const owners = this.#entries.get(key) ?? new Set();
    if (removed) owners.delete(owner);
    else owners.add(owner);
    if (owners.size > 0) this.#entries.set(key, owners);
    else this.#entries.delete(key);
  }

  /** The table's prefixes and those that are always the gateway's, without duplicates. */
  prefixes(): Prefix[] {
    const own = [...this.#entries.keys()].map(prefixOfKey);
    const texts = new Map([...alwaysLocal, ...own].map((prefix) => [formatPrefix(prefix), prefix]));
    return [...texts.values()];
  }

  /** Whether the prefixes differ from those at the last call. */
  takeChanged(): boolean {
    const text = [...this.#entries.keys()].sort().join("\n");
    const changed = text !== this.#told;
    this.#told = text;
    return changed;
  }
}
