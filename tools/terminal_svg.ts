/**
 * Draws what a program printed as a picture of a terminal: text from standard input, SVG to
 * standard output. The README's picture is `make demo` itself:
 *
 *     make demo | tee /tmp/demo.txt; deno run tools/terminal_svg.ts 'make demo' < /tmp/demo.txt \
 *         > docs/demo.svg
 */

const char_px = 8.4;
const line_px = 19;
const margin_px = 18;
const bar_px = 34;

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Times grey, failures red; all else as it is. */
function coloured(line: string): string {
  const time = /^\[ *[\d.]+ s\]/.exec(line)?.[0] ?? "";
  const rest = escape(line.slice(time.length));
  const body = line.includes("kill -9") ? `<tspan fill="#f0a35e">${rest}</tspan>` : rest;
  return time === "" ? body : `<tspan fill="#7d8590">${time}</tspan>${body}`;
}

/** The picture of these lines. */
export function terminalSvg(title: string, lines: string[]): string {
  const columns = Math.max(...lines.map((line) => [...line].length), 40);
  const width = Math.ceil(columns * char_px + 2 * margin_px);
  const height = lines.length * line_px + bar_px + 2 * margin_px;
  const rows = lines.map((line, index) => {
    const y = bar_px + margin_px + (index + 0.75) * line_px;
    const length = [...line].length * char_px;
    // textLength keeps columns in line whatever monospaced font is there.
    const fit = line === "" ? "" : ` textLength="${length.toFixed(1)}"`;
    return `<text x="${margin_px}" y="${y.toFixed(1)}"${fit}>${coloured(line)}</text>`;
  });
  const dots = ["#ff5f57", "#febc2e", "#28c840"].map((fill, index) =>
    `<circle cx="${20 + index * 20}" cy="17" r="6" fill="${fill}"/>`
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}"`,
    `  font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"`,
    `  font-size="14" xml:space="preserve" fill="#e6edf3">`,
    `<rect width="${width}" height="${height}" rx="10" fill="#0d1117"/>`,
    ...dots,
    `<text x="${width / 2}" y="22" text-anchor="middle" fill="#7d8590">${escape(title)}</text>`,
    ...rows,
    "</svg>",
    "",
  ].join("\n");
}

if (import.meta.main) {
  const text = await new Response(Deno.stdin.readable).text();
  const lines = text.trimEnd().split("\n").map((line) => line.trimEnd());
  await Deno.stdout.write(
    new TextEncoder().encode(terminalSvg(Deno.args[0] ?? "terminal", lines)),
  );
}
