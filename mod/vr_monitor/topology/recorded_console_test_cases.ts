/** What `lstopo` says of a machine, read from its text; for the test on recorded machines. */
import { fromMask } from "./cpu_set.ts";

export interface Console {
  /** How many objects of each type. */
  readonly counts: Readonly<Record<string, number>>;
  /** By CPU number: name of the package, core, and largest cache that each CPU is in. */
  readonly packages: Map<number, string>;
  readonly cores: Map<number, string>;
  readonly caches: Map<number, string>;
  /** NUMA node of each CPU. */
  readonly nodes: Map<number, number>;
  /** CPUs that are offline or forbidden. */
  readonly absent: number[];
  /** NUMA distances between nodes, by their numbers. */
  readonly distances: Map<number, Map<number, number>>;
}

interface Shown {
  readonly indent: number;
  readonly type: string;
  readonly name: string;
  node: number | null;
}

/** Lines of the tree, of the counts, and of the distances. */
export function readConsole(text: string): Console {
  const absent = /not represented in topology: ([0-9a-fx,]+)/.exec(text)?.[1] ?? "0";
  const found: Console = {
    counts: readCounts(text),
    packages: new Map(),
    cores: new Map(),
    caches: new Map(),
    nodes: new Map(),
    absent: fromMask(absent.replaceAll("0x", "")),
    distances: new Map(),
  };
  const numbers: number[] = []; // of NUMA nodes, in lstopo's order
  const stack: Shown[] = [];
  for (const line of text.split("\n")) {
    const match = /^( *)(\w+)(?:\(\w+\))? (L#\d+)?.*?(?:P#(\d+))?[ )]/.exec(line);
    if (match === null || !/ L#\d+|^Machine/.test(line)) continue;
    const indent = match[1]!.length;
    const number = Number(/\(P#(\d+)/.exec(line)?.[1]);
    while (stack.length > 0 && stack.at(-1)!.indent >= indent) stack.pop();
    const type = match[2]!;
    if (type === "NUMANode") {
      stack.at(-1)!.node = number;
      numbers.push(number);
    } else if (type === "PU") place(found, number, stack);
    stack.push({ indent, type, name: `${type} ${match[3]}`, node: null });
  }
  readDistances(text, numbers, found.distances);
  return found;
}

function place(found: Console, pu: number, stack: readonly Shown[]): void {
  const name = (pattern: RegExp) => stack.find(({ type }) => pattern.test(type))?.name;
  found.packages.set(pu, name(/^Package$/) ?? "machine");
  found.cores.set(pu, name(/^Core$/) ?? `PU ${pu}`);
  const cache = name(/^L\dd?Cache$/);
  if (cache !== undefined) found.caches.set(pu, cache);
  const node = stack.findLast((it) => it.node !== null)?.node;
  if (node !== null && node !== undefined) found.nodes.set(pu, node);
}

function readCounts(text: string): Record<string, number> {
  const lines = text.matchAll(/depth -?\d+: +(\d+) (\w+) \(type/g);
  return Object.fromEntries([...lines].map((line) => [line[2]!, Number(line[1])]));
}

function readDistances(
  text: string,
  numbers: readonly number[],
  distances: Map<number, Map<number, number>>,
): void {
  const lines = text.split("\n");
  const head = lines.findIndex((line) => line.startsWith("Relative latency matrix"));
  if (head < 0) return;
  const row = (line: string) => line.trim().split(/\s+/).map(Number);
  const order = row(lines[head + 1]!.replace("index", ""));
  for (const line of lines.slice(head + 2, head + 2 + order.length)) {
    const [from, ...values] = row(line);
    const to = values.map((value, i): [number, number] => [numbers[order[i]!]!, value]);
    distances.set(numbers[from!]!, new Map(to));
  }
}
