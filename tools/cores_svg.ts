/**
 * Draws cores over time, with the traffic that they follow: a history as `lvrm simulate --json` and
 * `lvrm bench 2c|2d --json` write it in, SVG out. The figures of docs/core-allocation.md:
 *
 *     lvrm simulate docs/scenarios/steps.yaml --json steps.json
 *     deno run -A tools/cores_svg.ts steps.json 60000 'dynamic: steps of 60 Kfps' > docs/steps.svg
 *
 * Arguments: the file, frames per second that one core stands for, the title, names of VRs (all).
 */

interface Row {
  readonly t_s: number;
  readonly vr: string;
  readonly offered_fps: number;
  readonly cores: number;
  readonly ideal_cores: number;
}

const width_px = 860;
const panel_px = 150;
const left_px = 44;
const right_px = 70;
const top_px = 46;
const gap_px = 34;
const colours = { offered: "#9cc4ea", cores: "#c8500a", ideal: "#333333", grid: "#dddddd" };

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A step of 1, 2 or 5 times a power of ten that cuts `range` into at most `parts`. */
export function gridStep(range: number, parts: number): number {
  const least = range / parts;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5, 10].find((it) => power * it >= least * (1 - 1e-9)) ?? 10);
}

/** A line that stays at each value until the next time. */
function stairs(points: readonly (readonly [x: number, y: number])[], end_x: number): string {
  let drawn = "";
  let before = "";
  for (const [x, y] of points) {
    const height = y.toFixed(1);
    if (drawn === "") drawn = `M${x.toFixed(1)} ${height}`;
    else if (height !== before) drawn += `H${x.toFixed(1)}V${height}`;
    before = height;
  }
  return `${drawn}H${end_x.toFixed(1)}`;
}

/** Times in seconds, minutes or hours, whatever the axis is long. */
function timeUnit(until_s: number): { readonly unit_s: number; readonly name: string } {
  if (until_s > 3 * 3600) return { unit_s: 3600, name: "h" };
  return until_s > 300 ? { unit_s: 60, name: "min" } : { unit_s: 1, name: "s" };
}

function text(x: number, y: number, words: string, more = ""): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escape(words)}</text>`;
}

/** One VR's panel, its top at `top`. */
function panel(
  rows: readonly Row[],
  top: number,
  until_s: number,
  coreRate_fps: number,
): string[] {
  const plot_px = width_px - left_px - right_px;
  const worth = (row: Row): number => row.offered_fps / coreRate_fps;
  const most = Math.max(...rows.map((it) => Math.max(it.cores, it.ideal_cores, worth(it))));
  const high = Math.ceil(most + 0.25);
  const x = (t_s: number): number => left_px + plot_px * t_s / until_s;
  const y = (cores: number): number => top + panel_px * (1 - cores / high);
  const line = (of: (row: Row) => number): string =>
    stairs(rows.map((row) => [x(row.t_s), y(of(row))] as const), x(until_s));
  const out: string[] = [];
  const step = Math.max(1, gridStep(high, 6));
  for (let cores = 0; cores <= high; cores += step) {
    out.push(
      `<path d="M${left_px} ${y(cores).toFixed(1)}h${plot_px}" stroke="${colours.grid}"/>`,
      text(left_px - 6, y(cores) + 4, String(cores), 'text-anchor="end"'),
      text(left_px + plot_px + 6, y(cores) + 4, `${Math.round(cores * coreRate_fps / 1000)} Kfps`),
    );
  }
  const base = `V${y(0).toFixed(1)}H${x(rows[0]!.t_s).toFixed(1)}Z`;
  out.push(
    `<path d="${line(worth)}${base}" fill="${colours.offered}" fill-opacity="0.7"/>`,
    `<path d="${line((it) => it.ideal_cores)}" fill="none" stroke="${colours.ideal}" ` +
      'stroke-dasharray="3 3"/>',
    `<path d="${line((it) => it.cores)}" fill="none" stroke="${colours.cores}" ` +
      'stroke-width="2"/>',
    text(left_px + 8, top + 14, rows[0]!.vr, 'font-weight="bold"'),
  );
  return out;
}

/** The picture of these rows, one panel for each VR. */
export function coresSvg(title: string, rows: readonly Row[], coreRate_fps: number): string {
  const vrs = [...new Set(rows.map((row) => row.vr))];
  const times = [...new Set(rows.map((row) => row.t_s))].sort((a, b) => a - b);
  if (times.length < 2) throw new Error("a history needs two times at least");
  const until_s = times.at(-1)! + (times.at(-1)! - times.at(-2)!);
  const height = top_px + vrs.length * (panel_px + gap_px) + 8;
  const { unit_s, name } = timeUnit(until_s);
  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width_px} ${height}" ` +
    `width="${width_px}" font-family="sans-serif" font-size="12" fill="#333333">`,
    `<rect width="${width_px}" height="${height}" fill="#ffffff"/>`,
    text(left_px, 20, title, 'font-size="14" font-weight="bold"'),
    text(left_px, 38, "■", `fill="${colours.offered}"`),
    text(left_px + 14, 38, "offered traffic"),
    text(left_px + 120, 38, "━", `fill="${colours.cores}"`),
    text(left_px + 138, 38, "cores"),
    text(left_px + 200, 38, "┅"),
    text(left_px + 218, 38, "ideal cores"),
  ];
  for (const [i, vr] of vrs.entries()) {
    const top = top_px + i * (panel_px + gap_px);
    out.push(...panel(rows.filter((row) => row.vr === vr), top, until_s, coreRate_fps));
    const step = gridStep(until_s / unit_s, 12);
    for (let t = 0; t * unit_s <= until_s * (1 + 1e-9); t += step) {
      const x = left_px + (width_px - left_px - right_px) * t * unit_s / until_s;
      const label = `${Number(t.toPrecision(6))}${t === 0 ? ` ${name}` : ""}`;
      out.push(text(x, top + panel_px + 16, label, 'text-anchor="middle"'));
    }
  }
  return [...out, "</svg>", ""].join("\n");
}

if (import.meta.main) {
  const [file, coreRate, title, ...only] = Deno.args;
  if (file === undefined || !(Number(coreRate) > 0) || title === undefined) {
    console.error("cores_svg.ts FILE.json FRAMES_PER_SECOND_OF_A_CORE TITLE [VR...]");
    Deno.exit(2);
  }
  const { rows } = JSON.parse(Deno.readTextFileSync(file)) as { rows: Row[] };
  const shown = only.length === 0 ? rows : rows.filter((row) => only.includes(row.vr));
  await Deno.stdout.write(new TextEncoder().encode(coresSvg(title, shown, Number(coreRate))));
}
