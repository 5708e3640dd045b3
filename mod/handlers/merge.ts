/** What the VRIs of a VR said, as one answer. Pure. */
import type { Said } from "./message.ts";

/** What one VRI said. */
export interface VriAnswer {
  readonly vri: string;
  readonly state: string;
  /** Null where it failed. */
  readonly value: string | null;
  readonly error: string | null;
}

/** What a VR said. */
export interface Answer {
  readonly vr: string;
  readonly did: "list" | "read" | "write";
  readonly handler: string;
  /** What all said, or the sum of counts; null where they differ, or none said anything. */
  readonly value: string | null;
  /** Whether `value` is a sum. */
  readonly summed: boolean;
  readonly vris: readonly VriAnswer[];
}

/** The answer of one VRI. */
export function vriAnswer(vri: string, state: string, said: Said): VriAnswer {
  const text = said.text.replace(/\n+$/, "");
  const failed = said.status === "failed";
  return {
    vri,
    state,
    value: failed ? null : said.text,
    error: failed ? text === "" ? "failed without saying why" : text : null,
  };
}

/** The sum of numbers in decimal notation; null where one is none. Integers exactly. */
export function sum(texts: readonly string[]): string | null {
  const numbers = texts.map((text) => text.trim());
  if (!numbers.every((it) => /^-?\d+(\.\d+)?$/.test(it))) return null;
  if (numbers.every((it) => /^-?\d+$/.test(it))) {
    return String(numbers.reduce((total, it) => total + BigInt(it), 0n));
  }
  return String(numbers.reduce((total, it) => total + Number(it), 0));
}

/** One answer out of those of all VRIs. Those that failed don't count. */
export function merge(
  asked: Pick<Answer, "vr" | "did" | "handler">,
  said: readonly { readonly vri: string; readonly state: string; readonly said: Said }[],
): Answer {
  const vris = said.map((it) => vriAnswer(it.vri, it.state, it.said));
  const good = said.filter((it) => it.said.status !== "failed");
  const texts = good.map((it) => it.said.text);
  const counts = good.length > 0 && good.every((it) => it.said.status === "count");
  const total = counts ? sum(texts) : null;
  const same = texts.length > 0 && texts.every((text) => text === texts[0]) ? texts[0]! : null;
  return { ...asked, value: total ?? same, summed: total !== null, vris };
}
