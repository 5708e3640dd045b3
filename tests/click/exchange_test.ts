/** Two routers that exchange entries as the VRIs of one VR do (vrs/click/exchange.hh). */
import assert from "node:assert/strict";
import { join } from "node:path";

const program = join(import.meta.dirname!, "../../zig-out/bin/lvrm-click-pair");
const decoder = new TextDecoder();

/** What the handlers of both say when A has run, then B. */
async function run(a: string, b: string, handlers: string[], isLate = false) {
  const directory = await Deno.makeTempDir({ prefix: "lvrm-pair-" });
  try {
    await Deno.writeTextFile(join(directory, "a.click"), a);
    await Deno.writeTextFile(join(directory, "b.click"), b);
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args: [...(isLate ? ["--late"] : []), "a.click", "b.click", ...handlers],
      cwd: directory,
      stdin: "null",
    }).output();
    assert.equal(code, 0, decoder.decode(stderr));
    return { stdout: decoder.decode(stdout).trim(), stderr: decoder.decode(stderr).trim() };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const rewriter = `rw :: IPRewriter(pattern 1.0.0.1 5000-5999# - - 0 1, drop);
rw[0] -> IPPrint(out, TIMESTAMP false) -> Discard;
rw[1] -> CheckIPHeader -> CheckUDPHeader -> IPPrint(back, TIMESTAMP false) -> Discard;
Script(wait 1s, stop);`;
const outgoing = (source: string): string =>
  `${rewriter} InfiniteSource(abcd, 1) -> UDPIPEncap(${source}, 7, 2.0.0.2, 53) -> rw;
Idle -> [1]rw;`;
const reply = `${rewriter} InfiniteSource(abcd, 1) -> UDPIPEncap(2.0.0.2, 53, 1.0.0.1, 5000)
-> [1]rw; Idle -> rw;`;

Deno.test("click exchange: a reply finds its flow in the sibling", async () => {
  const { stdout, stderr } = await run(outgoing("10.0.0.1"), reply, ["a:rw.size", "b:rw.size"]);
  assert.equal(
    stderr,
    "out: 10.0.0.1.7 > 2.0.0.2.53: udp 12\n".replace("10.0.0.1.7", "1.0.0.1.5000") +
      "back: 2.0.0.2.53 > 10.0.0.1.7: udp 12",
  );
  assert.match(stdout, /^a:rw.size:\n1\n+b:rw.size:\n1$/);
});

Deno.test("click exchange: a sibling that starts later asks for what is known", async () => {
  const { stderr } = await run(outgoing("10.0.0.1"), reply, [], true);
  assert.match(stderr, /back: 2\.0\.0\.2\.53 > 10\.0\.0\.1\.7/);
});

Deno.test("click exchange: ports that a sibling took aren't taken again", async () => {
  const other = outgoing("10.0.0.2").replace("5000-5999#", "5000-5001#");
  const first = outgoing("10.0.0.1").replace("5000-5999#", "5000-5001#");
  const { stderr, stdout } = await run(first, other, ["a:rw.table", "b:rw.table"]);
  const ports = [...stderr.matchAll(/out: 1\.0\.0\.1\.(\d+)/g)].map(([, port]) => port);
  assert.equal(ports.length, 2);
  assert.notEqual(ports[0], ports[1]);
  const [a, b] = stdout.split(/^b:rw.table:$/m);
  const flows = (text: string) => [...text.matchAll(/^udp .* \[0 1\]/gm)].map(([it]) => it).sort();
  assert.equal(flows(a!).length, 2);
  assert.deepEqual(flows(a!), flows(b!));
});

Deno.test("click exchange: TCP sequence shifts go along", async () => {
  const common = `rw :: TCPRewriter(pattern 200.100.200.100 20000-20010# - - 0 1, drop);
ftp :: FTPPortMapper(rw, rw, 0) -> rw;
rw[0] -> CheckTCPHeader -> IPPrint(out, TIMESTAMP false) -> Discard;
rw[1] -> CheckTCPHeader -> IPPrint(in, TIMESTAMP false) -> Discard;
Idle -> [1]rw; Script(wait 3s, stop);
elementclass Send { $bytes, $at | RatedSource($bytes, 1, 1, false)
  -> IPEncap(tcp, 10.0.0.1, 2.0.0.2)
  -> SetTCPChecksum -> output }`;
  const a = `${common}
InfiniteSource(\\<04d20015 000003e7 00000000 5002ffff 00000000>, 1)
  -> IPEncap(tcp, 10.0.0.1, 2.0.0.2) -> SetTCPChecksum -> ftp;
TimedSource(1, \\<04d20015 000003e8 00000002 5018ffff 00000000>"PORT 10,0,0,1,4,1
", LIMIT 1) -> IPEncap(tcp, 10.0.0.1, 2.0.0.2) -> SetTCPChecksum -> ftp;`;
  const b = `${common}
InfiniteSource(\\<04d20015 000003fa 00000002 5018ffff 00000000>"QUIT
", 1) -> IPEncap(tcp, 10.0.0.1, 2.0.0.2) -> SetTCPChecksum -> ftp;`;
  const { stderr } = await run(a, b, []);
  // "10,0,0,1,4,1" (12) became "200,100,200,100,78,33" (21).
  assert.match(stderr, /out: 200\.100\.200\.100\.20000 > 2\.0\.0\.2\.21: P 1027:1032\(5,45,45\)/);
});

/** Sends to 1.0.0.2 by ARPQuerier `q`; what comes out is printed. */
const querier = (rest: string): string =>
  `q :: ARPQuerier(1.0.0.1, 0:0:0:0:0:1) -> Print(out, 12) -> Discard; ${rest}
Script(wait 1s, stop);`;
const asks = querier(
  `InfiniteSource(abcd, 1) -> UDPIPEncap(1.0.0.1, 7, 1.0.0.2, 7) -> q; Idle -> [1]q;`,
);
const hears = querier(`Idle -> q; InfiniteSource(
  \\<000000000001 000000000002 0806 0001080006040002 000000000002 01000002 000000000001 01000001>,
  1) -> [1]q;`);

Deno.test("click exchange: an answer to ARP is known to the sibling, and what waited there goes", async () => {
  const { stdout, stderr } = await run(hears, asks, ["a:q.table", "b:q.table", "b:q.length"]);
  assert.match(stdout, /a:q.table:\n1\.0\.0\.2 1 00-00-00-00-00-02 /);
  assert.match(stdout, /b:q.table:\n1\.0\.0\.2 1 00-00-00-00-00-02 /);
  assert.match(stderr, /out: +\d+ \| 00000000 00020000 00000001/);
  // The other way round: the packet waits when the news come.
  const later = await run(asks, hears, ["a:q.table", "a:q.length"]);
  assert.match(later.stdout, /a:q.table:\n1\.0\.0\.2 1 00-00-00-00-00-02 /);
  assert.match(later.stdout, /a:q.length:\n0/);
  assert.match(later.stderr, /out: +\d+ \| ffffffff ffff0000 00000001/, "it asked before");
  assert.match(later.stderr, /out: +\d+ \| 00000000 00020000 00000001/);
});

Deno.test("click exchange: a sibling that starts later knows the neighbours", async () => {
  const { stdout, stderr } = await run(hears, asks, ["b:q.table", "b:q.queries"], true);
  assert.match(stdout, /b:q.table:\n1\.0\.0\.2 1 00-00-00-00-00-02 /);
  assert.match(stdout, /b:q.queries:\n0/);
  assert.match(stderr, /out: +\d+ \| 00000000 00020000 00000001/);
});

Deno.test("click exchange: a shared ARPTable tells as well, and sends by its querier", async () => {
  const shared = (text: string): string =>
    `t :: ARPTable; ${text.replace("0:0:0:0:0:1)", "0:0:0:0:0:1, TABLE t)")}`;
  const { stdout, stderr } = await run(shared(asks), shared(hears), ["a:t.table", "b:t.table"]);
  assert.equal([...stdout.matchAll(/1\.0\.0\.2 1 00-00-00-00-00-02 /g)].length, 2);
  assert.match(stderr, /out: +\d+ \| 00000000 00020000 00000001/);
});
