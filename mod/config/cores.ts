/** CPU lists as Linux writes them (`0-1,3`). Pure. */

const highestCpu = 4095;

/** Cores of a list, in the order written, or null when it is malformed. */
export function parseCpuList(text: string): number[] | null {
  const cores: number[] = [];
  for (const part of text.split(",")) {
    const range = /^\s*(\d{1,4})(?:-(\d{1,4}))?\s*$/.exec(part);
    if (range === null) return null;
    const first = Number(range[1]);
    const last = Number(range[2] ?? range[1]);
    if (last < first || last > highestCpu) return null;
    for (let core = first; core <= last; core++) cores.push(core);
  }
  return cores;
}
