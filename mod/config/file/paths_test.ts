/** Relative paths in a configuration file start in its folder. */
import { deepEqual, equal } from "node:assert/strict";
import { runFields } from "../fields.ts";
import { decideSettings } from "../settings.ts";
import { virtualSource } from "../source.ts";
import { readConfig } from "./read.ts";

const settings = (path: string, router: string, more = "") =>
  decideSettings(
    {},
    () => undefined,
    readConfig(`${more}\nvrs: [{subnets: [10.0.1.0/24], router: "${router}"}]\n`, {
      path,
      tableNumber: () => null,
    }),
  );

Deno.test("paths of routers start where the file is, names stay names", () => {
  const word = (router: string, path = "conf/a.yaml") => settings(path, router).vrs[0]!.words[0];
  equal(word("./my-vr"), "conf/my-vr");
  equal(word("../my-vr"), "./my-vr");
  equal(word("/bin/my-vr"), "/bin/my-vr");
  equal(word("cppvr"), "cppvr");
  equal(word("clickvr:r.click"), "clickvr:conf/r.click");
  equal(word("clickvr:sub/r.click"), "clickvr:conf/sub/r.click");
  equal(word("clickvr:/etc/r.click"), "clickvr:/etc/r.click");
  equal(word("clickvr:r.click", "/etc/lvrm.yaml"), "clickvr:/etc/r.click");
  equal(word("clickvr:r.click", "a.yaml"), "clickvr:r.click");
});

Deno.test("files of an adapter start where the file is; its text says the same", () => {
  const source = (adapter: string, path = "conf/a.yaml") => {
    const decided = settings(path, "cppvr", `adapter: "${adapter}"`);
    const found = virtualSource(decided)!;
    deepEqual(runFields.adapter.read(found.text), decided.adapter);
    return [found.files, found.adapter === "pcap" ? found.output : null, found.text];
  };
  deepEqual(source("pcap:in.pcap,/x/b.pcap,speed=1,../out.pcap"), [
    ["conf/in.pcap", "/x/b.pcap"],
    "out.pcap",
    "pcap:conf/in.pcap,/x/b.pcap,speed=1,out.pcap",
  ]);
  deepEqual(source("memory:./a=b,rate=1k"), [["conf/a=b"], null, "memory:conf/a=b,rate=1k"]);
  deepEqual(source("memory:./a=b", "a.yaml"), [["./a=b"], null, "memory:./a=b"]);
  deepEqual(source("memory:rate=1k"), [[], null, "memory:rate=1k"]);
  deepEqual(source("memory"), [[], null, "memory:"]);
});
