/** The second route: `lvrm-unpack`, with everything behind it. `zig-src/unpack_package.zig` says
 * how the file is laid out. */
import { deflateRawSync } from "node:zlib";
import { join } from "node:path";
import type { Manifest, PackedFile } from "../../mod/runtime/embedded.ts";
import { nameOf, sha256 } from "./stage.ts";

const unpacker = "zig-out/bin/lvrm-unpack";
const entry_bytes = 128;
const footer_bytes = 64;

interface Packed {
  file: PackedFile;
  stream: Uint8Array;
  checksum: bigint;
}

/** A file to pack: where it is now, and its path and permission bits when unpacked. */
export interface Source {
  path: string;
  mode: number;
  source: string;
}

/** Bundles the control plane into `folder`, packs it with the staged files and Deno itself. */
export async function packLauncher(
  folder: string,
  manifest: Manifest,
  target: string,
): Promise<void> {
  await bundle(join(folder, "main.js"));
  await pack([
    ...manifest.files.map(({ path, mode }) => ({ path, mode, source: join(folder, path) })),
    { path: "main.js", mode: 0o600, source: join(folder, "main.js") },
    { path: "bin/lvrm", mode: 0o700, source: await Deno.realPath(Deno.execPath()) },
  ], target);
}

/** Writes the unpacker and behind it all of `sources` into the executable `target`. */
export async function pack(sources: Source[], target: string): Promise<void> {
  const checksums = await checksumsOf(sources.map((it) => it.source));
  const packed: Packed[] = [];
  for (const [index, { path, mode, source }] of sources.entries()) {
    const content = await Deno.readFile(source);
    const file = { path, mode, bytes: content.length, sha256: sha256(content) };
    packed.push({ file, stream: await compress(content, file), checksum: checksums[index]! });
  }
  // Written beside the target and renamed: an lvrm that runs from it keeps its file.
  await Deno.writeFile(`${target}.new`, await assemble(packed), { mode: 0o755 });
  await Deno.rename(`${target}.new`, target);
}

async function bundle(output: string): Promise<void> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--minify", "--output", output, "main.ts"],
    stdin: "null",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).output();
  if (code !== 0) throw new Error(`deno bundle: ${new TextDecoder().decode(stderr).trim()}`);
}

/** The checksums come from the program that will compare them. */
async function checksumsOf(paths: string[]): Promise<bigint[]> {
  const { code, stdout } = await new Deno.Command(unpacker, { args: paths }).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  if (code !== 0 || lines.length !== paths.length) {
    throw new Error(`${unpacker} gives no checksums; run \`deno task build\` again`);
  }
  return lines.map((line) => BigInt(`0x${line}`));
}

/** One deflate stream; large ones (Deno itself) are kept for the next time. */
async function compress(content: Uint8Array, file: PackedFile): Promise<Uint8Array> {
  if (content.length < 1 << 24) return deflateRawSync(content);
  const kept = `dist/.pack/${file.sha256.slice(0, 32)}.deflate`;
  const found = await Deno.readFile(kept).catch(() => undefined);
  if (found !== undefined) return found;
  const stream = deflateRawSync(content);
  await Deno.mkdir("dist/.pack", { recursive: true });
  await Deno.writeFile(`${kept}.new`, stream);
  await Deno.rename(`${kept}.new`, kept);
  return stream;
}

async function assemble(packed: Packed[]): Promise<Uint8Array> {
  const program = await Deno.readFile(unpacker);
  const streams_bytes = packed.reduce((sum, it) => sum + it.stream.length, 0);
  const entries_at = Math.ceil((program.length + streams_bytes) / 8) * 8;
  const footer_at = entries_at + packed.length * entry_bytes;
  const whole = new Uint8Array(footer_at + footer_bytes);
  const view = new DataView(whole.buffer);
  const text = (value: string, at: number): void => {
    whole.set(new TextEncoder().encode(value), at);
  };
  whole.set(program, 0);
  let offset = program.length;
  for (const [index, { file, stream, checksum }] of packed.entries()) {
    const at = entries_at + index * entry_bytes;
    whole.set(stream, offset);
    view.setBigUint64(at, BigInt(offset), true);
    view.setBigUint64(at + 8, BigInt(stream.length), true);
    view.setBigUint64(at + 16, BigInt(file.bytes), true);
    view.setBigUint64(at + 24, checksum, true);
    view.setUint32(at + 32, file.mode, true);
    text(file.path, at + 36);
    offset += stream.length;
  }
  text("LVRMPACK", footer_at);
  view.setBigUint64(footer_at + 8, BigInt(entries_at), true);
  view.setUint32(footer_at + 16, packed.length, true);
  text(nameOf(packed.map((it) => it.file)), footer_at + 32);
  return whole;
}
