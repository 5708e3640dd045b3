/**
 * Requests for handlers and their replies as control events, laid out as `ffi/abi.gen.ts` says:
 * texts longer than one event go in parts. Pure. Replies were written by a VRI: input.
 */
import { EventKind, HandlerOperation, HandlerStatus, layout, limits } from "../../ffi/abi.gen.ts";
import type { ControlEvent } from "../routing/mod.ts";

export type Operation = keyof typeof HandlerOperation;

/** One request to one VRI. */
export interface HandlerRequest {
  readonly operation: Operation;
  /** `ELEMENT.HANDLER`, an element, or empty. */
  readonly name: string;
  readonly value: string;
}

/** What a VRI said. `failed`: the text says why. `count`: it may be added to that of others. */
export interface Said {
  readonly status: "ok" | "failed" | "count";
  readonly text: string;
}

/** A part of a reply. */
export interface ReplyPart {
  readonly request: number;
  readonly totalBytes: number;
  readonly offset: number;
  readonly status: Said["status"];
  readonly bytes: Uint8Array;
}

const at = layout.HandlerEvent;
const partBytes = limits.max_event_bytes - at.size;
const encoder = new TextEncoder();

/** Bytes of a request's text: at most `limits.max_handler_bytes` may be sent. */
export function requestBytes({ name, value }: HandlerRequest): number {
  return encoder.encode(name).length + encoder.encode(value).length;
}

/** The events of one request, in order. */
export function encodeRequest(request: number, asked: HandlerRequest): ControlEvent[] {
  const name = encoder.encode(asked.name);
  const text = encoder.encode(asked.name + asked.value);
  const events: ControlEvent[] = [];
  let offset = 0;
  do {
    const part = text.subarray(offset, offset + partBytes);
    const payload = new Uint8Array(at.size + part.length);
    const view = new DataView(payload.buffer);
    view.setUint32(at.request, request, true);
    view.setUint32(at.total_bytes, text.length, true);
    view.setUint32(at.offset, offset, true);
    view.setUint16(at.name_bytes, name.length, true);
    view.setUint8(at.code, HandlerOperation[asked.operation]);
    payload.set(part, at.size);
    events.push({ kind: EventKind.handler_request, payload });
    offset += part.length;
  } while (offset < text.length);
  return events;
}

const statuses = new Map<number, Said["status"]>([
  [HandlerStatus.ok, "ok"],
  [HandlerStatus.failed, "failed"],
  [HandlerStatus.count, "count"],
]);

/** A part of a reply; null where malformed. */
export function decodeReply(payload: Uint8Array): ReplyPart | null {
  if (payload.length < at.size) return null;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const status = statuses.get(view.getUint8(at.code));
  const totalBytes = view.getUint32(at.total_bytes, true);
  const offset = view.getUint32(at.offset, true);
  const bytes = payload.slice(at.size);
  if (status === undefined || totalBytes > limits.max_handler_bytes) return null;
  if (offset + bytes.length > totalBytes) return null;
  if (bytes.length === 0 && totalBytes > 0) return null;
  return { request: view.getUint32(at.request, true), totalBytes, offset, status, bytes };
}

/** Puts the parts of one reply together. */
export class Assembly {
  #bytes: Uint8Array<ArrayBuffer> | null = null;
  #filled = 0;

  /** Takes the next part; the whole when it was the last. Throws where it doesn't follow. */
  add(part: ReplyPart): Said | null {
    this.#bytes ??= new Uint8Array(part.totalBytes);
    if (part.offset !== this.#filled || part.totalBytes !== this.#bytes.length) {
      throw new Error("it answered in parts that don't fit together");
    }
    this.#bytes.set(part.bytes, this.#filled);
    this.#filled += part.bytes.length;
    if (this.#filled < this.#bytes.length) return null;
    return { status: part.status, text: new TextDecoder().decode(this.#bytes) };
  }
}
