/** Processor time that forwarding takes: threads of lvrm and its VRIs, and the kernel's softirq. */

/** USER_HZ, 100 on every Linux that lvrm runs on. */
const tick_ns = 10_000_000;

/** Time of softirq on all processors since boot, nanoseconds, in steps of a tick. */
export function softirq_ns(stat: string = Deno.readTextFileSync("/proc/stat")): number {
  const fields = stat.slice(0, stat.indexOf("\n")).trim().split(/\s+/);
  return Number(fields[7]) * tick_ns; // cpu user nice system idle iowait irq softirq
}

/** Time of all threads of these processes, nanoseconds. */
export function threads_ns(pids: readonly number[]): number {
  let total_ns = 0;
  for (const pid of pids) {
    for (const task of Deno.readDirSync(`/proc/${pid}/task`)) {
      const text = Deno.readTextFileSync(`/proc/${pid}/task/${task.name}/schedstat`);
      total_ns += Number(text.split(" ")[0]);
    }
  }
  return total_ns;
}
