/** What a program may leave behind: segments, processes, tables, namespaces. */
import { must, run } from "./process.ts";

/** A System V shared memory segment, from /proc/sysvipc/shm. */
export interface Segment {
  shmid: number;
  creator_pid: number;
  last_pid: number;
  attached: number;
}

/** Segments that were made by one of `pids`; all when none is given. */
export function segments(...pids: number[]): Segment[] {
  const lines = Deno.readTextFileSync("/proc/sysvipc/shm").trim().split("\n");
  const names = lines[0]!.trim().split(/\s+/);
  const column = (name: string): number => names.indexOf(name);
  return lines.slice(1).map((line) => line.trim().split(/\s+/).map(Number)).map((values) => ({
    shmid: values[column("shmid")]!,
    creator_pid: values[column("cpid")]!,
    last_pid: values[column("lpid")]!,
    attached: values[column("nattch")]!,
  })).filter((it) => pids.length === 0 || pids.includes(it.creator_pid));
}

/** Whether a process is there and not just waiting to be reaped. */
export function isAlive(pid: number): boolean {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return !/^\S+ [ZX]/.test(stat.slice(stat.lastIndexOf(")")));
  } catch {
    return false;
  }
}

/** Processes that run in a namespace. */
export async function processesIn(namespace: string): Promise<number[]> {
  const done = await run("ip", ["netns", "pids", namespace]);
  return done.stdout.trim().split("\n").filter((line) => line !== "").map(Number);
}

/** Processor time that a process used, all threads, in milliseconds. */
export function cpuTime_ms(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10; // USER_HZ is 100 on every Linux we run on
}

/** Removes a namespace of ours with every process in it. */
export async function removeNamespace(namespace: string): Promise<void> {
  for (const pid of await processesIn(namespace)) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
  await run("ip", ["netns", "del", namespace]);
}

/** Removes namespaces whose owner died without doing so: their names carry its pid. */
export async function sweep(): Promise<void> {
  const listed = await must("ip", ["netns", "list"]);
  for (const line of listed.split("\n")) {
    const found = /^(lvrm-(\d+)-\d+-[a-z0-9]+)\b/.exec(line);
    if (found && !isAlive(Number(found[2]))) await removeNamespace(found[1]!);
  }
}
