/** Cases of the Click VR in plain text; README.md describes the format. */

export interface Case {
  name: string;
  config: string;
  args: string[];
  stdin: string;
  /** Files that are there before: their bytes. */
  files: Map<string, Uint8Array<ArrayBuffer>>;
  stdout: string | undefined;
  stderr: string | undefined;
  /** Files that must be there afterwards. */
  outputs: Map<string, string>;
  exit: number;
}

/** Bytes of "00 ff // comment" lines. */
function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replaceAll(/\/\/.*$/gm, "").replaceAll(/[\s.:|-]/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error(`bad hexadecimal data: ${digits}`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** Splits at spaces; '…' and "…" keep them. */
function words(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)]
    .map(([word]) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, a, b) => a ?? b ?? ""));
}

/** What follows the name of a case, up to the next one. */
function parseCase(name: string, body: string): Case {
  const made: Case = {
    name,
    config: "",
    args: [],
    stdin: "",
    files: new Map(),
    stdout: "",
    stderr: "",
    outputs: new Map(),
    exit: 0,
  };
  for (const part of body.split(/^% /m).slice(1)) {
    const [head = "", ...lines] = part.split("\n");
    const [kind, ...rest] = words(head);
    const text = lines.join("\n");
    const file = rest[0] ?? "";
    if (kind === "config") made.config = text;
    else if (kind === "args") made.args.push(...words(head).slice(1));
    else if (kind === "stdin") made.stdin = text;
    else if (kind === "file") made.files.set(file, new TextEncoder().encode(text));
    else if (kind === "hex") made.files.set(file, fromHex(text));
    else if (kind === "stdout") made.stdout = file === "any" ? undefined : text;
    else if (kind === "stderr") made.stderr = file === "any" ? undefined : text;
    else if (kind === "output") made.outputs.set(file, text);
    else if (kind === "exit") made.exit = Number(file);
    else if (kind !== "note") throw new Error(`unknown section "% ${head}"`);
  }
  return made;
}

/** All cases of a file's text: those before the first "=== NAME" are one without a name. */
export function parseCases(text: string): Case[] {
  const [first = "", ...others] = text.split(/^=== /m);
  const cases = others.map((it) => {
    const end = it.indexOf("\n");
    return parseCase(it.slice(0, end), it.slice(end + 1));
  });
  return /^% /m.test(first) ? [parseCase("", first), ...cases] : cases;
}

/** Whether a text is as expected; `{{…}}` in the expectation is a regular expression. Blank lines
 * at the end don't count. */
export function matches(expected: string, found: string): boolean {
  const want = expected.trimEnd(), got = found.trimEnd();
  if (!want.includes("{{")) return want === got;
  const pattern = want.split(/\{\{(.*?)\}\}/).map((part, index) =>
    index % 2 === 1 ? `(?:${part})` : part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
  ).join("");
  return new RegExp(`^${pattern}$`).test(got);
}
