/** Numbers of the testbed's subnets. Host n of the paper's Figure 3 has one link to the gateway. */

/** The four hosts: senders s1 and s2, receivers r1 and r2. */
export const hostNames = ["s1", "s2", "r1", "r2"] as const;

/** Name of one of the four hosts. */
export type HostName = typeof hostNames[number];

/** Number of each host's subnets: 10.0.N.0/24 and fd00:N::/64. */
export const subnetNumbers: Record<HostName, number> = { s1: 1, s2: 2, r1: 11, r2: 12 };

/** Addresses of a host and of the gateway on their link. */
export interface LinkAddresses {
  subnet4: string;
  subnet6: string;
  host4: string;
  host6: string;
  gateway4: string;
  gateway6: string;
}

/** Addresses on the link of one host. */
export function addressesOf(name: HostName): LinkAddresses {
  const n = subnetNumbers[name];
  return {
    subnet4: `10.0.${n}.0/24`,
    subnet6: `fd00:${n}::/64`,
    host4: `10.0.${n}.2`,
    host6: `fd00:${n}::2`,
    gateway4: `10.0.${n}.1`,
    gateway6: `fd00:${n}::1`,
  };
}

/** The subnets of hosts, as the left side of a `--vr`. */
export function subnetsOf(...names: HostName[]): string {
  return names.flatMap((name) => [addressesOf(name).subnet4, addressesOf(name).subnet6]).join(",");
}
