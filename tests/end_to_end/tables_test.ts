/** Each VR by its own routes: a routing table of the kernel's, or static ones. */
import { ok } from "node:assert/strict";
import { addressesOf, eventually, type Host, hostInterface, Testbed } from "../testbed/mod.ts";

const target = "198.51.100.7";
const target6 = "2001:db8:7::7";

/** Both receivers answer for the same addresses: who gets a frame shows its next hop. */
async function receivers(bed: Testbed): Promise<void> {
  for (const host of [bed.r1, bed.r2]) {
    await host.ip(`address add ${target}/32 dev ${hostInterface}`);
    await host.ip(`address add ${target6}/128 dev ${hostInterface} nodad`);
  }
}

const hex: Record<string, string> = {
  [target]: "c6336407",
  [target6]: "20010db8000700000000000000000007",
};

/** Waits until pings from this sender arrive at this receiver and at no other, and are answered. */
async function goesBy(bed: Testbed, from: Host, by: Host, destination = target): Promise<void> {
  const other = by === bed.r1 ? bed.r2 : bed.r1;
  let seen = "";
  try {
    await eventually(async () => {
      let answers = 0;
      let strays: string[] = [];
      const caught = await by.capture(async () => {
        strays = await other.capture(async () => {
          answers = (await from.ping(destination, { count: 2, timeout_ms: 1000 })).received;
        });
      });
      const [here, there] = [caught, strays].map((frames) =>
        frames.filter((frame) => frame.includes(hex[destination]!)).length
      );
      seen = `${answers} answers, ${here} frames at ${by.name}, ${there} at ${other.name}`;
      return answers === 2 && here! >= 2 && there === 0;
    }, `${from.name} reaches ${destination} by ${by.name}`);
  } catch (error) {
    throw new Error(seen, { cause: error });
  }
}

async function configured(bed: Testbed, text: string): Promise<AsyncDisposable> {
  const path = await Deno.makeTempFile({ suffix: ".yaml" });
  await Deno.writeTextFile(path, text);
  try {
    return await bed.startLvrm(["--config", path]);
  } finally {
    await Deno.remove(path);
  }
}

const { s1, s2, r1, r2 } = Object.fromEntries(
  (["s1", "s2", "r1", "r2"] as const).map((name) => [name, addressesOf(name)]),
) as Record<"s1" | "s2" | "r1" | "r2", ReturnType<typeof addressesOf>>;

/** Routes back to the senders, which a table of its own lacks. */
const back = (table: number) => [
  `route add ${s1.subnet4} dev s1 table ${table}`,
  `route add ${s2.subnet4} dev s2 table ${table}`,
  `-6 route add ${s1.subnet6} dev s1 table ${table}`,
  `-6 route add ${s2.subnet6} dev s2 table ${table}`,
];

Deno.test("two VRs with two routing tables take different next hops, and follow them", async () => {
  await using bed = await Testbed.create();
  await receivers(bed);
  const { gateway } = bed;
  for (const line of [...back(101), ...back(102)]) await gateway.ip(line);
  await gateway.ip(`route add ${target} via ${r1.host4} table 101`);
  await gateway.ip(`route add ${target} via ${r2.host4} table 102`);
  await gateway.ip(`-6 route add ${target6} via ${r1.host6} table 101`);
  await gateway.ip(`-6 route add ${target6} via ${r2.host6} table 102`);
  await gateway.ip(`route add blackhole ${target}`);
  await using _ = await configured(
    bed,
    `
vrs:
  - {name: one, subnets: [${s1.subnet4}, "${s1.subnet6}"], router: cppvr, table: 101}
  - {name: two, subnets: [${s2.subnet4}, "${s2.subnet6}"], router: cppvr, table: 102}
  - name: replies
    subnets: [0.0.0.0/0, "::/0"]
    router: cppvr
`,
  );
  await goesBy(bed, bed.s1, bed.r1);
  await goesBy(bed, bed.s2, bed.r2);
  await goesBy(bed, bed.s1, bed.r1, target6);
  await goesBy(bed, bed.s2, bed.r2, target6);
  await gateway.ip(`route replace ${target} via ${r2.host4} table 101`);
  await gateway.ip(`route replace ${target} via ${r1.host4} table 102`);
  await goesBy(bed, bed.s1, bed.r2);
  await goesBy(bed, bed.s2, bed.r1);
  await gateway.ip(`route del ${target} table 101`);
  await eventually(async () => {
    const { errors } = await bed.s1.ping(target, { count: 1, timeout_ms: 1000 });
    return errors.some((error) => error.type === 3 && error.code === 0);
  }, "no route in its table: network unreachable, whatever the main table says");
  await goesBy(bed, bed.s2, bed.r1);
});

Deno.test("a VR with static routes ignores the kernel's, another one doesn't", async () => {
  await using bed = await Testbed.create();
  await receivers(bed);
  await bed.gateway.ip(`route add ${target} via ${r2.host4}`);
  await using _ = await configured(
    bed,
    `
vrs:
  - subnets: [${s1.subnet4}, "${s1.subnet6}"]
    router: cppvr
    routes:
      - ${target}/32 via ${r1.host4} dev r1
      - "2001:db8::/32 via ${r1.host6} dev r1"
  - subnets: [0.0.0.0/0, "::/0"]
    router: cppvr
`,
  );
  await goesBy(bed, bed.s1, bed.r1);
  await goesBy(bed, bed.s1, bed.r1, target6);
  await goesBy(bed, bed.s2, bed.r2);
  await bed.gateway.ip(`route replace ${target} via ${r1.host4}`);
  await goesBy(bed, bed.s2, bed.r1);
  ok(
    (await bed.s1.ping(r1.host4, { count: 1, timeout_ms: 1000 })).received === 0,
    "no route there",
  );
});
