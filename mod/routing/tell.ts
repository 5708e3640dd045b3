/** Bringing what was told up to date. Pure. */
import { compareBytes } from "../netlink/address.ts";
import { encodeRemoval } from "./encode.ts";
import type { ControlEvent } from "./types.ts";

type Payload = Uint8Array<ArrayBuffer>;

/** Notes what is to be told under `key`, with an event where it differs; `wanted` null: no more. */
export function tell(
  kind: number,
  key: string,
  sent: Map<string, Payload>,
  wanted: Payload | null,
  events: ControlEvent[],
): void {
  const told = sent.get(key);
  if (wanted === null) {
    if (!told) return;
    sent.delete(key);
    events.push(encodeRemoval(kind, told));
    return;
  }
  if (told && compareBytes(told, wanted) === 0) return;
  sent.set(key, wanted);
  events.push({ kind, payload: wanted });
}
