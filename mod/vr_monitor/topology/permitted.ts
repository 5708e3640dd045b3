/**
 * Which cores this process may use: its cgroup's cpuset (v1, v2, or the older cpuset file system)
 * and the affinity that it inherited.
 */
import { fromList, toList } from "./cpu_set.ts";
import { SystemFiles } from "./files.ts";

/** What bounds this process; null where the system doesn't tell. */
export interface Permitted {
  readonly cpuset: { readonly cores: readonly number[]; readonly cgroup: string } | null;
  readonly affinity: readonly number[] | null;
}

/** Reads it below `root`. */
export function readPermitted(root = "/"): Permitted {
  const files = new SystemFiles(root);
  const affinity = readAffinity(files);
  return { cpuset: readCpuset(files), affinity: affinity === null ? null : fromList(affinity) };
}

/** Whatever changes with the cores that this process may use, as text; for once a period. */
export function readAffinity(files: SystemFiles): string | null {
  return /^Cpus_allowed_list:\s*(.*)$/m.exec(files.text("proc/self/status") ?? "")?.[1] ?? null;
}

interface Mount {
  readonly at: string;
  readonly type: string;
  readonly options: readonly string[];
}

function readMounts(files: SystemFiles): Mount[] {
  return (files.text("proc/mounts") ?? "").split("\n").flatMap((line) => {
    const [, at, type, options] = line.split(" ");
    if (at === undefined || type === undefined || options === undefined) return [];
    const unescaped = at.replaceAll(
      /\\([0-7]{3})/g,
      (_, octal) => String.fromCharCode(parseInt(octal, 8)),
    );
    return [{ at: unescaped, type, options: options.split(",") }];
  });
}

/** Names that the file with a cgroup's CPUs has, the effective ones first. */
const v1Files = ["cpuset.effective_cpus", "cpuset.cpus", "cpus"];
const v2Files = ["cpuset.cpus.effective"];

/** Paths of this process's cgroup, for the controller `cpuset` (v1) and for v2. */
function cgroupPaths(files: SystemFiles): { v1: string | null; v2: string | null } {
  const lines = (files.text("proc/self/cgroup") ?? "").split("\n");
  const v1 = lines.map((line) => /^\d+:([^:]*):(.*)$/.exec(line))
    .find((found) => (found?.[1] ?? "").split(",").includes("cpuset"))?.[2];
  const v2 = lines.map((line) => /^0::(.*)$/.exec(line)?.[1]).find((it) => it !== undefined);
  const legacy = files.text("proc/self/cpuset");
  return { v1: v1 ?? legacy, v2: v2 ?? legacy };
}

function readCpuset(files: SystemFiles): Permitted["cpuset"] {
  const paths = cgroupPaths(files);
  for (const mount of readMounts(files)) {
    const v1 = mount.type === "cpuset" ||
      (mount.type === "cgroup" && mount.options.includes("cpuset"));
    if (!v1 && mount.type !== "cgroup2") continue;
    const found = climb(files, mount.at, (v1 ? paths.v1 : paths.v2) ?? "/", v1 ? v1Files : v2Files);
    if (found !== null) return found;
  }
  return null;
}

/**
 * The nearest cgroup, from `path` upwards, that says which CPUs it has: those below it that say
 * nothing have the same. In a container the path may be the host's: then it is the mount's root.
 */
function climb(
  files: SystemFiles,
  mount: string,
  path: string,
  names: readonly string[],
): Permitted["cpuset"] {
  const parts = path.split("/").filter((part) => part !== "");
  for (let depth = parts.length; depth >= 0; depth--) {
    const cgroup = `/${parts.slice(0, depth).join("/")}`;
    for (const name of names) {
      const cores = fromList(files.text(`${mount}${cgroup}/${name}`) ?? "");
      if (cores.length > 0) return { cores, cgroup };
    }
  }
  return null;
}

/** In words, for an error. */
export function cpusetInWords(cpuset: NonNullable<Permitted["cpuset"]>): string {
  return `lvrm's cpuset (${toList(cpuset.cores)}, cgroup ${cpuset.cgroup})`;
}
