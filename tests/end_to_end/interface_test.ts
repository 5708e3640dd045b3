/** Interfaces that go and come back while lvrm runs. */
import { equal, ok } from "node:assert/strict";
import { addressesOf } from "../testbed/addresses.ts";
import { hostInterface } from "../testbed/host.ts";
import { imbalance, Testbed } from "../testbed/mod.ts";
import { ipBatch } from "../testbed/process.ts";

Deno.test("an interface that is removed and made again serves again", async () => {
  await using bed = await Testbed.create();
  const lvrm = await bed.startLvrm(["--vr", "0.0.0.0/0,::/0=cppvr"]);
  equal((await bed.s1.ping(bed.r1.link.host4, { count: 3 })).received, 3);
  const before = await lvrm.status();
  const count = (name: string, it: typeof before): number =>
    it.interfaces.find((port) => port.name === name)!.received_frames;

  await bed.gateway.ip("link delete r1");
  await lvrm.until(() => lvrm.log.includes("r1 is closed"), "the port is closed");
  equal((await bed.s2.ping(bed.r2.link.host4, { count: 3 })).received, 3);

  const { host4, gateway4 } = addressesOf("r1");
  await ipBatch([
    `link add r1 netns ${bed.gateway.namespace} type veth ` +
    `peer name ${hostInterface} netns ${bed.r1.namespace}`,
  ]);
  await bed.r1.ipBatch([
    `link set ${hostInterface} up`,
    `address add ${host4}/24 dev ${hostInterface}`,
    `route add default via ${gateway4}`,
  ]);
  await bed.gateway.ipBatch(["link set r1 up", `address add ${gateway4}/24 dev r1`]);
  await lvrm.until(() => lvrm.log.includes("r1 is back"), "the port is back");
  ok((await bed.s1.ping(bed.r1.link.host4, { count: 5 })).received >= 4);
  const after = await lvrm.status();
  ok(count("r1", after) > count("r1", before), "its counters go on");
  const settled = await lvrm.atRest();
  equal(imbalance(settled), 0, JSON.stringify(settled.totals));
});
