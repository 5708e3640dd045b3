/**
 * Splits a ROUTER into words as a shell's reader would, and does nothing else of a shell: no
 * variables, no globs, no operators. 'Single quotes' keep everything, "double quotes" keep all but
 * `\"` and `\\`, and a backslash outside of quotes takes the next character as it is.
 */

/** The words, or what is wrong with the text. */
export type SplitResult = { readonly words: string[] } | { readonly error: string };

/** Splits at blanks outside of quotes. */
export function splitWords(text: string): SplitResult {
  const words: string[] = [];
  let word: string | null = null; // null: between words; "" is a word once a quote opened it
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === "'" || c === '"') {
      const quoted = readQuoted(text, i);
      if (quoted === null) {
        return { error: `the quote ${c} at character ${i + 1} is never closed` };
      }
      word = (word ?? "") + quoted.text;
      i = quoted.end;
    } else if (c === "\\") {
      if (i + 1 === text.length) return { error: "it ends in a backslash" };
      word = (word ?? "") + text[++i]!;
    } else if (/\s/.test(c)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? "") + c;
    }
  }
  if (word !== null) words.push(word);
  return { words };
}

/** Text of the quoted part that opens at `start`, and where its closing quote is. */
function readQuoted(text: string, start: number): { text: string; end: number } | null {
  const quote = text[start]!;
  let content = "";
  for (let i = start + 1; i < text.length; i++) {
    const c = text[i]!;
    if (c === quote) return { text: content, end: i };
    const next = text[i + 1];
    if (quote === '"' && c === "\\" && (next === '"' || next === "\\")) {
      content += next;
      i++;
    } else {
      content += c;
    }
  }
  return null;
}

/** A word quoted so that `splitWords` gives it back. */
export function quoteWord(word: string): string {
  return /^[^\s'"\\]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}

/**
 * Splits a list from the environment at newlines and semicolons outside of quotes; empty entries
 * vanish. An unclosed quote runs to the end and is reported when its entry is read.
 */
export function splitEntries(text: string): string[] {
  const entries: string[] = [];
  let entry = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === "\n" || c === ";") {
      entries.push(entry);
      entry = "";
      continue;
    }
    const quoted = c === "'" || c === '"' ? readQuoted(text, i) : null;
    if (quoted !== null) {
      entry += text.slice(i, quoted.end + 1);
      i = quoted.end;
    } else if (c === "\\" && i + 1 < text.length) {
      entry += c + text[++i]!;
    } else {
      entry += c;
    }
  }
  entries.push(entry);
  return entries.map((e) => e.trim()).filter((e) => e !== "");
}
