/** What `lvrm --selftest` says: whether this executable has all it needs. For `tools/compile.ts`,
 * which judges an executable by what it does. */
import { join } from "node:path";
import { Core } from "../../ffi/core.ts";
import { runtimeDirectory } from "./mod.ts";

/**
 * Finds (and at the first start unpacks) the runtime files and loads the library.
 *
 * @returns `lvrm selftest: standalone` from an executable of `deno compile`, else
 * `lvrm selftest: beside RUNTIME DIRECTORY`.
 * @throws when a file is missing or the library is another version's.
 */
export function selftest(): string {
  const directory = runtimeDirectory();
  for (const program of ["lvrm-launch", "cppvr", "lvrm-click"]) {
    Deno.statSync(join(directory, "bin", program));
  }
  Core.load(join(directory, "lib/liblvrm.so"));
  return `lvrm selftest: ${Deno.build.standalone ? "standalone" : `beside ${directory}`}`;
}
