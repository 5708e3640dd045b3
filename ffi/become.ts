/** Another program in place of this process; liblvrm has no part in it. */

/**
 * Becomes another program, in this process and with its descriptors; `words` follow its name.
 * Returns only when that fails.
 */
export function become(executable: string, words: readonly string[]): void {
  const libc = Deno.dlopen("libc.so.6", {
    execv: { parameters: ["buffer", "buffer"], result: "i32" },
  });
  const texts = [executable, ...words].map((it) => new TextEncoder().encode(`${it}\0`));
  const addresses = texts.map((it) => Deno.UnsafePointer.value(Deno.UnsafePointer.of(it)));
  libc.symbols.execv(texts[0]!, new BigUint64Array([...addresses, 0n]));
  libc.close();
}
