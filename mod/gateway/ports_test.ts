import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { Failure } from "../config/mod.ts";
import type { InterfaceSettings } from "../config/mod.ts";
import { arena, largestMtu } from "../config/sizes.ts";
import type { InterfaceAddress, Link } from "../routing/mod.ts";
import { choosePorts, portName } from "./ports.ts";

const link = (ifindex: number, name: string, more: Partial<Link> = {}): Link => ({
  ifindex,
  name,
  type: 1,
  mac: Uint8Array.of(2, 0, 0, 0, 0, ifindex),
  mtu: 1500,
  up: true,
  carrier: true,
  master: 0,
  lower: 0,
  vlan: null,
  kind: "",
  ...more,
});
const links = [
  link(1, "lo", { type: 772 }),
  link(2, "eth0"),
  link(3, "eth1"),
  link(4, "eth2", { up: false }),
  link(5, "eth3"),
];
const address = (ifindex: number): InterfaceAddress => ({
  ifindex,
  family: 4,
  address: Uint8Array.of(10, 0, ifindex, 1),
  prefixLength: 24,
});
const addresses = [1, 2, 3, 4].map(address);

function refusal(wanted: InterfaceSettings[], known = links, held = addresses): string {
  try {
    choosePorts(wanted, known, held);
  } catch (error) {
    ok(error instanceof Failure);
    equal(error.code, 4);
    return error.message;
  }
  throw new Error("was taken");
}

Deno.test("by default every Ethernet interface that is up and has an address is a port", () => {
  const ports = choosePorts([], links, addresses);
  deepEqual(ports.map((it) => [it.port, it.name, it.vlan]), [[0, "eth0", null], [1, "eth1", null]]);
});

Deno.test("named interfaces need no address, and may come with a tag", () => {
  const wanted = [{ name: "eth3", vlan: null }, { name: "eth3", vlan: 100 }];
  const ports = choosePorts(wanted, links, addresses);
  deepEqual(ports.map(portName), ["eth3", "eth3:100"]);
  deepEqual(ports.map((it) => it.ifindex), [5, 5]);
});

Deno.test("what can't be a port is refused with a cure", () => {
  const named = (name: string) => [{ name, vlan: null }];
  ok(refusal(named("nope")).includes("eth0, eth1"));
  ok(refusal(named("eth2")).includes("ip link set eth2 up"));
  ok(refusal(named("lo")).includes("not an Ethernet interface"));
  ok(refusal([], [links[0]!], addresses).includes("--interface"));
  const many = Array.from({ length: 256 }, (_, i) => link(i + 10, `e${i}`));
  ok(
    refusal(
      [],
      many,
      many.map((it) => address(it.ifindex & 255 || 1)).concat(
        many.map((it) => ({ ...address(1), ifindex: it.ifindex })),
      ),
    ).includes("255"),
  );
  throws(() => choosePorts([], [], []), Failure);
});

Deno.test("an interface whose frames no slot holds is refused with a cure", () => {
  const most = largestMtu(arena.jumbo_slot_bytes);
  const large = [link(2, "eth0", { mtu: most }), link(3, "eth1", { mtu: most + 1 })];
  equal(choosePorts([{ name: "eth0", vlan: null }], large, []).length, 1);
  const text = refusal([{ name: "eth1", vlan: null }], large);
  ok(text.includes(`eth1 has an MTU of ${most + 1}`), text);
  match(text, new RegExp(`ip link set eth1 mtu ${most},`));
});
