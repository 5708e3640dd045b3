import { deepEqual, equal, throws } from "node:assert/strict";
import { wants as wantBits } from "../../ffi/abi.gen.ts";
import { ExitCode, Failure } from "../config/mod.ts";
import type { IngressPlan } from "../ingress/mod.ts";
import { formatAddress, parsePrefix } from "../netlink/mod.ts";
import { noPorts, portSet } from "../vri_monitor/mod.ts";
import { IngressKeeper, ingressPlan } from "./ingress_keeper.ts";

const served = [
  { prefix: parsePrefix("10.0.0.0/16")!, vr: 0 },
  { prefix: parsePrefix("10.0.1.0/24")!, vr: 1 },
];
const port = (number: number) => ({
  port: number,
  name: `e${number}`,
  vlan: null,
  ifindex: number + 1,
  mac: new Uint8Array(6),
  mtu: 1500,
});

Deno.test("other hosts' frames: of those VRs and on those ports that they are wanted on", () => {
  const ports = [port(0), port(1), port(2)];
  const wants = [
    { wants: wantBits.promiscuous, ports: portSet([0, 1]) },
    { wants: wantBits.promiscuous, ports: portSet([1]) },
  ];
  const plan = ingressPlan({ ports, served, wants, local: [] });
  const sources = plan.ports.map(({ promiscuous }) =>
    promiscuous.map(({ first, last }) => `${formatAddress(first)}-${formatAddress(last)}`)
  );
  deepEqual(sources, [
    ["10.0.0.0-10.0.0.255", "10.0.2.0-10.0.255.255"],
    ["10.0.0.0-10.0.255.255"],
    [],
  ]);
  const none = [{ wants: 0, ports: portSet([0]) }, { wants: wantBits.promiscuous, ports: noPorts }];
  const without = ingressPlan({ ports, served, wants: none, local: [] });
  deepEqual(without.ports.map(({ promiscuous }) => promiscuous), [[], [], []]);
});

Deno.test("a table that cannot follow is tried again a second later, until it can", () => {
  let fails = true;
  let applied = 0;
  const table = {
    apply(_plan: IngressPlan): string[] {
      if (fails) throw new Error("busy");
      applied++;
      return [];
    },
    foreignTables: () => [],
  };
  const keeper = new IngressKeeper(table, () => ({ ports: [], served: [], local: [] }));
  throws(
    () => keeper.begin(),
    (error) =>
      error instanceof Failure && error.code === ExitCode.host && !/\n/.test(error.message),
  );
  equal(keeper.refresh(0), true, "nothing to do");
  equal(keeper.due_ms, Infinity);
  keeper.touch();
  equal(keeper.refresh(100), false);
  equal(keeper.due_ms, 1100);
  fails = false;
  equal(keeper.refresh(1099), false, "not yet");
  equal(keeper.refresh(1100), true);
  equal(applied, 1);
  equal(keeper.due_ms, Infinity);
});
