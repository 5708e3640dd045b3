/**
 * `make demo`: the paper's testbed (Figure 3) in network namespaces of its own, `dist/lvrm` in the
 * gateway, real traffic between each sender and its receiver, and a VRI killed on the way. Says
 * step by step what it does, and at the end what each VR and VRI carried. Ctrl-C at any time ends
 * it and leaves nothing behind; what a SIGKILL leaves is swept up by the next run.
 */
import { type Host, type Lvrm, type Status, subnetsOf, Testbed } from "../../tests/testbed/mod.ts";
import { carried, picture } from "./table.ts";

const executable = new URL("../../dist/lvrm", import.meta.url).pathname;
const began = performance.now();

function say(text: string): void {
  const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(5);
  console.log(`[${seconds} s] ${text}`);
}

/** A step that didn't do what lvrm promises. */
class DemoFailure extends Error {}

function expect(condition: boolean, what: string): void {
  if (!condition) throw new DemoFailure(what);
}

async function pings(source: Host, target: Host): Promise<void> {
  for (const address of [target.link.host4, target.link.host6]) {
    const count = 20;
    const { received, rtt_us } = await source.ping(address, { count, interval_ms: 10 });
    const median = [...rtt_us].sort((a, b) => a - b)[rtt_us.length >> 1] ?? NaN;
    const where = `${source.name} -> ${target.name} (${address})`;
    say(`ping ${where}: ${received} of ${count} answered, median ${median.toFixed(0)} us`);
    expect(received === count, `ping ${where} lost ${count - received} of ${count}`);
  }
}

async function transfer(source: Host, target: Host, address: string): Promise<void> {
  const bytes = 32_000_000;
  const result = await source.transfer(address, { up_bytes: bytes, down_bytes: bytes });
  const where = `${source.name} <-> ${target.name} (${address})`;
  const gigabits = (bytes * 2 * 8 / result.seconds / 1e9).toFixed(2);
  say(`TCP  ${where}: 32 MB each way in ${result.seconds.toFixed(2)} s, ${gigabits} Gbit/s`);
  const equal = result.up_bytes === bytes && result.down_bytes === bytes;
  expect(equal, `TCP ${where}: contents differ`);
}

const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);

/** Kills vr1's VRI in the middle of a paced transfer, which has to complete all the same. */
async function killOne(bed: Testbed, lvrm: Lvrm): Promise<void> {
  const vris = (await lvrm.status()).vrs[0]!.vris;
  const before = vris.find((vri) => vri.state === "running")!;
  const bytes = 12_000_000;
  const moving = bed.s1.transfer(bed.r1.link.host4, {
    up_bytes: bytes,
    down_bytes: bytes,
    rate_bps: 50_000_000,
  });
  await new Promise((resolve) => setTimeout(resolve, 600));
  Deno.kill(before.pid!, "SIGKILL");
  const killed = performance.now();
  say(`kill -9 ${before.pid}: that was vr1's VRI ${before.id}, in the middle of a transfer`);
  const replaced = (status: Status): boolean =>
    status.vrs[0]!.vris.some((vri) => vri.state === "running" && vri.pid !== before.pid);
  const status = await lvrm.until(replaced, "a new VRI of vr1");
  const after = status.vrs[0]!.vris.find((vri) => vri.state === "running")!;
  const waited = (performance.now() - killed).toFixed(0);
  const waiting = vris.some((vri) => vri.state === "standby" && vri.pid === after.pid);
  const successor = waiting ? `its standby (pid ${after.pid})` : `a new process (pid ${after.pid})`;
  say(`${successor} is ${after.id} now; seen after ${waited} ms`);
  const result = await moving;
  const equal = result.up_bytes === bytes && result.down_bytes === bytes;
  expect(equal, "the transfer over the killed VRI: contents differ");
  say(`TCP  s1 <-> r1: that transfer went on and ended, 12 MB each way, contents equal`);
}

async function run(bed: Testbed): Promise<void> {
  console.log(picture(bed));
  const arguments_ = [
    ...["--vr", `${subnetsOf("s1", "r1")}=cppvr`],
    ...["--vr", `${subnetsOf("s2", "r2")}=cppvr`],
  ];
  say("forwarding in the gateway's kernel is off; starting in the gateway:");
  for (const at of [0, 2]) {
    const [option, value] = arguments_.slice(at, at + 2);
    console.log(`          ${at === 0 ? "dist/lvrm " : "          "}${option} ${value}`);
  }
  const lvrm = await bed.startLvrm(arguments_);
  const ready = await lvrm.status();
  const vris = ready.vrs.flatMap((vr) => vr.vris).filter((vri) => vri.state === "running")
    .map((vri) => `${vri.id} (pid ${vri.pid})`);
  say(
    `lvrm (pid ${lvrm.pid}) serves ${ready.interfaces.length} interfaces; VRIs ${vris.join(", ")}`,
  );
  await bed.r1.serve();
  await bed.r2.serve();
  await pings(bed.s1, bed.r1);
  await pings(bed.s2, bed.r2);
  for (const [source, target] of [[bed.s1, bed.r1], [bed.s2, bed.r2]] as const) {
    await transfer(source, target, target.link.host4);
    await transfer(source, target, target.link.host6);
  }
  await killOne(bed, lvrm);
  const status = await lvrm.until((it) => it.totals.in_flight_frames === 0, "nothing in flight");
  const stopped = await lvrm.stop("SIGTERM");
  expect(stopped.code === 0, `lvrm ended with exit code ${stopped.code}`);
  const left = await lvrm.leftovers();
  expect(left.length === 0, `lvrm left behind: ${left.join(", ")}`);
  say("SIGTERM: lvrm stopped its VRIs and ended with 0; no process, segment or rule is left");
  console.log(`\n${carried(status)}`);
  const { totals } = status;
  const told = totals.sent_frames + totals.dropped_frames + totals.kept_by_kernel_frames;
  console.log(
    `received ${totals.received_frames} + originated ${totals.originated_frames} + replicated ` +
      `${totals.replicated_frames} = sent ${totals.sent_frames} + dropped ` +
      `${totals.dropped_frames} + kept by the kernel ${totals.kept_by_kernel_frames}`,
  );
  const came = totals.received_frames + totals.originated_frames + totals.replicated_frames;
  expect(came === told, `${came} frames came, but ${told} are accounted for`);
  expect(sum(status.vrs.map((vr) => vr.sent_frames)) > 0, "no frame went through a VR");
}

/** Set by a signal, and at the end: steps that fail from now on are no news. */
let leaving = false;

function interruption(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      Deno.addSignalListener(signal, () => {
        leaving = true;
        resolve(signal);
      });
    }
  });
}

async function main(): Promise<number> {
  if (Deno.uid() !== 0) {
    console.error("demo: network namespaces need root; run `sudo make demo`");
    return 4;
  }
  Deno.env.set("LVRM_TEST_EXECUTABLE", executable);
  const interrupted = interruption();
  addEventListener("unhandledrejection", (event) => {
    if (leaving) event.preventDefault();
  });
  const making = Testbed.create();
  let code = 1;
  let bed: Testbed | undefined;
  try {
    bed = await making;
    const signal = await Promise.race([run(bed), interrupted]);
    code = signal === undefined ? 0 : 130;
    if (signal !== undefined) say(`${signal}: cleaning up`);
  } catch (error) {
    // A terminal's Ctrl-C reaches the testbed's processes too, and then its steps fail first.
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (leaving) code = 130;
    else console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  }
  leaving = true;
  await bed?.[Symbol.asyncDispose]().catch((error) => {
    console.error(`demo: cleaning up: ${error}`);
    code ||= 1;
  });
  if (code === 0) say("removed the namespaces; nothing is left behind");
  return code;
}

Deno.exit(await main());
