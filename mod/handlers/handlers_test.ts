import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { EventKind, HandlerOperation, HandlerStatus, layout } from "../../ffi/abi.gen.ts";
import { Failure } from "../config/mod.ts";
import { Handlers } from "./handlers.ts";
import type { Member } from "./handlers.ts";

const at = layout.HandlerEvent;

/** A VRI: what it is asked, and what it answers to that. */
class Vri implements Member {
  readonly life = {};
  readonly asked: string[] = [];
  state = "running";
  running = true;
  ready = true;
  offers = true;
  answer: (operation: string, name: string, value: string) => [number, string] | null = () => [
    HandlerStatus.ok,
    "",
  ];
  #text = "";

  constructor(readonly id: string, readonly vri: number, readonly reply: Reply) {}

  send: Member["send"] = (events) => {
    for (const { kind, payload } of events) {
      equal(kind, EventKind.handler_request);
      const view = new DataView(payload.buffer);
      if (view.getUint32(at.offset, true) === 0) this.#text = "";
      this.#text += new TextDecoder().decode(payload.subarray(at.size));
      if (this.#text.length < view.getUint32(at.total_bytes, true)) continue;
      const code = view.getUint8(at.code);
      const operation = Object.entries(HandlerOperation).find(([, it]) => it === code)![0];
      const nameBytes = view.getUint16(at.name_bytes, true);
      const name = this.#text.slice(0, nameBytes);
      const value = this.#text.slice(nameBytes);
      this.asked.push(`${operation} ${name} ${value}`.trim());
      const said = operation === "adopt" ? null : this.answer(operation, name, value);
      if (said !== null) this.reply(this.vri, view.getUint32(at.request, true), ...said);
    }
  };
}

type Reply = (vri: number, request: number, status: number, text: string) => void;

function make(count: number): { handlers: Handlers; vris: Vri[]; add: () => Vri } {
  const vris: Vri[] = [];
  const handlers = new Handlers({ vrs: ["vr1", "vr2"], members: () => vris, wake: () => {} });
  const reply: Reply = (vri, request, status, text) => {
    const bytes = new TextEncoder().encode(text);
    const payload = new Uint8Array(at.size + bytes.length);
    const view = new DataView(payload.buffer);
    view.setUint32(at.request, request, true);
    view.setUint32(at.total_bytes, bytes.length, true);
    view.setUint8(at.code, status);
    payload.set(bytes, at.size);
    queueMicrotask(() => handlers.receive(vri, payload));
  };
  const add = () => {
    const vri = new Vri(`vr1.${vris.length + 1}`, vris.length, reply);
    vris.push(vri);
    return vri;
  };
  for (let i = 0; i < count; i++) add();
  return { handlers, vris, add };
}

const read = (handler: string) => ({ vr: "vr1", handler, value: null });
const write = (handler: string, value: string) => ({ vr: "vr1", handler, value });

Deno.test("reads go to VRIs that run, writes to standbys too", async () => {
  const { handlers, vris } = make(3);
  vris[2]!.running = false;
  vris[2]!.state = "standby";
  for (const [i, vri] of vris.entries()) vri.answer = () => [HandlerStatus.count, `${i + 1}`];
  equal((await handlers.ask(read("c.count"))).value, "3");
  await handlers.ask(write("c.reset", ""));
  deepEqual(vris.map((it) => it.asked.length), [2, 2, 1]);
});

Deno.test("a VR without handlers, or without a VRI, and an unknown VR are told apart", async () => {
  const { handlers, vris } = make(1);
  await rejects(handlers.ask({ ...read("x"), vr: "vr3" }), /there is no VR "vr3"; did you mean/);
  vris[0]!.offers = false;
  await rejects(handlers.ask(read("x.y")), /vr1 has no handlers/);
  vris[0]!.ready = false;
  await rejects(handlers.ask(read("x.y")), /no VRI of vr1 is ready/);
  await rejects(handlers.ask(write("x.y", "v".repeat(1 << 20))), Failure);
});

Deno.test("a VRI that ends is no longer waited for; others' answers stand", async () => {
  const { handlers, vris } = make(2);
  vris[0]!.answer = () => [HandlerStatus.count, "5"];
  vris[1]!.answer = () => null;
  const asked = handlers.ask(read("c.count"));
  await Promise.resolve();
  vris.pop();
  handlers.sweep();
  const answer = await asked;
  equal(answer.value, "5");
  match(answer.vris[1]!.error!, /ended before it answered/);
});

Deno.test("answers to nothing, and to another VRI's question, are ignored", async () => {
  const { handlers, vris } = make(2);
  vris[0]!.answer = () => [HandlerStatus.count, "5"];
  // It answers in the name of the next question to the other one.
  vris[1]!.answer = () => {
    for (let request = 0; request < 10; request++) {
      vris[1]!.reply(1, request, HandlerStatus.ok, "x");
    }
    return null;
  };
  const answer = await handlers.ask(read("c.count"));
  deepEqual(answer.vris.map((it) => it.value), ["5", "x"]);
});

Deno.test("hotconfig: all take it, or none does", async () => {
  const { handlers, vris } = make(2);
  vris[1]!.answer = (operation) =>
    operation === "prepare" ? [HandlerStatus.failed, "syntax error"] : [HandlerStatus.ok, ""];
  const refused = await handlers.ask(write("hotconfig", "bad"));
  deepEqual(refused.vris.map((it) => [it.vri, it.error]), [["vr1.2", "syntax error"]]);
  for (const vri of vris) {
    deepEqual(vri.asked, ["prepare hotconfig bad", "abort hotconfig"]);
    vri.asked.length = 0;
    vri.answer = () => [HandlerStatus.ok, ""];
  }
  const taken = await handlers.ask(write("hotconfig", "good"));
  deepEqual(taken.vris.map((it) => it.error), [null, null]);
  for (const vri of vris) deepEqual(vri.asked, ["prepare hotconfig good", "commit hotconfig"]);
});

Deno.test("hotconfig: who starts meanwhile gets it, and who starts later before its end of snapshot", async () => {
  const { handlers, vris, add } = make(1);
  const synchronised = { kind: EventKind.synchronised, payload: new Uint8Array(0) };
  deepEqual([...handlers.snapshot(0, [synchronised])], [synchronised]);
  const other = add();
  other.ready = false;
  await handlers.ask(write("hotconfig", "new"));
  deepEqual(other.asked, ["adopt hotconfig new"]);
  deepEqual(vris[0]!.asked, ["prepare hotconfig new", "commit hotconfig"]);
  const snapshot = [...handlers.snapshot(0, [synchronised])];
  equal(snapshot.length, 2);
  equal(snapshot[0]!.kind, EventKind.handler_request);
  equal(snapshot[0]!.payload[at.code], HandlerOperation.adopt);
  equal(snapshot[1], synchronised);
  deepEqual([...handlers.snapshot(1, [synchronised])], [synchronised], "another VR's is its own");
});

Deno.test("hotconfig: a standby that ends doesn't hinder, one that ran does", async () => {
  const { handlers, vris } = make(2);
  const [running, standby] = vris as [Vri, Vri];
  standby.running = false;
  const dying = () => {
    vris.splice(vris.indexOf(standby), 1);
    handlers.sweep();
    return null;
  };
  standby.answer = dying;
  const taken = await handlers.ask(write("hotconfig", "good"));
  deepEqual(taken.vris.map((it) => [it.vri, it.error]), [["vr1.1", null]]);
  deepEqual(running.asked, ["prepare hotconfig good", "commit hotconfig"]);
  vris.push(standby);
  standby.running = true;
  const refused = await handlers.ask(write("hotconfig", "deadly"));
  match(refused.vris[0]!.error!, /ended/);
  equal(running.asked.at(-1), "abort hotconfig");
});

Deno.test("hotconfig: two at a time follow each other", async () => {
  const { handlers, vris } = make(1);
  await Promise.all([1, 2].map((it) => handlers.ask(write("hotconfig", `c${it}`))));
  deepEqual(vris[0]!.asked, [
    "prepare hotconfig c1",
    "commit hotconfig",
    "prepare hotconfig c2",
    "commit hotconfig",
  ]);
});

Deno.test("of many questions to one VRI few are under way, and each gets its answer", async () => {
  const { handlers, vris } = make(1);
  let most = 0;
  const under: (() => void)[] = [];
  vris[0]!.answer = () => null;
  const send = vris[0]!.send;
  vris[0]!.send = (events) => {
    const request = new DataView(events[0]!.payload.buffer).getUint32(at.request, true);
    under.push(() => vris[0]!.reply(0, request, HandlerStatus.ok, `${request}`));
    most = Math.max(most, under.length);
    send(events);
  };
  const asked = Array.from({ length: 60 }, () => handlers.ask(read("a.b")));
  while (under.length > 0) {
    under.shift()!();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const values = (await Promise.all(asked)).map((it) => it.value);
  equal(new Set(values).size, 60);
  equal(most, 8);
  // More than wait at most: told, not lost.
  vris[0]!.send = () => {};
  const many = Array.from({ length: 80 }, () => handlers.ask(read("a.b")));
  const first = await Promise.race(many);
  match(first.vris[0]!.error!, /^busy: 64 requests wait/);
  vris.pop();
  handlers.sweep();
  await Promise.all(many);
});
