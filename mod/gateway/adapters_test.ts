/** How `auto` chooses, against a core that opens what the test says. */
import { deepEqual, equal, match, throws } from "node:assert/strict";
import { manifest } from "../../ffi/abi.gen.ts";
import { CoreError } from "../../ffi/core.ts";
import { formatAdapters } from "./adapter_list.ts";
import { virtualAdapters } from "../config/source.ts";
import { chooseAdapters, openPort, preferred } from "./adapters.ts";

const number = (name: string) => manifest.adapters.findIndex((it) => it === name);
const port = { port: 0, name: "e0", vlan: null, ifindex: 1, mac: new Uint8Array(6), mtu: 1500 };
const config = { ...port, receiveBufferBytes: 0 };

/** A core where only these open, with what they tell of themselves. */
function coreOf(works: Record<string, string>) {
  const open: number[] = [];
  return {
    open,
    portOpen: ({ adapter }: { adapter: number }) => {
      const name = manifest.adapters[adapter]!;
      if (works[name] === undefined) throw new CoreError(`${name}: does not open`, 95);
      open.push(adapter);
    },
    portDescription: () => works[manifest.adapters[open.at(-1)!]!]!,
    portClose: () => {
      open.pop();
      return true;
    },
  };
}

const available = (adapter: number) =>
  manifest.adapters[adapter] === "pf_ring" ? "no library" : null;
const choice = chooseAdapters({ adapter: null }, { adapterUnavailable: available });

Deno.test("auto has an order, and adapters that nobody ranked come last", () => {
  deepEqual(preferred(["raw", "memory", "new", "af_xdp", "packet_mmap", "pf_ring"]), [
    ...[5, 4, 3, 0, 2],
  ]);
  equal(preferred().length, manifest.adapters.length - virtualAdapters.length);
});

Deno.test("auto says why better ones are not taken", () => {
  const best = openPort(coreOf({ packet_mmap: "", raw: "" }), config, choice);
  deepEqual(best, {
    adapter: number("packet_mmap"),
    info: "",
    why: "the best that works here (pf_ring: no library)",
  });
  const { adapter, why } = openPort(coreOf({ raw: "" }), config, choice);
  equal(adapter, number("raw"));
  match(why, /pf_ring: no library; packet_mmap: does not open; af_xdp: does not open/);
});

Deno.test("auto doesn't say how to get an adapter that nobody asked for", () => {
  const reason = "pf_ring: cannot load lib.so: no such file. Install it (from a package), or …";
  const core = { adapterUnavailable: (it: number) => it === number("pf_ring") ? reason : null };
  const { why } = openPort(
    coreOf({ packet_mmap: "" }),
    config,
    chooseAdapters({ adapter: null }, core),
  );
  equal(why, "the best that works here (pf_ring: cannot load lib.so: no such file)");
  throws(() => chooseAdapters({ adapter: number("pf_ring") }, core), /Install it/);
});

Deno.test("auto takes af_xdp in native mode only", () => {
  const native = openPort(coreOf({ af_xdp: "native mode, copying", raw: "" }), config, choice);
  equal(native.adapter, number("af_xdp"));
  const core = coreOf({ af_xdp: "generic mode, copying", raw: "" });
  const { adapter, why } = openPort(core, config, choice);
  equal(adapter, number("raw"));
  match(why, /af_xdp: only in generic mode/);
  deepEqual(core.open, [number("raw")], "af_xdp was closed again");
});

Deno.test("an adapter that is asked for is taken as it is, or the start fails", () => {
  const asked = chooseAdapters({ adapter: number("af_xdp") }, { adapterUnavailable: available });
  const generic = openPort(coreOf({ af_xdp: "generic mode" }), config, asked);
  deepEqual([generic.adapter, generic.why], [number("af_xdp"), "asked for"]);
  throws(() => openPort(coreOf({ raw: "" }), config, asked), /^CoreError: af_xdp: does not open$/);
  throws(
    () => chooseAdapters({ adapter: number("pf_ring") }, { adapterUnavailable: available }),
    /no library/,
  );
  throws(
    () => openPort(coreOf({}), config, choice),
    /no socket adapter works: pf_ring: no li.*raw/,
  );
});

Deno.test("the list of adapters as a table", () => {
  const row = { interface: "e0", info: "", reason: "", chosen: false };
  const text = formatAdapters([
    { ...row, adapter: "pf_ring", available: false, reason: "pf_ring: no library" },
    { ...row, adapter: "raw", available: true, chosen: true },
  ]);
  match(text, /^e0 +pf_ring +no +no library$/m);
  match(text, /^e0 +raw +yes +auto takes it$/m);
});
