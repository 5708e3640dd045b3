import { deepEqual, equal } from "node:assert/strict";
import type { Core } from "../../ffi/core.ts";
import type { SnapshotReader } from "../../ffi/stats.ts";
import type { Link } from "../routing/mod.ts";
import { PortKeeper } from "./port_keeper.ts";

const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
const port = { port: 0, name: "e0", vlan: null, ifindex: 1, mac, mtu: 1500 };
const link = (ifindex: number): Link => ({
  ...{ ifindex, name: "e0", type: 1, mac, mtu: 1500, up: true, carrier: true },
  ...{ master: 0, lower: 0, vlan: null, kind: "" },
});

Deno.test("a port that returns waits for the ingress table, and its counters go on", () => {
  const opened: number[] = [];
  const core = {
    portOpen: ({ ifindex }: { ifindex: number }) => opened.push(ifindex),
    portClose: () => true,
    portDescription: () => "",
  } as unknown as Core;
  let frames = 0;
  const fields = ["receivedBytes", "missedFrames", "sentFrames", "sentBytes", "keptFrames"]
    .concat("sendDroppedFrames", "receiveErrors", "uncopiedFrames", "starvedFrames")
    .map((name) => [name, 0]);
  const reader = {
    port: () => ({ ...Object.fromEntries(fields), receivedFrames: frames }),
  } as unknown as SnapshotReader;
  const keeper = new PortKeeper([port], { candidates: [0], asked: true, passed: [] }, core, 1500);
  const received = () => keeper.counters(0, reader).receivedFrames;
  const planned = (generation: number) => {
    keeper.planSent(generation);
    keeper.adopted(generation, reader);
  };
  keeper.openAll();
  planned(1);
  frames = 5;
  keeper.linksChanged([]);
  planned(2);
  equal(received(), 5);
  deepEqual(keeper.present(), []);
  keeper.linksChanged([link(7)]);
  deepEqual(keeper.present().map(({ ifindex }) => ifindex), [7], "the ingress table knows it");
  deepEqual(keeper.open(), []);
  deepEqual(opened, [1]);
  equal(keeper.openReturned(), true);
  deepEqual(opened, [1, 7]);
  equal(received(), 5, "the snapshot still says what the first life counted");
  frames = 0;
  planned(3);
  equal(received(), 5);
  frames = 2;
  equal(received(), 7);
});
