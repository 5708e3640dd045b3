/** Where unpacked files go unless LVRM_CACHE says otherwise. `zig-src/unpack.zig` has the twin. */
import { join } from "node:path";

/**
 * The default cache directory of this user: `/var/cache/lvrm` for root, else `lvrm` in
 * `$XDG_CACHE_HOME` or `~/.cache`; without a home, a directory of this user's own in `/var/tmp`.
 */
export function defaultCacheDirectory(): string {
  const user = Deno.uid();
  if (user === 0) return "/var/cache/lvrm";
  const cacheHome = Deno.env.get("XDG_CACHE_HOME");
  // The XDG specification has relative paths ignored.
  if (cacheHome?.startsWith("/")) return join(cacheHome, "lvrm");
  const home = Deno.env.get("HOME");
  if (home?.startsWith("/")) return join(home, ".cache/lvrm");
  return `/var/tmp/lvrm-${user}`;
}
