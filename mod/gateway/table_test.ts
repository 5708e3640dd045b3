import { equal, ok, throws } from "node:assert/strict";
import { Failure } from "../config/mod.ts";
import { parsePrefix } from "../netlink/mod.ts";
import type { NetlinkCalls } from "../netlink/mod.ts";
import { openTable } from "./table.ts";

/** A kernel without netfilter's netlink. */
const without: NetlinkCalls = {
  open: () => -93, // EPROTONOSUPPORT
  join: () => -9,
  send: () => -9,
  receive: () => -9,
  close: () => 0,
};
const plan = {
  ports: [{ interface: "eth0", vlan: null, promiscuous: [] }],
  served: [parsePrefix("10.0.1.0/24")!],
  local: [],
};

Deno.test("where the kernel forwards and the table is impossible, the start is refused", () => {
  throws(() => openTable(without, plan, true, []), (error) => {
    ok(error instanceof Failure && error.code === 4);
    ok(error.message.includes("ip_forward=0"), error.message);
    return !error.message.includes("\n");
  });
});

Deno.test("where the kernel does not forward, a warning is enough", () => {
  const warnings: string[] = [];
  equal(openTable(without, plan, false, warnings), null);
  equal(warnings.length, 1);
  ok(warnings[0]!.includes("forwarding off"));
});
