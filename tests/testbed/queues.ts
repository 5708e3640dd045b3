/** Links of the testbed with several queues. */
import { addressesOf, type HostName } from "./addresses.ts";
import { hostInterface } from "./host.ts";
import { ipBatch } from "./process.ts";
import type { Testbed } from "./testbed.ts";

/** Makes the link of a host anew, with queues. */
export async function remake(bed: Testbed, name: HostName, queues: number): Promise<void> {
  const { host4, gateway4, host6, gateway6 } = addressesOf(name);
  const many = `numrxqueues ${queues} numtxqueues ${queues}`;
  await bed.gateway.ip(`link delete ${name}`);
  await ipBatch([
    `link add ${name} netns ${bed.gateway.namespace} ${many} type veth ` +
    `peer name ${hostInterface} netns ${bed.host(name).namespace} ${many}`,
  ]);
  await bed.host(name).ipBatch([
    `link set ${hostInterface} up`,
    `address add ${host4}/24 dev ${hostInterface}`,
    `address add ${host6}/64 dev ${hostInterface} nodad`,
    `route add default via ${gateway4}`,
    `route add default via ${gateway6}`,
  ]);
  await bed.gateway.ipBatch([
    `link set ${name} up`,
    `address add ${gateway4}/24 dev ${name}`,
    `address add ${gateway6}/64 dev ${name} nodad`,
  ]);
}
