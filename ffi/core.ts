/**
 * The only door to `liblvrm.so`: loads it, compares the layout, and gives each symbol a typed
 * method. Called on the main thread only. Every number is range-checked here, since V8 stops
 * checking once a call is hot and would truncate in silence.
 */
import { abiHash, layout, limits } from "./abi.gen.ts";
import { type AnnouncedVri, putAnnouncements } from "./announcement.ts";
import { checked, u32Max } from "./checked.ts";
import { putIdle } from "./idle.ts";
import type { Idle } from "./idle.ts";
import { putReplay, type Replay } from "./replay.ts";
import { CoreError, EAGAIN, type Library, openLibrary } from "./library.ts";
import { Traces } from "./traces.ts";

export type { AnnouncedVri } from "./announcement.ts";
export { type Idle, putIdle } from "./idle.ts";

export { CoreError, EAGAIN } from "./library.ts";
export type { CoreSymbols } from "./library.ts";

const ESRCH = 3;
const ENOTUNIQ = 76;

/** `cores`: by dispatcher, the CPU number to pin it on; null, or -1: the kernel places it. */
export interface StartConfig {
  readonly cores: readonly (number | null)[];
  readonly idle: Idle;
  readonly busyPoll: boolean;
}

/** A port to open. `vlan` null: untagged frames. `mac`: six bytes. */
export interface PortConfig {
  readonly port: number;
  readonly adapter: number;
  readonly ifindex: number;
  readonly vlan: number | null;
  readonly mac: Uint8Array;
  readonly mtu: number;
  /** 0: the library's default. */
  readonly receiveBufferBytes: number;
  readonly name: string;
  readonly zeroCopy?: boolean; // of `af_xdp`: a driver may put all frames into a VR's arena
  /** Of the adapters `memory` and `pcap`. */
  readonly replay?: Replay;
}

export interface VrConfig {
  readonly vr: number;
  readonly slotBytes: number;
  readonly slotCount: number;
  readonly balancer: number;
  /** Frames are balanced one by one, instead of by flow. */
  readonly byFrame: boolean;
  /** Slots besides: for frames that stay in the arena, and for the kernel to fill. */
  readonly residentCount?: number;
  readonly kernelCount?: number;
  /** Places of the flow table: a power of two. */
  readonly flowCount: number;
  /** How long a flow must be silent before it may move. */
  readonly flowIdleMs: number;
  readonly loadEstimator: number;
  /** Of a new observation, in 1/256: 1 to 256. */
  readonly loadWeight: number;
}

export interface VriConfig {
  readonly vri: number;
  readonly vr: number;
  readonly queue: number;
  readonly queueCapacity: number;
  readonly freeCapacity: number;
  readonly controlCapacity: number;
}

/** What the VRI's process gets: the link's segment, and descriptors to wake each dispatcher. */
export interface VriCreated {
  readonly linkShmid: number;
  readonly wakeFds: readonly number[];
}

/** A control event that a VRI sent to lvrm. */
export interface ReceivedEvent {
  readonly vri: number;
  readonly kind: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** The loaded library. Methods throw CoreError unless they say otherwise. */
export class Core {
  readonly #library: Library;
  readonly #events = new Uint8Array(layout.EventHeader.size + limits.max_event_bytes);
  readonly #text = new Uint8Array(1024);
  readonly #announced = new DataView(
    new ArrayBuffer(limits.max_announcements * layout.Announcement.size),
  );
  #dispatchers = 1;
  /** Thin netlink calls, results as the kernel gave them (0, a count or -errno). */
  readonly netlink: NetlinkSymbols;
  /** Traces and captures. */
  readonly traces: Traces;

  private constructor(library: Library) {
    this.#library = library;
    const s = library.symbols;
    this.netlink = {
      open: (protocol, groups, bytes) =>
        s.lvrm_netlink_open(
          checked("protocol", protocol, 0, 255),
          checked("groups", groups, 0, u32Max),
          checked("receive buffer", bytes, 0, u32Max),
        ),
      join: (socket, group) => s.lvrm_netlink_join(socket, checked("group", group, 1, u32Max)),
      send: (socket, message) => s.lvrm_netlink_send(socket, message, message.byteLength),
      receive: (socket, buffer) => s.lvrm_netlink_receive(socket, buffer, buffer.byteLength),
      close: (socket) => s.lvrm_netlink_close(socket),
    };
    this.traces = new Traces(s, (result) => this.#check(result));
  }

  /**
   * Loads the library at `path`. Throws CoreError when it is missing, or its layout is not
   * `expected`.
   */
  static load(path: string, expected: bigint = abiHash): Core {
    return new Core(openLibrary(path, expected));
  }

  /** Lets go of the library; call `stop` before. Only tests need it. */
  close(): void {
    this.#library.close();
  }

  #lastError(): string {
    const bytes = this.#library.symbols.lvrm_last_error(this.#text, this.#text.byteLength);
    return new TextDecoder().decode(this.#text.subarray(0, Math.max(0, bytes)));
  }

  #check(result: number): number {
    if (result >= 0) return result;
    const text = this.#lastError();
    throw new CoreError(text === "" ? `errno ${-result}` : text, -result);
  }

  /** As `#check`, with EAGAIN as false. */
  #checkLater(result: number): boolean {
    if (result === -EAGAIN) return false;
    this.#check(result);
    return true;
  }

  /** Starts a dispatcher's thread for each core. */
  start(config: StartConfig): void {
    const at = layout.StartConfig;
    const view = new DataView(new ArrayBuffer(at.size));
    const count = checked("dispatchers", config.cores.length, 1, limits.max_dispatchers);
    view.setUint32(at.dispatchers, count, true);
    for (const [i, core] of config.cores.entries()) {
      view.setInt32(at.cores + 4 * i, checked("core", core ?? -1, -1, 4095), true);
    }
    putIdle(view, at.idle, config.idle);
    view.setUint32(at.busy_poll, config.busyPoll ? 1 : 0, true);
    this.#check(this.#library.symbols.lvrm_start(view));
    this.#dispatchers = count;
  }

  /** Stops and joins the dispatchers, closes ports, detaches every segment. Idempotent. */
  stop(): void {
    this.#library.symbols.lvrm_stop();
  }

  /** Opens a port; a later plan puts it in use. */
  portOpen(config: PortConfig): void {
    const at = layout.PortConfig;
    const view = new DataView(new ArrayBuffer(at.size));
    view.setUint32(at.port, checked("port", config.port, 0, limits.max_ports - 1), true);
    view.setUint32(at.adapter, checked("adapter", config.adapter, 0, 255), true);
    view.setUint32(at.ifindex, checked("ifindex", config.ifindex, 1, 0x7fff_ffff), true);
    const vlan = config.vlan ?? limits.no_vlan;
    view.setUint16(at.vlan, checked("vlan", vlan, 0, 0xffff), true);
    new Uint8Array(view.buffer).set(config.mac.subarray(0, 6), at.mac);
    view.setUint32(at.mtu, checked("mtu", config.mtu, 0, u32Max), true);
    const bytes = checked("receive buffer", config.receiveBufferBytes, 0, u32Max);
    view.setUint32(at.receive_buffer_bytes, bytes, true);
    const name = new TextEncoder().encode(config.name);
    checked("length of the interface's name", name.length, 1, limits.interface_name_bytes - 1);
    new Uint8Array(view.buffer).set(name, at.name);
    view.setUint32(at.zero_copy, config.zeroCopy === true ? 1 : 0, true);
    if (config.replay !== undefined) putReplay(view, config.replay);
    this.#check(this.#library.symbols.lvrm_port_open(view));
  }

  /** Closes a port that the plan in force doesn't name; false while a plan is on its way. */
  portClose(port: number): boolean {
    checked("port", port, 0, limits.max_ports - 1);
    return this.#checkLater(this.#library.symbols.lvrm_port_close(port));
  }

  /** What the adapter of an open port tells of itself; may be empty. */
  portDescription(port: number): string {
    checked("port", port, 0, limits.max_ports - 1);
    const { lvrm_port_describe: describe } = this.#library.symbols;
    const bytes = this.#check(describe(port, this.#text, this.#text.byteLength));
    return new TextDecoder().decode(this.#text.subarray(0, bytes));
  }

  /** Null when the adapter can work on this machine, else why not. */
  adapterUnavailable(adapter: number): string | null {
    const result = this.#library.symbols.lvrm_adapter_available(
      checked("adapter", adapter, 0, 255),
    );
    return result >= 0 ? null : this.#lastError() || `errno ${-result}`;
  }

  /** Makes a VR's arena. */
  vrCreate(config: VrConfig): void {
    const at = layout.VrConfig;
    const view = new DataView(new ArrayBuffer(at.size));
    view.setUint32(at.vr, checked("vr", config.vr, 0, limits.max_vrs - 1), true);
    view.setUint32(at.slot_bytes, checked("slot bytes", config.slotBytes, 1, u32Max), true);
    view.setUint32(at.slot_count, checked("slots", config.slotCount, 1, limits.max_slots), true);
    const more = (count = 0) => checked("further slots", count, 0, limits.max_slots);
    view.setUint32(at.resident_count, more(config.residentCount), true);
    view.setUint32(at.kernel_count, more(config.kernelCount), true);
    view.setUint32(at.balancer, checked("balancer", config.balancer, 0, 255), true);
    view.setUint32(at.by_frame, config.byFrame ? 1 : 0, true);
    view.setUint32(at.flow_count, checked("flows", config.flowCount, 1, u32Max), true);
    view.setUint32(at.flow_idle_ms, checked("flow idle", config.flowIdleMs, 1, u32Max), true);
    const estimator = checked("load estimator", config.loadEstimator, 0, 255);
    view.setUint32(at.load_estimator, estimator, true);
    view.setUint32(at.load_weight, checked("load weight", config.loadWeight, 1, 256), true);
    this.#check(this.#library.symbols.lvrm_vr_create(view));
  }

  /** Unmaps the arena of a VR that the plan in force doesn't name; false: try again later. */
  vrDestroy(vr: number): boolean {
    checked("vr", vr, 0, limits.max_vrs - 1);
    return this.#checkLater(this.#library.symbols.lvrm_vr_destroy(vr));
  }

  /** Makes a VRI's link. */
  vriCreate(config: VriConfig): VriCreated {
    const at = layout.VriConfig;
    const view = new DataView(new ArrayBuffer(at.size));
    view.setUint32(at.vri, checked("vri", config.vri, 0, limits.max_vris - 1), true);
    view.setUint32(at.vr, checked("vr", config.vr, 0, limits.max_vrs - 1), true);
    view.setUint32(at.queue, checked("queue", config.queue, 0, 255), true);
    const put = (offset: number, value: number) =>
      view.setUint32(offset, checked("capacity", value, 1, 1 << 30), true);
    put(at.queue_capacity, config.queueCapacity);
    put(at.free_capacity, config.freeCapacity);
    put(at.control_capacity, config.controlCapacity);
    const created = new DataView(new ArrayBuffer(layout.VriCreated.size));
    this.#check(this.#library.symbols.lvrm_vri_create(view, created));
    const fd = (_: unknown, i: number) =>
      created.getInt32(layout.VriCreated.wake_fds + 4 * i, true);
    return {
      linkShmid: created.getInt32(layout.VriCreated.link_shmid, true),
      wakeFds: Array.from({ length: limits.max_dispatchers }, fd).filter((it) => it >= 0),
    };
  }

  /**
   * Unmaps the link of a VRI that the plan in force doesn't name; its process must be reaped.
   * False while a plan is on its way: try again later.
   */
  vriDestroy(vri: number): boolean {
    checked("vri", vri, 0, limits.max_vris - 1);
    return this.#checkLater(this.#library.symbols.lvrm_vri_destroy(vri));
  }

  /** Whether the VRI's wake-up descriptor survives an exec: true only around its spawn. */
  vriInherit(vri: number, inherit: boolean): void {
    checked("vri", vri, 0, limits.max_vris - 1);
    this.#check(this.#library.symbols.lvrm_vri_inherit(vri, inherit ? 1 : 0));
  }

  /** Hands over an encoded plan. Its generation, or null while an earlier one waits. */
  plan(bytes: Uint8Array<ArrayBuffer>): number | null {
    const result = this.#library.symbols.lvrm_plan(bytes, bytes.byteLength);
    return result === -EAGAIN ? null : this.#check(result);
  }

  /**
   * Says ahead of the plan that standbys run from now on, or that running VRIs leave; the plan that
   * follows has to say the same. False where that can't be done just now: the plan alone tells.
   */
  announce(changes: readonly AnnouncedVri[], decidedNs: bigint): boolean {
    if (changes.length > limits.max_announcements) return false;
    putAnnouncements(this.#announced, changes, decidedNs);
    const { lvrm_announce: announce } = this.#library.symbols;
    return this.#checkLater(announce(this.#announced, changes.length));
  }

  /** Queues a control event for a VRI; false when too much waits for it already. */
  eventSend(vri: number, kind: number, payload: Uint8Array<ArrayBuffer>): boolean {
    checked("vri", vri, 0, limits.max_vris - 1);
    checked("kind", kind, 1, 0xffff);
    checked("event bytes", payload.byteLength, 0, limits.max_event_bytes);
    const result = this.#library.symbols.lvrm_event_send(vri, kind, payload, payload.byteLength);
    return this.#checkLater(result);
  }

  /** The next control event from a VRI, or null. */
  eventReceive(): ReceivedEvent | null {
    const buffer = this.#events;
    const bytes = this.#check(
      this.#library.symbols.lvrm_event_receive(buffer, buffer.byteLength),
    );
    const at = layout.EventHeader;
    if (bytes < at.size) return null;
    const view = new DataView(buffer.buffer);
    const payloadBytes = view.getUint16(at.bytes, true);
    return {
      vri: view.getUint32(at.source, true),
      kind: view.getUint16(at.kind, true),
      payload: buffer.slice(at.size, Math.min(bytes, at.size + payloadBytes)),
    };
  }

  /**
   * Moves a live VRI's process, which has one thread, to another core; `pid` 0: the dispatcher,
   * -1: the second one, and so on.
   * Fails when it has ended, and for a core that isn't online or isn't permitted.
   */
  move(pid: number, core: number): void {
    checked("process", pid, 1 - limits.max_dispatchers, 0x7fff_ffff);
    this.#check(this.#library.symbols.lvrm_move(pid, checked("core", core, 0, 4095)));
  }

  /**
   * Core that a VRI's process (0, -1, …: a dispatcher) is pinned to; null when it may run on
   * several, as after its core went offline, or has ended.
   */
  pinnedTo(pid: number): number | null {
    checked("process", pid, 1 - limits.max_dispatchers, 0x7fff_ffff);
    const result = this.#library.symbols.lvrm_pinned_to(pid);
    return result === -ENOTUNIQ || result === -ESRCH ? null : this.#check(result);
  }

  /** CLOCK_MONOTONIC: the clock of snapshots, and of decisions in a plan. */
  clockNs(): bigint {
    return this.#library.symbols.lvrm_clock_ns();
  }

  /** Asks for a snapshot and returns its sequence number; `wait` resolves when it is there. */
  snapshotRequest(): bigint {
    return this.#library.symbols.lvrm_snapshot_request();
  }

  /** The dispatchers' snapshots, live: valid until the process ends. For `ffi/stats.ts`. */
  snapshotMemory(): ArrayBuffer {
    const pointer = this.#library.symbols.lvrm_snapshot();
    if (pointer === null) throw new CoreError("no snapshot: the dispatcher is not started", 0);
    return Deno.UnsafePointerView.getArrayBuffer(
      pointer,
      this.#dispatchers * layout.Snapshot.size,
    );
  }

  /** Waits for something to do: bits 1 events or snapshot, 2 woken, 4 netlink; 0 timeout. */
  async wait(timeoutMs: number): Promise<number> {
    const result = await this.#library.symbols.lvrm_wait(
      checked("timeout", timeoutMs, 0, 0x7fff_ffff),
    );
    return this.#check(result);
  }

  /** Ends a `wait`. */
  wake(): void {
    this.#library.symbols.lvrm_wake();
  }
}

/** What `mod/netlink` needs of the library. */
export interface NetlinkSymbols {
  open(protocol: number, groups: number, receiveBufferBytes: number): number;
  join(socket: number, group: number): number;
  send(socket: number, message: Uint8Array<ArrayBuffer>): number;
  receive(socket: number, buffer: Uint8Array<ArrayBuffer>): number;
  close(socket: number): number;
}
