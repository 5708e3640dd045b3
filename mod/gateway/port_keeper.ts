/**
 * The ports of a run through the life of their interfaces: one that is removed leaves the plan, and
 * when an interface of its name comes back it is opened again with the new index.
 */
import { manifest, wants as wantBits } from "../../ffi/abi.gen.ts";
import { CoreError } from "../../ffi/core.ts";
import type { Core } from "../../ffi/core.ts";
import { addPortCounters } from "../../ffi/stats.ts";
import type { PortCounters, SnapshotReader } from "../../ffi/stats.ts";
import { ExitCode, Failure } from "../config/mod.ts";
import { getLogger } from "../log/mod.ts";
import { compareBytes } from "../netlink/mod.ts";
import type { Link, RoutingPort } from "../routing/mod.ts";
import { hasPort } from "../vri_monitor/mod.ts";
import type { VrWants } from "../vri_monitor/mod.ts";
import { openPort } from "./adapters.ts";
import type { AdapterChoice, OpenedPort } from "./adapters.ts";
import { portName } from "./ports.ts";
import type { Port } from "./ports.ts";

const log = getLogger(["lvrm", "port"]);

interface Kept {
  port: Port;
  /**
   * `closing`: its interface is gone or another; it is closed once no plan in force names it.
   * `returned`: there is one again, to be opened as soon as the ingress table knows it.
   */
  phase: "unopened" | "open" | "closing" | "absent" | "returned";
  /** Of the first plan that names it while it is open, or leaves it out while it closes. */
  generation: number | null;
  /** Whether the counters of snapshots are of this life of it: they stay as its last left them. */
  counted: boolean;
  /** What it was last opened with. */
  opened: OpenedPort | null;
  /** What it counted before it was last closed. */
  earlier: PortCounters | null;
}

/** Whether the port was opened on this very interface, with the MAC address it has now. */
function isSame(link: Link | undefined, port: Port): boolean {
  return link !== undefined && link.ifindex === port.ifindex &&
    compareBytes(link.mac, port.mac) === 0;
}

const reasonOf = ({ adapter, why }: OpenedPort) => `${manifest.adapters[adapter]}: ${why}`;

export class PortKeeper {
  readonly #kept: Kept[];
  readonly #adapters: AdapterChoice;
  readonly #core: Core;
  readonly #largestMtu: number;
  readonly #warned = new Set<string>(); // ports whose MTU has outgrown the slots
  #links: readonly Link[] = [];
  /** The plan no longer says what it should. */
  planDirty = false;

  /** `largestMtu`: of frames that fit the arenas' slots. */
  constructor(
    ports: readonly Port[],
    adapters: AdapterChoice,
    core: Core,
    largestMtu: number,
  ) {
    this.#kept = ports.map((port) => ({
      port,
      phase: "unopened",
      generation: null,
      counted: false,
      opened: null,
      earlier: null,
    }));
    this.#adapters = adapters;
    this.#core = core;
    this.#largestMtu = largestMtu;
  }

  /** Opens all ports. Throws Failure (host). */
  openAll(): void {
    for (const kept of this.#kept) {
      try {
        this.#open(kept);
      } catch (error) {
        if (!(error instanceof CoreError)) throw error;
        throw new Failure(
          ExitCode.host,
          `cannot open ${portName(kept.port)}: ${error.message}`,
        );
      }
    }
    const reasons = Map.groupBy(this.#kept, ({ opened }) => reasonOf(opened!));
    for (const [reason, all] of reasons) {
      const ports = all.map(({ port }) => portName(port)).join(", ");
      log.info("{ports} by {reason}", { ports, reason });
    }
    for (const { port, opened } of this.#kept) {
      const few = /(\d+ queues?) for \d+ of \d+ dispatchers/.exec(opened!.info);
      if (few === null) continue;
      log.warn("{port} has {few}: the others have no frames to receive from it (ethtool -L)", {
        port: portName(port),
        few: few[0],
      });
    }
  }

  #open(kept: Kept): void {
    const config = { ...kept.port, receiveBufferBytes: 0 };
    const opened = openPort(this.#core, config, this.#adapters);
    kept.opened = opened;
    kept.phase = "open";
    kept.generation = null;
    kept.counted = false;
    this.planDirty = true;
  }

  /** Ports that a plan may name. */
  open(): Port[] {
    return this.#kept.filter((kept) => kept.phase === "open").map((kept) => kept.port);
  }

  /** Ports for the ingress table: one that closes too, as its frames are still captured. */
  present(): Port[] {
    return this.#kept.filter((kept) => kept.phase !== "absent").map((kept) => kept.port);
  }

  /** Whether a port waits for a plan to be in force. */
  get busy(): boolean {
    return this.#kept.some((kept) => kept.phase === "closing");
  }

  /** All ports as the mirror of the routing state needs them. */
  routingPorts(): RoutingPort[] {
    return this.#kept.map(({ port }) => ({
      port: port.port,
      ifindex: port.ifindex,
      interface: port.name,
      vlan: port.vlan,
    }));
  }

  /** Numbers of the ports that some VR wants other hosts' frames from. */
  promiscuous(asked: readonly VrWants[]): Set<number> {
    const wanting = asked.filter((vr) => (vr.wants & wantBits.promiscuous) !== 0);
    const numbers = this.#kept.map((kept) => kept.port.port);
    return new Set(numbers.filter((port) => wanting.some((vr) => hasPort(vr.ports, port))));
  }

  /** Follows interfaces that went, came back or changed. */
  linksChanged(links: readonly Link[]): void {
    this.#links = links;
    for (const kept of this.#kept) {
      const link = links.find((l) => l.name === kept.port.name);
      if (kept.phase === "open" && !isSame(link, kept.port)) {
        const what = link === undefined ? "its interface was removed" : "its interface changed";
        log.warn("{port} is closed: {what}", { port: portName(kept.port), what });
        kept.phase = "closing";
        kept.generation = null;
        this.planDirty = true;
      }
      if (kept.phase === "returned" && !isSame(link, kept.port)) kept.phase = "absent";
      if (kept.phase === "absent" && link !== undefined) this.#returns(kept, link);
      if (link !== undefined) this.#checkMtu(portName(kept.port), link.mtu);
    }
  }

  #checkMtu(port: string, mtu: number): void {
    if (mtu <= this.#largestMtu || this.#warned.has(port)) return;
    this.#warned.add(port);
    log.warn("{port} has an MTU of {mtu} now, and slots were made for {largest}: restart lvrm", {
      port,
      mtu,
      largest: this.#largestMtu,
    });
  }

  #returns(kept: Kept, { ifindex, mac, mtu }: Link): void {
    kept.port = { ...kept.port, ifindex, mac, mtu };
    kept.phase = "returned";
    this.planDirty = true;
  }

  /**
   * Opens the ports that have returned, now that the ingress table keeps their frames from the
   * kernel. False: one could not be, and the kernel has to get its frames.
   */
  openReturned(): boolean {
    let all = true;
    for (const kept of this.#kept) {
      if (kept.phase !== "returned") continue;
      const port = portName(kept.port);
      try {
        this.#open(kept);
        log.info("{port} is back, by {reason}", { port, reason: reasonOf(kept.opened!) });
      } catch (error) {
        // It is tried again with the next change of a link.
        log.warn("{port} cannot be opened: {error}", { port, error: String(error) });
        kept.phase = "absent";
        all = false;
      }
    }
    return all;
  }

  /** A plan made of `open` was handed over. */
  planSent(generation: number): void {
    for (const kept of this.#kept) {
      if (kept.phase === "closing" || kept.phase === "open") kept.generation ??= generation;
    }
  }

  /** What the port was last opened with, and why. */
  adapter(port: number): { adapter: string; adapter_info: string; adapter_why: string } {
    const opened = this.#kept.find((kept) => kept.port.port === port)?.opened ?? null;
    return {
      adapter: opened === null ? "" : manifest.adapters[opened.adapter]!,
      adapter_info: opened?.info ?? "",
      adapter_why: opened?.why ?? "",
    };
  }

  /** All counters of a port, through every life of its interface. */
  counters(port: number, reader: SnapshotReader): PortCounters {
    const kept = this.#kept.find((k) => k.port.port === port);
    const earlier = kept?.earlier ?? null;
    if (kept?.counted === false && earlier !== null) return earlier;
    const now = reader.port(port);
    return earlier === null ? now : addPortCounters(earlier, now);
  }

  /** Says once that frames came cut, and what to do. */
  warnOfTruncation(reader: SnapshotReader): void {
    const frames = reader.totals().drops["truncated"] ?? 0;
    if (frames === 0 || this.#warned.has("truncated")) return;
    this.#warned.add("truncated");
    if (this.#kept.every(({ port }) => port.replay !== undefined)) {
      log.warn(
        "frames that their capture had cut are dropped ({frames} truncated so far): capture " +
          "whole ones (tcpdump -s 0)",
        { frames },
      );
      return;
    }
    log.warn(
      "frames that were longer than the adapter takes are dropped ({frames} truncated so far): " +
        "super-frames, or an MTU that grew. Switch segmentation off on both sides of the link: " +
        "ethtool -K IF tso off gso off gro off",
      { frames },
    );
  }

  /** The plan of this generation is in force: ports that it leaves out are closed. */
  adopted(generation: number, reader: SnapshotReader): void {
    for (const kept of this.#kept) {
      if (kept.generation === null || kept.generation > generation) continue;
      if (kept.phase === "open") kept.counted = true;
      if (kept.phase !== "closing") continue;
      const counters = this.counters(kept.port.port, reader);
      if (!this.#core.portClose(kept.port.port)) continue;
      kept.earlier = counters;
      kept.counted = false;
      kept.phase = "absent";
      const link = this.#links.find((l) => l.name === kept.port.name);
      if (link !== undefined) this.#returns(kept, link);
    }
  }
}
