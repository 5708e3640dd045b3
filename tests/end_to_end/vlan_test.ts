/** Ports with a VLAN tag, by raw tagged frames: this needs no VLAN devices in the kernel. */
import { deepEqual, equal } from "node:assert/strict";
import {
  checksum,
  compileVr,
  countWith,
  ethernet,
  ip,
  mark,
  parse,
  Testbed,
  udpFrame,
} from "../testbed/mod.ts";

Deno.test("a tagged port takes its tag's frames only, and an untagged one gives them out", async () => {
  await using bed = await Testbed.create();
  const lvrm = await bed.startLvrm([
    ...["--vr", "0.0.0.0/0=cppvr", "--interface", "s1:100", "--interface", "r1"],
  ]);
  const to = await bed.gateway.mac("s1");
  const from = await bed.s1.mac();
  const source = bed.s1.link.host4;
  const destination = bed.r1.link.host4;
  for (const [vlan, times] of [[100, 1], [101, 0], [undefined, 0]] as const) {
    const data = mark();
    const options = { to, from, source, destination, data };
    const frame = udpFrame(vlan === undefined ? options : { ...options, vlan });
    const seen = await bed.r1.capture(() => bed.s1.sendFrames([frame]), { settle_ms: 500 });
    equal(countWith(seen, data), times, `tag ${vlan}`);
    for (const hex of seen.filter((it) => countWith([it], data) > 0)) {
      const { vlan: tag, ttl, to: next } = parse(hex);
      deepEqual([tag, ttl, next], [undefined, 63, await bed.r1.mac()]);
    }
  }
  const names = (await lvrm.status()).interfaces.map((it) => it.name);
  deepEqual(names.sort(), ["r1", "s1:100"]);
});

Deno.test("frames that leave by a tagged port bear its tag, beside the untagged port", async () => {
  const directory = await Deno.makeTempDir({ prefix: "lvrm-vr-" });
  try {
    const program = await compileVr("tests/vrs/mirror.c", directory);
    await using bed = await Testbed.create();
    await bed.startLvrm([
      ...["--vr", `0.0.0.0/0=${program}`],
      ...["--interface", "s1", "--interface", "s1:100", "--interface", "s1:4094"],
    ]);
    const to = await bed.gateway.mac("s1");
    const from = await bed.s1.mac();
    for (const vlan of [100, 4094, undefined]) {
      const data = mark();
      const echo = [8, 0, 0, 0, 0, 1, 0, 1, ...data];
      echo.splice(2, 2, checksum(echo) >> 8, checksum(echo) & 255);
      const packet = ip({
        ...{ source: bed.s1.link.host4, destination: "203.0.113.1", protocol: 1, payload: echo },
      });
      const frame = ethernet({ to, from, type: 0x0800, vlan, payload: packet });
      const seen = await bed.s1.capture(() => bed.s1.sendFrames([frame]));
      const [reply] = seen.filter((it) => countWith([it], data) > 0);
      const { vlan: tag, payload, to: back } = parse(reply!);
      deepEqual([tag, payload[0], back], [vlan, 0, from], `tag ${vlan}`);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("relay between a tagged and an untagged port adds and removes the tag", async () => {
  await using bed = await Testbed.create();
  await bed.startLvrm([
    ...["--vr", "0.0.0.0/0,::/0=cppvr --relay s1:100=r1"],
    ...["--interface", "s1:100", "--interface", "r1"],
  ]);
  const data = mark();
  const to = await bed.r1.mac();
  const from = await bed.s1.mac();
  const frame = ethernet({ to, from, type: 0x0800, vlan: 100, payload: ipPayload(data) });
  const seen = await bed.r1.capture(() => bed.s1.sendFrames([frame]), { promiscuous: true });
  const [came] = seen.filter((it) => countWith([it], data) > 0);
  equal(parse(came!).vlan, undefined);
  const back = ethernet({ to: from, from: to, type: 0x0800, payload: ipPayload(data) });
  const returned = await bed.s1.capture(() => bed.r1.sendFrames([back]), { promiscuous: true });
  const [home] = returned.filter((it) => countWith([it], data) > 0);
  equal(parse(home!).vlan, 100);
});

function ipPayload(data: number[]): number[] {
  const frame = udpFrame({
    ...{ to: "02:00:00:00:00:01", from: "02:00:00:00:00:02" },
    ...{ source: "10.0.1.2", destination: "10.0.11.2", data },
  });
  return frame.slice(28).match(/../g)!.map((byte) => parseInt(byte, 16));
}
