import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { join } from "node:path";
import { Failure } from "../config/mod.ts";
import { resolveRouter } from "./router.ts";

const vr = (...words: string[]) => ({ name: "vr1", words });

Deno.test("resolveRouter() finds bundled routers and executables, and says what is wrong", () => {
  const directory = Deno.makeTempDirSync();
  const before = Deno.cwd();
  const path = Deno.env.get("PATH")!;
  try {
    Deno.mkdirSync(join(directory, "bin"));
    const refusal = (...words: string[]): string => {
      let message = "";
      throws(() => resolveRouter(vr(...words), directory), (error) => {
        ok(error instanceof Failure && error.code === 3);
        message = error.message;
        return true;
      });
      return message;
    };
    ok(refusal("cppvr").includes("build it again"));
    Deno.writeTextFileSync(join(directory, "bin", "cppvr"), "", { mode: 0o755 });
    Deno.writeTextFileSync(join(directory, "plain"), "", { mode: 0o644 });
    deepEqual(resolveRouter(vr("cppvr", "--relay", "a=b"), directory), {
      executable: join(directory, "bin", "cppvr"),
      args: ["--relay", "a=b"],
    });
    Deno.chdir(directory);
    equal(resolveRouter(vr("./bin/cppvr"), "/x").executable, join(Deno.cwd(), "bin/cppvr"));
    ok(refusal("nope").includes("bundled: cppvr"));
    equal(resolveRouter(vr("sh", "-c", "x"), "/x").executable, Deno.realPathSync("/bin") + "/sh");
    Deno.env.set("PATH", "/nonexistent");
    ok(refusal("sh").includes("not on PATH"));
    equal(resolveRouter(vr("deno", "run", "x.ts"), "/x").executable, Deno.execPath());
    Deno.env.set("PATH", path);
    ok(refusal("./nope").includes("no such file"));
    ok(refusal("./plain").includes("chmod +x ./plain"));
    ok(refusal("./plain/x").includes("no such file"));
    ok(refusal("./bin").includes("not a file"));
  } finally {
    Deno.env.set("PATH", path);
    Deno.chdir(before);
    Deno.removeSync(directory, { recursive: true });
  }
});
