/**
 * Makes `dist/lvrm`, one executable. First with `deno compile`; that needs a runtime (denort),
 * from the network or from DENORT_BIN, and some networks have no way to it. Then the pinned Deno
 * is packed beside the bundle behind a small self-unpacking launcher. Whether a route worked is
 * judged by what its result does, never by its exit code: `deno compile` with a wrong DENORT_BIN
 * succeeds and makes a file that is plain Deno.
 *
 * LVRM_PACK=launcher in the environment skips the first route, LVRM_PACK=deno-compile the second.
 */
import { denoCompile, selftest } from "./pack/deno_compile.ts";
import { packLauncher } from "./pack/launcher.ts";
import { stage } from "./pack/stage.ts";

const target = "dist/lvrm";
const route = Deno.env.get("LVRM_PACK") ?? "auto";

async function main(): Promise<number> {
  Deno.chdir(new URL("..", import.meta.url));
  const began = performance.now();
  await Deno.mkdir("dist", { recursive: true });
  const manifest = await stage("dist/stage");
  let how = "deno compile";
  const reason = route === "launcher" ? "LVRM_PACK=launcher" : await denoCompile(target);
  if (reason !== undefined) {
    if (route === "deno-compile") {
      console.error(`compile: deno compile made no working executable: ${reason}`);
      return 1;
    }
    console.log(`compile: not with \`deno compile\`: ${reason}`);
    await packLauncher("dist/stage", manifest, target);
    const broken = await selftest(target, "beside");
    if (broken !== undefined) {
      console.error(`compile: ${target} does not work: ${broken}`);
      return 1;
    }
    how = "the self-unpacking launcher, which carries Deno";
  }
  const megabytes = ((await Deno.stat(target)).size / 1e6).toFixed(1);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`compile: ${target}, ${megabytes} MB, made in ${seconds} s with ${how}`);
  return 0;
}

Deno.exit(await main());
