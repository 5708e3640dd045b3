/** `lvrm handlers`: reads and writes handlers of a running VR. */
import type { Command } from "commander";
import { limits } from "../../ffi/abi.gen.ts";
import { askHandler } from "../api/mod.ts";
import { defaultSocket, type Environment, ExitCode, Failure, socketPath } from "../config/mod.ts";
import type { Answer } from "../handlers/mod.ts";
import { table } from "./table.ts";

/** What the command needs. */
export interface HandlersActions {
  readonly print: (text: string) => void;
  readonly environment: Environment;
}

const details = `
Without a handler it lists what there is: r can be read, w can be written, + takes a parameter,
b needs no value. An element's name alone lists that element's.

VALUE may be several words, which are joined with blanks. @FILE stands for what is in a file, -
for standard input; '' is an empty value. A parameter for reading is in the handler's word:
  lvrm handlers vr1 'routes.lookup 10.0.1.1'

Counts are added up over the VRIs that run; where other answers differ, each VRI's is shown. A
write goes to every VRI, to standbys too. hotconfig replaces the configuration: all VRIs take it,
or none does.`;

function readAll(file: { readonly readable: ReadableStream<Uint8Array> }): Promise<string> {
  return new Response(file.readable).text();
}

/** The value that the words on the command line stand for. Throws Failure. */
export async function valueOf(words: readonly string[]): Promise<string | null> {
  if (words.length === 0) return null;
  const word = words[0]!;
  if (words.length > 1 || (word !== "-" && !/^@./.test(word))) return words.join(" ");
  if (word === "-") return await readAll(Deno.stdin);
  const path = word.slice(1);
  try {
    if (Deno.statSync(path).size > limits.max_handler_bytes) {
      throw new Failure(
        ExitCode.usage,
        `${path} is longer than ${limits.max_handler_bytes} bytes, the most that a handler takes`,
      );
    }
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const reason = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : error instanceof Error
      ? error.message
      : String(error);
    throw new Failure(ExitCode.usage, `cannot read ${path}: ${reason}`);
  }
}

const ended = (text: string) => text === "" || text.endsWith("\n") ? text : `${text}\n`;

/** One line beside the name, several below it. */
function perVri({ vris }: Answer): string {
  return vris.filter((it) => it.value !== null).map(({ vri, value }) =>
    value!.trimEnd().includes("\n") ? `${vri}:\n${ended(value!)}` : `${vri}: ${ended(value!)}`
  ).join("");
}

interface Listed {
  readonly handler: string;
  readonly access: string;
  readonly element: string | null;
}

function listed(text: string): Listed[] {
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const [handler = "", access = "", element] = line.split("\t");
    return { handler, access, element: element ?? null };
  });
}

/** What is shown for an answer. Pure. */
export function formatAnswer(answer: Answer): string {
  if (answer.did === "list" && answer.value !== null) {
    const rows = listed(answer.value).map((it) => [it.handler, it.access, it.element ?? "-"]);
    return `${table([["HANDLER", "ACCESS", "ELEMENT"], ...rows])}\n`;
  }
  if (answer.value === null) return perVri(answer);
  return answer.did === "write" && answer.value === "" ? "" : ended(answer.value);
}

/** Why an answer is not, or not wholly, what was asked for; null where it is. Pure. */
export function complaint({ vr, handler, did, vris }: Answer): string | null {
  const bad = vris.filter((it) => it.error !== null);
  if (bad.length === 0) return null;
  const cure = (error: string) =>
    /^no (element named|'.*' handler)/.test(error)
      ? `${error}${error.endsWith("?") ? "" : ";"} lvrm handlers ${vr} shows what there is`
      : /is an element; which handler/.test(error)
      ? `${error} lvrm handlers ${vr} ${handler} shows them`
      : /is not a read handler/.test(error)
      ? `${error}; to write it without a value: lvrm handlers ${vr} ${handler} ''`
      : error;
  const same = bad.every((it) => it.error === bad[0]!.error);
  if (same && bad.length === vris.length) {
    const [first = "", ...more] = bad[0]!.error!.split("\n");
    if (handler === "hotconfig" && did === "write") {
      return [`${vr} goes on with its old configuration:`, first, ...more].join("\n");
    }
    return [`${vr}: ${cure(first)}`, ...more].join("\n");
  }
  return bad.map(({ vri, error }) => `${vri}: ${error}`).join("\n");
}

/** Adds the command. */
export function addHandlers(program: Command, actions: HandlersActions): void {
  program.command("handlers")
    .description("read and write handlers of a running VR, such as clickvr's, or list them")
    .argument("<VR>", "its name in lvrm status")
    .argument("[ELEMENT.HANDLER]", "one of the list; of the router itself: HANDLER")
    .argument("[VALUE...]", "written to it; @FILE: what is in there, -: standard input")
    .option("--json", "as JSON")
    .option("--socket <PATH>", `control socket (LVRM_SOCKET; default: ${defaultSocket})`)
    .addHelpText("after", details)
    .action(async (
      vr: string,
      handler: string | undefined,
      words: string[],
      options: { json?: boolean; socket?: string },
    ) => {
      const path = socketPath(options.socket, actions.environment);
      const value = await valueOf(words);
      const answer = await askHandler(path, { vr, handler: handler ?? "", value });
      const isList = answer.did === "list" && answer.value !== null;
      const shown = isList ? { vr, handlers: listed(answer.value!) } : answer;
      const json = options.json === true;
      actions.print(json ? `${JSON.stringify(shown, null, 2)}\n` : formatAnswer(answer));
      const wrong = complaint(answer);
      if (wrong !== null) throw new Failure(ExitCode.failed, wrong);
    });
}
