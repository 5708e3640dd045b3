/** The command line: arguments in, exit code out. */
import { type Command, CommanderError } from "commander";
import { ExitCode, Failure } from "../config/mod.ts";
import { findLimitOf, runBench, runFindLimit } from "../bench/mod.ts";
import type { Origin, Settings } from "../config/mod.ts";
import { virtualSource } from "../config/source.ts";
import { checkHost, listAdapters, requireComplete, runGateway } from "../gateway/mod.ts";
import { runSimulate } from "../simulate/mod.ts";
import { defaultCacheDirectory, vrFiles } from "../runtime/mod.ts";
import { clickWords, runClick } from "./click.ts";
import { generatorWords, runGenerator } from "./generate.ts";
import { makeProgram } from "./program.ts";
import { formatCapture, formatStatus } from "./table.ts";

const encoder = new TextEncoder();

/** Writes all of a text; a reader that is gone (`lvrm status | head`) is no error. */
function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = encoder.encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Where the options of what was asked for are told. */
function helpOf(program: Command, word: string | undefined): string {
  const command = program.commands.find((it) => it.name() === word);
  return command === undefined ? "lvrm --help" : `lvrm ${command.name()} --help`;
}

/** Words for an error, and the exit code. Null: nothing to say. */
function judge(error: unknown, help: string): { code: number; text: string | null } {
  if (error instanceof Failure) return { code: error.code, text: error.message };
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return { code: ExitCode.ok, text: null }; // help, version
    const text = error.message.replace(/^error: |\.$/g, "").replaceAll("\n", " ");
    return { code: ExitCode.usage, text: `${text}; try: ${help}` };
  }
  const text = error instanceof Error ? error.stack ?? error.message : String(error);
  return { code: ExitCode.failed, text: `internal error: ${text}` };
}

/** One run; what it was is printed where its input ended it. Throws Failure. */
async function run(
  settings: Settings,
  origin: Origin | null,
  print: (text: string) => void,
): Promise<void> {
  const { status, capture } = await runGateway(settings).catch((error) => {
    throw error instanceof Failure ? origin?.explain(error) ?? error : error;
  });
  if (status !== null) print(formatStatus(status));
  const source = virtualSource(settings);
  if (source?.adapter !== "pcap" || capture === null) return;
  if (status !== null) print(formatCapture(source.output, capture));
  requireComplete(source, capture);
}

/** Runs `lvrm` with these arguments; returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const print = (text: string) => write(Deno.stdout, text);
  const progress = (line: string) => write(Deno.stderr, `${line}\n`);
  const program = makeProgram({
    run: (settings, origin) => run(settings, origin, print),
    check: checkHost,
    adapters: listAdapters,
    bench: (names, options) => {
      return runBench(names, options, print, progress, Deno.stderr.isTerminal());
    },
    simulate: (scenario, options) => runSimulate(scenario, options, print),
    vrFiles,
    print,
    environment: (name) => Deno.env.get(name),
    cacheDirectory: defaultCacheDirectory(),
  });
  try {
    const words = clickWords(args);
    if (words !== null) runClick(words);
    const limit = args[0] === "gen" ? findLimitOf(args.slice(1)) : null;
    if (limit !== null) {
      await runFindLimit(limit, print, progress);
      return ExitCode.ok;
    }
    const generator = generatorWords(args);
    if (generator !== null) runGenerator(generator);
    await program.parseAsync(args, { from: "user" });
    return ExitCode.ok;
  } catch (error) {
    const { code, text } = judge(error, helpOf(program, args[0]));
    if (text !== null) write(Deno.stderr, `lvrm: ${text}\n`);
    return code;
  }
}
