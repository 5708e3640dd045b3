/** What `--adapter memory:…` and `pcap:…` mean, and what they refuse. */
import { deepEqual, equal, match, throws } from "node:assert/strict";
import { formatPrefix } from "../netlink/mod.ts";
import { type MemorySource, parseSource, type PcapSource } from "./source.ts";
import { BadValue } from "./values.ts";

const memory = (text: string) => parseSource(text) as MemorySource;
const pcap = (text: string) => parseSource(text) as PcapSource;

Deno.test("other adapters are no sources", () => {
  for (const name of ["auto", "raw", "memory2", "", "x:memory"]) equal(parseSource(name), null);
});

Deno.test("memory: everything has a default, files take the place of generated frames", () => {
  const plain = memory("memory");
  deepEqual([plain.files, plain.count, plain.rate_fps, plain.mtu], [[], 0, 0, 1500]);
  deepEqual([memory("memory:count=5").text, pcap("pcap:a,b").text], ["memory:count=5", "pcap:a,b"]);
  deepEqual([plain.ports, plain.window_frames, plain.macs], [null, null, [null]]);
  deepEqual([plain.generated!.sizes_bytes, plain.generated!.flows], [[84], 1000]);
  equal(plain.generated!.subnets, null);
  const files = memory("memory:a b.pcap,./count=1,rate=1.5Mfps");
  deepEqual([files.files, files.generated], [["a b.pcap", "./count=1"], null]);
  equal(files.rate_fps, 1_500_000);
});

Deno.test("memory: all options", () => {
  const all = memory(
    "memory:sizes=84/1538/9038,flows=10k,subnets=10.0.1.0/24;fd00:1::/64+10.0.2.0/24," +
      "to=16.0.0.0/8+2001:2::/48,count=100M,rate=360kfps,window=1,ports=3,mtu=9000," +
      "mac=02:00:00:00:00:09/any",
  );
  deepEqual(all.generated!.sizes_bytes, [84, 1538, 9038]);
  deepEqual(all.generated!.subnets!.map(formatPrefix), [
    "10.0.1.0/24",
    "fd00:1::/64",
    "10.0.2.0/24",
  ]);
  deepEqual(all.generated!.destinations.map(formatPrefix), ["16.0.0.0/8", "2001:2::/48"]);
  deepEqual([all.generated!.flows, all.count, all.rate_fps], [10_000, 100_000_000, 360_000]);
  deepEqual([all.window_frames, all.ports, all.mtu], [1, 3, 9000]);
  deepEqual(all.macs, [new Uint8Array([2, 0, 0, 0, 0, 9]), null]);
});

Deno.test("pcap: inputs, then the output, and how fast", () => {
  const two = pcap("pcap:in.pcapng,out.pcap");
  deepEqual([two.files, two.output], [["in.pcapng"], "out.pcap"]);
  deepEqual([two.speed_permille, two.nanoseconds], [0, true]);
  const more = pcap("pcap:a,b,speed=0.5,c,time=us");
  deepEqual([more.files, more.output], [["a", "b"], "c"]);
  deepEqual([more.speed_permille, more.nanoseconds], [500, false]);
  equal(pcap("pcap:a,b,speed=max").speed_permille, 0);
});

Deno.test("what makes no sense is refused with what would", () => {
  const refused: [string, RegExp][] = [
    ["memory:sizes=83", /sizes=83.*84 to 65535/],
    ["memory:sizes=1539", /MTU of 1500.*mtu=1501/],
    ["memory:sizes=", /sizes has no value/],
    ["memory:size=84", /no option size; known: sizes, flows/],
    ["memory:flows=0", /flows=0.*1 to 1000000/],
    ["memory:count=-1", /count=-1.*100M/],
    ["memory:count=1.5Mfps", /count=1\.5Mfps/],
    ["memory:rate=9G", /rate=9G.*360kfps/],
    ["memory:rate=fast", /rate=fast/],
    ["memory:window=4033", /window=4033.*1 to 4032/],
    ["memory:ports=65", /ports=65.*1 to 64/],
    ["memory:mtu=1279", /mtu=1279.*1280/],
    ["memory:mac=01:00:00:00:00:00", /unicast/],
    ["memory:mac=02:00", /unicast/],
    ["memory:subnets=10.0.1.1/24", /10\.0\.1\.0\/24/],
    ["memory:a.pcap,sizes=84", /sizes is for generated frames/],
    ["memory:count=1,count=2", /count is there twice/],
    ["memory:a,,b", /comma too many/],
    ["pcap", /in\.pcapng,out\.pcapng/],
    ["pcap:only", /in\.pcapng,out\.pcapng/],
    ["pcap:a,b,rate=1", /no option rate; known: speed, time/],
    ["pcap:a,b,speed=0", /speed=0.*max/],
    ["pcap:a,b,time=ms", /ns nor us/],
  ];
  for (const [text, expected] of refused) {
    throws(() => parseSource(text), (error) => {
      match((error as Error).message, expected, text);
      return error instanceof BadValue;
    });
  }
});
