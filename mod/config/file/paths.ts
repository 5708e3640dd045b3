/** Relative paths of the configuration file: they start in its folder. Pure. */
import { isAbsolute, join } from "node:path";
import { clickPrefix } from "../names.ts";
import { isOption } from "../source.ts";
import type { VirtualSource } from "../source.ts";

const placed = (path: string, folder: string) => isAbsolute(path) ? path : join(folder, path);

/** A router's first word. What has no slash in it is a name, not a path. */
export function routerFromFolder(word: string, folder: string): string {
  if (word.startsWith(clickPrefix)) {
    const file = word.slice(clickPrefix.length);
    return file === "" ? word : `${clickPrefix}${placed(file, folder)}`;
  }
  if (!word.includes("/")) return word;
  const path = placed(word, folder);
  return path.includes("/") ? path : `./${path}`;
}

/** Files that an adapter reads and writes. */
export function fromFolder(source: VirtualSource, folder: string): VirtualSource {
  const path = (file: string) => {
    const found = placed(file, folder);
    return isOption(found) ? `./${found}` : found;
  };
  const colon = source.text.indexOf(":");
  const parts = source.text.slice(colon + 1).split(",")
    .map((part) => part === "" || isOption(part) ? part : path(part));
  const text = `${source.text.slice(0, colon + 1)}${parts.join(",")}`;
  const files = source.files.map(path);
  return source.adapter === "pcap"
    ? { ...source, text, files, output: path(source.output) }
    : { ...source, text, files };
}
