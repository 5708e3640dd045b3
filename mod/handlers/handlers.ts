/**
 * Handlers of VRs as the control socket offers them: one question to all VRIs of a VR, one answer.
 * `hotconfig` is taken by all of them or by none, and by those that come later.
 */
import { EventKind, limits } from "../../ffi/abi.gen.ts";
import { ExitCode, Failure, meant } from "../config/mod.ts";
import { getLogger } from "../log/mod.ts";
import type { ControlEvent } from "../routing/mod.ts";
import { Calls } from "./calls.ts";
import type { Callee } from "./calls.ts";
import { merge } from "./merge.ts";
import type { Answer } from "./merge.ts";
import { encodeRequest, requestBytes } from "./message.ts";
import type { HandlerRequest, Operation, Said } from "./message.ts";

/** One VRI of a VR. */
export interface Member extends Callee {
  readonly state: string;
  /** It takes frames. */
  readonly running: boolean;
  /** It is ready, so it has said whether it has handlers. */
  readonly ready: boolean;
  /** It has handlers. */
  readonly offers: boolean;
}

/** What this needs of its surroundings. */
export interface HandlersGround {
  /** Names of the VRs, by number. */
  readonly vrs: readonly string[];
  readonly members: (vr: number) => readonly Member[];
  readonly wake: () => void;
}

/** One question to a VR. */
export interface Question {
  readonly vr: string;
  /** `ELEMENT.HANDLER`, perhaps with a parameter to read with; an element or "" for a list. */
  readonly handler: string;
  /** Null: read, or list. */
  readonly value: string | null;
}

/** From a question to the answers of all VRIs: fewer than the client waits for. */
const answer_ms = 3000;
/** For a configuration to be checked: a VRI that is silent for 2 s is replaced anyway. */
const prepare_ms = 5000;
/** Bytes under way to VRIs. */
const maxBytes = 32 << 20;

const hotconfig = "hotconfig";
const log = getLogger(["lvrm", "handlers"]);

interface VriSaid {
  readonly vri: string;
  readonly state: string;
  readonly said: Said;
}

export class Handlers {
  readonly #ground: HandlersGround;
  readonly #calls: Calls;
  /** The newest configuration that all VRIs of a VR took. */
  readonly #accepted = new Map<number, string>();
  /** The change of a VR's configuration that is under way. */
  readonly #changing = new Map<number, Promise<unknown>>();
  #bytes = 0;

  constructor(ground: HandlersGround) {
    this.#ground = ground;
    this.#calls = new Calls(ground.wake);
  }

  /** Takes an event of the kind `handler_reply`. */
  receive(vri: number, payload: Uint8Array): void {
    this.#calls.receive(vri, payload);
  }

  /** Lets calls to processes that are gone end. */
  sweep(): void {
    this.#calls.sweep((callee) =>
      this.#ground.vrs.some((_, vr) =>
        this.#ground.members(vr).some(({ life }) => life === callee.life)
      )
    );
  }

  /** A VR's snapshot with its newest configuration, before `synchronised`. */
  *snapshot(vr: number, events: Iterable<ControlEvent>): Iterable<ControlEvent> {
    for (const event of events) {
      if (event.kind === EventKind.synchronised) yield* this.#adoption(vr);
      yield event;
    }
  }

  #adoption(vr: number): ControlEvent[] {
    const value = this.#accepted.get(vr);
    if (value === undefined) return [];
    return encodeRequest(0, { operation: "adopt", name: hotconfig, value });
  }

  /** Answers. Throws Failure where no VRI could be asked, or the question makes no sense. */
  async ask(question: Question): Promise<Answer> {
    const vr = this.#vrNamed(question.vr);
    const request = { name: question.handler, value: question.value ?? "" };
    const bytes = requestBytes({ operation: "write", ...request });
    if (bytes > limits.max_handler_bytes || request.name.length > 1024) {
      throw wrong(
        `a handler's value is at most ${limits.max_handler_bytes} bytes, its name 1024: ` +
          `this is ${bytes} bytes`,
      );
    }
    const members = this.#members(vr);
    const copies = bytes * members.length;
    if (this.#bytes + copies > maxBytes && this.#bytes > 0) {
      throw new Failure(ExitCode.failed, "too much is being written already: try again");
    }
    this.#bytes += copies;
    try {
      if (question.value === null) return await this.#read(vr, request.name);
      if (request.name === hotconfig) return await this.#change(vr, question.value);
      const said = await this.#askAll(members, { operation: "write", ...request });
      return merge({ vr: question.vr, did: "write", handler: request.name }, said);
    } finally {
      this.#bytes -= copies;
    }
  }

  async #read(vr: number, handler: string): Promise<Answer> {
    const did = /^[^.\s]*$/.test(handler) ? await this.#kind(handler, vr) : "read";
    const members = this.#members(vr);
    const running = members.filter((it) => it.running);
    const asked = running.length > 0 ? running : members;
    const said = await this.#askAll(did === "list" ? asked.slice(0, 1) : asked, {
      operation: did,
      name: handler,
      value: "",
    });
    return merge({ vr: this.#ground.vrs[vr]!, did, handler }, said);
  }

  /** A name without a dot is a handler of the router itself, or an element, to be listed. */
  async #kind(name: string, vr: number): Promise<"list" | "read"> {
    if (name === "") return "list";
    const first = this.#members(vr)[0]!;
    const asked = { operation: "list", name, value: "" } as const;
    const said = await this.#calls.ask(first, asked, answer_ms);
    return said.status === "failed" ? "read" : "list";
  }

  /** To all VRIs or to none: each checks it, and only then does any take it. */
  #change(vr: number, value: string): Promise<Answer> {
    const before = this.#changing.get(vr) ?? Promise.resolve();
    const change = before.then(() => this.#changeNow(vr, value));
    this.#changing.set(vr, change.catch(() => {}));
    return change;
  }

  async #changeNow(vr: number, value: string): Promise<Answer> {
    const name = this.#ground.vrs[vr]!;
    const about = { vr: name, did: "write", handler: hotconfig } as const;
    const members = this.#members(vr);
    const isGone = ({ life }: Member) => !this.#ground.members(vr).some((it) => it.life === life);
    const ask = (operation: Operation, timeout_ms: number) => {
      const request = { operation, name: hotconfig, value: operation === "prepare" ? value : "" };
      return this.#askAll(members.filter((it) => !isGone(it)), request, timeout_ms);
    };
    const prepared = await ask("prepare", prepare_ms);
    // A standby that has ended gets it when it starts again; one that ran may have died of it.
    const refused = prepared.filter(({ said }, i) =>
      said.status === "failed" && (members[i]!.running || !isGone(members[i]!))
    );
    if (refused.length > 0 || prepared.every(({ said }) => said.status === "failed")) {
      await ask("abort", answer_ms);
      return merge(about, refused.length > 0 ? refused : prepared);
    }
    this.#accepted.set(vr, value);
    const committing = ask("commit", answer_ms);
    // Who was not asked, and has its snapshot or is getting it, gets it now; others with that.
    for (const member of this.#ground.members(vr)) {
      if (members.some(({ life }) => life === member.life)) continue;
      member.send(this.#adoption(vr));
    }
    this.#ground.wake();
    const committed = (await committing).filter(({ vri }) =>
      this.#ground.members(vr).some(({ id }) => id === vri)
    );
    log.info("{vr} runs a new configuration of {bytes} bytes", {
      vr: name,
      bytes: new TextEncoder().encode(value).length,
    });
    return merge(about, committed);
  }

  async #askAll(
    members: readonly Member[],
    request: HandlerRequest,
    timeout_ms = answer_ms,
  ): Promise<VriSaid[]> {
    return await Promise.all(members.map(async (member) => {
      const said = await this.#calls.ask(member, request, timeout_ms);
      return { vri: member.id, state: member.state, said };
    }));
  }

  #vrNamed(name: string): number {
    const names = this.#ground.vrs;
    const vr = names.indexOf(name);
    if (vr >= 0) return vr;
    throw wrong(`there is no VR "${name}";${meant(name, names)} VRs: ${names.join(", ")}`);
  }

  /** The VRIs of a VR that can be asked, those that run first. Throws Failure where none can. */
  #members(vr: number): Member[] {
    const ready = this.#ground.members(vr).filter((it) => it.ready);
    const name = this.#ground.vrs[vr]!;
    if (ready.length === 0) {
      throw new Failure(
        ExitCode.failed,
        `no VRI of ${name} is ready: see lvrm status, and try again`,
      );
    }
    const offering = ready.filter((it) => it.offers);
    if (offering.length === 0) {
      throw wrong(
        `${name} has no handlers: clickvr has, and a router that asks for requests ` +
          `(docs/writing-a-vr.md)`,
      );
    }
    return offering.sort((a, b) => Number(b.running) - Number(a.running));
  }
}

function wrong(what: string): Failure {
  return new Failure(ExitCode.usage, what);
}
