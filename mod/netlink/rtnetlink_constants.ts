/** Numbers of rtnetlink that lvrm uses (`linux/{rtnetlink,neighbour,netconf}.h`). */

/** Message types. */
export const Rtm = {
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
  NEWROUTE: 24,
  DELROUTE: 25,
  GETROUTE: 26,
  NEWNEIGH: 28,
  DELNEIGH: 29,
  GETNEIGH: 30,
  NEWNETCONF: 80,
  DELNETCONF: 81,
  GETNETCONF: 82,
  NEWNEXTHOP: 104,
  DELNEXTHOP: 105,
  GETNEXTHOP: 106,
} as const;

/** Address families of the kernel. */
export const Af = { UNSPEC: 0, INET: 2, INET6: 10 } as const;

/** Multicast groups by number. */
export const RtnlGroup = {
  LINK: 1,
  NEIGH: 3,
  IPV4_IFADDR: 5,
  IPV4_ROUTE: 7,
  IPV6_IFADDR: 9,
  IPV6_ROUTE: 11,
  IPV4_NETCONF: 24,
  IPV6_NETCONF: 25,
  NEXTHOP: 32,
} as const;

/** Types of a route (rtm_type). */
export const Rtn = {
  UNICAST: 1,
  LOCAL: 2,
  BROADCAST: 3,
  ANYCAST: 4,
  MULTICAST: 5,
  BLACKHOLE: 6,
  UNREACHABLE: 7,
  PROHIBIT: 8,
  THROW: 9,
} as const;

/** States of a neighbour. */
export const Nud = {
  INCOMPLETE: 0x01,
  REACHABLE: 0x02,
  STALE: 0x04,
  DELAY: 0x08,
  PROBE: 0x10,
  FAILED: 0x20,
  NOARP: 0x40,
  PERMANENT: 0x80,
} as const;

/** Flags of interfaces, next hops, routes and neighbours that lvrm looks at. */
export const Flag = {
  IFF_UP: 0x1,
  IFF_LOWER_UP: 0x10000,
  RTNH_F_DEAD: 0x1,
  RTNH_F_LINKDOWN: 0x10,
  RTM_F_CLONED: 0x200,
  NTF_USE: 0x01,
  NTF_PROXY: 0x08,
} as const;
