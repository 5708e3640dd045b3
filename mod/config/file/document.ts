/** The tables of docs/configuration.md, from the fields that the file is read by. Pure. */
import { idleFields, ownFields, runFields, vrFields } from "../fields.ts";
import { defaultOf, identityAbout, topAbout } from "./schema.ts";

/** What is said about a key. */
interface Row {
  readonly key: string;
  readonly values: string;
  readonly about: string;
}

type Fields = Readonly<
  Record<string, { readonly read: { words: string }; readonly about: string; readonly of?: string }>
>;

const code = (text: string) => `\`${text}\``;

function rows(fields: Fields): Row[] {
  return Object.entries(fields).map(([key, { read, about, of }]) => ({
    key,
    values: read.words.replace(
      /^one of (.*)$/,
      (_, names: string) => names.split(", ").map(code).join(", "),
    ).replaceAll("|", "\\|"),
    about: of === undefined ? about : `${code(of)}: ${about}`,
  }));
}

function table(all: readonly Row[]): string {
  const lines = all.map(({ key, values, about }) => {
    const value = defaultOf(key);
    return `| ${code(key)} | ${values} | ${value === null ? "" : code(String(value))} | ${about} |`;
  });
  return ["| key | value | default | what it is |", "|---|---|---|---|", ...lines].join("\n");
}

const said = (about: Readonly<Record<string, string>>, values: Readonly<Record<string, string>>) =>
  Object.entries(about).map(([key, words]) => ({ key, values: values[key]!, about: words }));

/** Every table by its name in the document. */
export function tables(): Record<string, string> {
  return {
    run: table([
      ...said(topAbout, { interfaces: "a list of ports", vrs: "a list of VRs" }),
      ...rows(runFields),
      ...rows(idleFields),
    ]),
    vr: table([
      ...said(identityAbout, {
        name: "a letter, then letters, digits, `-`, `_`",
        subnets: "a list of subnets",
        router: "text",
        options: "a list of words",
        table: "a number or a name of `rt_tables`",
        routes: "a list of routes",
      }),
      ...rows(ownFields),
    ]),
    values: table(rows(vrFields)),
  };
}

/** The document with its tables as they should be; each stands between two marks. */
export function withTables(document: string): string {
  return Object.entries(tables()).reduce((text, [name, content]) => {
    const marks = new RegExp(`(<!-- table ${name} -->\\n)[^]*?(<!-- end -->)`);
    if (!marks.test(text)) throw new Error(`there is no place for the table ${name}`);
    return text.replace(marks, (_, before, after) => `${before}${content}\n${after}`);
  }, document);
}
