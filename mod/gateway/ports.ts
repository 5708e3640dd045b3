/** Which ports lvrm serves: those named, or every Ethernet interface that can carry traffic. */
import { limits } from "../../ffi/abi.gen.ts";
import type { Replay } from "../../ffi/replay.ts";
import { Attempts, ExitCode, Failure, meant } from "../config/mod.ts";
import { arena, largestMtu } from "../config/sizes.ts";
import type { InterfaceSettings, Place } from "../config/mod.ts";
import type { InterfaceAddress, Link } from "../routing/mod.ts";

/** A port to open. */
export interface Port {
  /** Number of the port, 0… in order. */
  readonly port: number;
  readonly name: string;
  readonly vlan: number | null;
  readonly ifindex: number;
  readonly mac: Uint8Array;
  readonly mtu: number;
  /** Of a port that is no interface. */
  readonly replay?: Replay;
}

const ethernet = 1; // ARPHRD_ETHER

/** `eth0` or `eth0:100`, as users write it. */
export function portName(port: { readonly name: string; readonly vlan: number | null }): string {
  return port.vlan === null ? port.name : `${port.name}:${port.vlan}`;
}

function failure(message: string, place: Place | null = null): Failure {
  return new Failure(ExitCode.host, message, place);
}

/** The `index`th of those that were asked for. */
function namedLink(wanted: InterfaceSettings, index: number, links: readonly Link[]): Link {
  const place = ["interfaces", index];
  const link = links.find((l) => l.name === wanted.name);
  const known = links.filter((l) => l.type === ethernet).map((l) => l.name).join(", ");
  if (link === undefined) {
    throw failure(
      `--interface ${portName(wanted)}: there is no interface ${wanted.name} here;` +
        `${meant(wanted.name, links.map((l) => l.name))} ` +
        (known === "" ? "there is no Ethernet interface at all" : `there is ${known}`),
      place,
    );
  }
  if (link.type !== ethernet) {
    throw failure(
      `--interface ${portName(wanted)}: ${wanted.name} is not an Ethernet interface; ` +
        (known === "" ? "there is none here" : `choose from ${known}`),
      place,
    );
  }
  if (!link.up) {
    throw failure(
      `--interface ${portName(wanted)}: ${wanted.name} is down; try: ` +
        `ip link set ${wanted.name} up`,
      place,
    );
  }
  return link;
}

/** Frames must fit the largest slots that there are. */
function requireRoom({ name, mtu }: Link): void {
  const most = largestMtu(arena.jumbo_slot_bytes);
  if (mtu <= most) return;
  throw failure(
    `${name} has an MTU of ${mtu}, more than the ${most} that lvrm's slots have room for: ` +
      `ip link set ${name} mtu ${most}, or name other interfaces with --interface`,
  );
}

/** Every Ethernet interface that is up and has an address. */
function defaultLinks(links: readonly Link[], addresses: readonly InterfaceAddress[]): Link[] {
  const addressed = new Set(addresses.map((a) => a.ifindex));
  return links.filter((l) => l.type === ethernet && l.up && addressed.has(l.ifindex));
}

/** The ports asked for. Throws Failure (host) for all that can't be. */
function namedLinks(wanted: readonly InterfaceSettings[], links: readonly Link[]) {
  const all = new Attempts();
  const chosen = wanted.map((it, i) => {
    return { link: all.attempt(() => namedLink(it, i, links)), vlan: it.vlan };
  });
  all.end();
  return chosen as { link: Link; vlan: number | null }[]; // or it would have thrown
}

/** Decides the ports. Throws Failure (host) when some can't be, or there is none. */
export function choosePorts(
  wanted: readonly InterfaceSettings[],
  links: readonly Link[],
  addresses: readonly InterfaceAddress[],
): Port[] {
  const chosen = wanted.length === 0
    ? defaultLinks(links, addresses).map((link) => ({ link, vlan: null }))
    : namedLinks(wanted, links);
  if (chosen.length === 0) {
    throw failure(
      "no Ethernet interface here is up and has an address: set one up, or name one with " +
        "--interface",
    );
  }
  if (chosen.length > limits.max_ports) {
    throw failure(
      `${chosen.length} interfaces are more than the ${limits.max_ports} that lvrm serves: ` +
        `name those to serve with --interface`,
    );
  }
  for (const { link } of chosen) requireRoom(link);
  return chosen.map(({ link, vlan }, port) => ({
    port,
    name: link.name,
    vlan,
    ifindex: link.ifindex,
    mac: link.mac,
    mtu: link.mtu,
  }));
}
