/** Rows of figures as a table for a terminal. Pure. */

/** One row of a result: flat. */
export type Row = Readonly<Record<string, string | number | boolean | null>> | object;

const rates = /(frames|packets|words)_per_second$/;
const units: readonly [RegExp, (value: number) => string][] = [
  [rates, (v) => `${(v / 1e6).toFixed(2)} M/s`],
  [/^bits_per_second$/, (v) => `${(v / 1e9).toFixed(1)} Gb/s`],
  [/^ratio(_to_kernel)?$/, (v) => v.toFixed(2)],
  [/_us$/, (v) => `${v.toFixed(v < 10 ? 2 : 1)} µs`],
  [/^loss$/, (v) => `${(v * 100).toFixed(2)} %`],
  [/_ns(_per_frame)?$/, (v) => `${v.toFixed(1)} ns`],
];

/** `small`: rates are all below a million. */
function cell(name: string, value: unknown, small: boolean): string {
  if (value === undefined || value === null) return "-";
  if (typeof value !== "number") return String(value);
  if (small && rates.test(name)) return `${(value / 1e3).toFixed(1)} k/s`;
  const unit = units.find(([pattern]) => pattern.test(name));
  return unit === undefined ? value.toLocaleString("en-US") : unit[1](value);
}

const heading = (name: string) =>
  name.replace(/_(bytes|us|ns)$/, (all) => all === "_bytes" ? " bytes" : "").replaceAll("_", " ");

/** A table with the fields of all rows as columns, but for `experiment`. */
export function formatRows(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
    .filter((name) => name !== "experiment");
  const valueOf = (row: Row, name: string) => (row as Record<string, unknown>)[name];
  const small = names.filter((name) => rates.test(name)).every((name) =>
    rows.every((row) => Number(valueOf(row, name) ?? 0) < 1e6)
  );
  const lines = [
    names.map(heading),
    ...rows.map((row) => names.map((name) => cell(name, valueOf(row, name), small))),
  ];
  const widths = names.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  return lines.map((line, n) =>
    line.map((text, i) => {
      const right = n > 0 && /^[\d,.]+( \D.*)?$|^-$/.test(text);
      return right ? text.padStart(widths[i]!) : text.padEnd(widths[i]!);
    }).join("  ").trimEnd()
  ).join("\n") + "\n";
}
