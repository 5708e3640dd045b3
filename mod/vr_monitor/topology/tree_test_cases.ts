/** Small `/sys` and `/proc` trees for the tests of this folder. */
import { dirname, join } from "node:path";

/** Contents of files by their paths. */
export type Tree = Record<string, string>;

/** Writes the tree to a temporary directory; `use` gets its root. */
export function withTree(tree: Tree, use: (root: string) => void): void {
  const root = Deno.makeTempDirSync({ prefix: "lvrm-tree-" });
  try {
    write(root, tree);
    use(root);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

/** Adds files to a tree, or replaces them. */
export function write(root: string, tree: Tree): void {
  for (const [path, text] of Object.entries(tree)) {
    Deno.mkdirSync(dirname(join(root, path)), { recursive: true });
    Deno.writeTextFileSync(join(root, path), `${text}\n`);
  }
}

const cpus = "sys/devices/system/cpu";

/** One CPU: its package, and who shares its physical core and its last-level cache. */
export function cpu(core: number, socket: number, threads: string, l3: string): Tree {
  const path = `${cpus}/cpu${core}`;
  return {
    [`${path}/topology/physical_package_id`]: `${socket}`,
    [`${path}/topology/thread_siblings_list`]: threads,
    [`${path}/cache/index0/level`]: "1",
    [`${path}/cache/index0/type`]: "Data",
    [`${path}/cache/index0/shared_cpu_list`]: threads,
    [`${path}/cache/index3/level`]: "3",
    [`${path}/cache/index3/type`]: "Unified",
    [`${path}/cache/index3/shared_cpu_list`]: l3,
  };
}

/** Four CPUs of one package without SMT. */
export const four: Tree = {
  [`${cpus}/online`]: "0-3",
  ...cpu(0, 0, "0", "0-3"),
  ...cpu(1, 0, "1", "0-3"),
  ...cpu(2, 0, "2", "0-3"),
  ...cpu(3, 0, "3", "0-3"),
};
