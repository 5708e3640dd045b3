/** The cases of `inspect_test.ts`; run in a network namespace of their own, as root. */
import assert from "node:assert/strict";
import { Core } from "../../ffi/core.ts";
import { MessageWriter, NetlinkSocket, Nlmsg, parsePrefix } from "../netlink/mod.ts";
import { runtimeDirectory } from "../runtime/mod.ts";
import { IngressTable } from "./mod.ts";
import { familyHeader, netfilterProtocol, Nfproto, Nft, nftType } from "./nftables.ts";

const core = Core.load(`${runtimeDirectory()}/lib/liblvrm.so`);
const socket = new NetlinkSocket(core.netlink, netfilterProtocol);
const table = new IngressTable(core.netlink, { pid: Deno.pid });

interface Chain {
  name: string;
  family: number;
  hook: number;
  type: string;
  policy: number;
  rule: boolean;
}

/** Makes a table with one base chain, as nft would. */
function make({ name, family, hook, type, policy, rule }: Chain): void {
  const writer = new MessageWriter();
  const first = socket.nextSequence();
  const batch = (kind: number, sequence: number) =>
    writer.begin(kind, Nlmsg.F_REQUEST, sequence).raw(familyHeader(0, 10)).finish();
  let last = first;
  const message = (kind: number, fill: (w: MessageWriter) => void) => {
    last = socket.nextSequence();
    const flags = Nlmsg.F_REQUEST | Nlmsg.F_ACK | Nlmsg.F_CREATE;
    writer.begin(nftType(kind), flags, last).raw(familyHeader(family));
    fill(writer);
    writer.finish();
  };
  batch(16, first);
  message(Nft.NEWTABLE, (w) => w.text(1, name).be32(2, 0));
  message(Nft.NEWCHAIN, (w) => {
    w.text(1, name).text(3, "c").nested(4, (h) => h.be32(1, hook).be32(2, 0));
    w.be32(5, policy).text(7, type);
  });
  if (rule) {
    const counter = (w: MessageWriter) => w.text(1, "counter").nested(2, () => {});
    message(Nft.NEWRULE, (w) => {
      w.text(1, name).text(2, "c").nested(4, (list) => list.nested(1, counter));
    });
  }
  batch(17, socket.nextSequence());
  socket.exchange(`Cannot make ${name}`, writer.datagram(), first, last);
}

const accept = 1;
const nft = () => table.bypassedChains().filter((chain) => chain.chain !== "");
assert.deepEqual(nft(), []);
const { IPV4, IPV6, INET } = Nfproto;
const chain = { name: "", family: IPV4, hook: 2, type: "filter", policy: accept, rule: true };
make({ ...chain, name: "empty", rule: false });
make({ ...chain, name: "input", hook: 1 });
assert.deepEqual(nft(), []);
make({ ...chain, name: "fw" });
make({ ...chain, name: "closed", family: INET, policy: 0, rule: false });
let natted = true;
try {
  make({ ...chain, name: "nat", family: IPV6, hook: 4, type: "nat" });
} catch {
  natted = false; // a kernel without NAT
}
const found = nft().map((c) => `${c.family} ${c.table} ${c.chain} ${c.hook}`).sort();
const wanted = ["inet closed c forward", "ip fw c forward"];
assert.deepEqual(found, natted ? [...wanted, "ip6 nat c postrouting"].sort() : wanted);

// Large sets, and the whole address space.
const ports = [{ interface: "lo", vlan: null, promiscuous: [] }];
const other = new IngressTable(core.netlink, { pid: Deno.pid + 1 });
const served = [];
for (let i = 0; i < 10_000; i++) served.push(parsePrefix(`10.${i >> 7}.${(i & 127) * 2}.0/24`)!);
for (let i = 0; i < 5000; i++) served.push(parsePrefix(`fd00:${(i * 2).toString(16)}::/32`)!);
const local = [parsePrefix("127.0.0.0/8")!];
table.apply({ ports, served, local });
assert.equal(other.foreignTables()[0]!.served.length, 15_000);
table.apply({ ports, served: served.slice(2), local });
assert.equal(other.foreignTables()[0]!.served.length, 14_998);
table.apply({ ports, served: [parsePrefix("0.0.0.0/0")!, parsePrefix("::/0")!], local });
const whole = other.foreignTables()[0]!.served;
assert.deepEqual(whole.map((r) => [r.family, r.first[0], r.last[0]]), [[4, 0, 255], [6, 0, 255]]);

// Another lvrm that ends while it is looked at: its table is not there any more.
const ending = new IngressTable(core.netlink, { pid: Deno.pid + 2 });
ending.apply({ ports, served, local });
let asked = 0;
const endsMeanwhile = {
  ...core.netlink,
  send(descriptor: number, message: Uint8Array<ArrayBuffer>): number {
    const type = new DataView(message.buffer).getUint16(4, true);
    if (type === nftType(Nft.GETSETELEM) && asked++ === 0) ending.close();
    return core.netlink.send(descriptor, message);
  },
};
const observer = new IngressTable(endsMeanwhile, { pid: Deno.pid + 3 });
const whoIsThere = () => observer.foreignTables().map((t) => t.name).sort();
table.apply({ ports, served: [], local });
assert.deepEqual(whoIsThere(), [`lvrm-${Deno.pid}`]);
assert.ok(asked > 0);

// The same process id in another container; and a table that goes with its socket.
const twin = new IngressTable(core.netlink, { pid: Deno.pid });
assert.deepEqual(twin.foreignTables().map((t) => t.name), [`lvrm-${Deno.pid}`]);
twin.apply({ ports, served: [], local });
assert.equal(twin.name, `lvrm-${Deno.pid}-2`);
assert.deepEqual(table.foreignTables().map((t) => [t.name, t.pid]), [[twin.name, Deno.pid]]);
table.close();
table.close();
assert.deepEqual(other.foreignTables().map((t) => t.name), [twin.name]);
twin.close();
assert.deepEqual(other.foreignTables(), []);
socket.close();
core.close();
console.log("all cases passed");
