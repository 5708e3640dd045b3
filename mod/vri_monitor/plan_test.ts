import { deepEqual, equal, throws } from "node:assert/strict";
import { layout, VriState } from "../../ffi/abi.gen.ts";
import { parsePrefix } from "../netlink/mod.ts";
import { encodePlan, hasPort, noPorts, portSet, unite } from "./plan.ts";

Deno.test("encodePlan() lays a plan out as the dispatcher reads it", () => {
  const bytes = encodePlan({
    ports: [{ port: 0, promiscuous: false }, { port: 7, promiscuous: true }],
    vrs: [{ vr: 1, wants: 3, wantedPorts: portSet([7]), permittedPorts: portSet([0, 64, 254]) }],
    vris: [{ vri: 5, state: "draining", idle: { spins: 20, yields: 2 }, decidedNs: 9n, pid: 7 }],
    served: [{ prefix: parsePrefix("10.0.1.0/24")!, vr: 1 }],
    local: [parsePrefix("fd00::1/128")!],
  });
  const l = layout;
  const view = new DataView(bytes.buffer);
  const u32 = (at: number) => view.getUint32(at, true);
  deepEqual([0, 4, 8, 12, 16, 20].map(u32), [2, 1, 1, 1, 1, 0]);
  let at: number = l.PlanHeader.size + l.PlanPort.size;
  deepEqual([u32(at + l.PlanPort.port), u32(at + l.PlanPort.promiscuous)], [7, 1]);
  at += l.PlanPort.size;
  deepEqual([u32(at + l.PlanVr.vr), u32(at + l.PlanVr.wants)], [1, 3]);
  equal(view.getBigUint64(at + l.PlanVr.wanted_ports, true), 128n);
  equal(view.getBigUint64(at + l.PlanVr.permitted_ports, true), 1n);
  equal(view.getBigUint64(at + l.PlanVr.permitted_ports + 8, true), 1n);
  equal(view.getBigUint64(at + l.PlanVr.permitted_ports + 24, true), 1n << 62n);
  at += l.PlanVr.size;
  deepEqual([u32(at + l.PlanVri.vri), u32(at + l.PlanVri.state)], [5, VriState.draining]);
  deepEqual([u32(at + l.PlanVri.idle), u32(at + l.PlanVri.idle + 4)], [20, 2]);
  equal(view.getBigUint64(at + l.PlanVri.decided_ns, true), 9n);
  equal(view.getInt32(at + l.PlanVri.pid, true), 7);
  at += l.PlanVri.size;
  const address = [...bytes.subarray(at, at + 16)];
  deepEqual(address, [10, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const { family, length, vr } = l.PlanPrefix;
  deepEqual([bytes[at + family], bytes[at + length], u32(at + vr)], [4, 24, 1]);
  at += l.PlanPrefix.size;
  deepEqual([bytes[at], bytes[at + 15], bytes[at + family], bytes[at + length]], [0xfd, 1, 6, 128]);
  equal(at + l.PlanPrefix.size, bytes.length);
});

Deno.test("port sets hold every port number and refuse others", () => {
  const all = portSet(Array.from({ length: 255 }, (_, i) => i));
  for (let port = 0; port < 255; port++) {
    equal(hasPort(all, port), true);
    equal(hasPort(noPorts, port), false);
    equal(hasPort(unite(noPorts, portSet([port])), port), true);
  }
  throws(() => portSet([255]), RangeError);
});
