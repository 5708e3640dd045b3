/** What PF_RING does otherwise than other adapters, with the stand-in for its library. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { eventually, Lvrm, run, subnetsOf, Testbed } from "../testbed/mod.ts";
import { compileStandIn } from "./pf_ring.ts";

async function withStandIn(use: (library: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "lvrm-pf-ring-" });
  try {
    await use(await compileStandIn(directory));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const words = ["--vr", `${subnetsOf("s1", "r1")}=cppvr`, "--adapter", "pf_ring"];

Deno.test("what stands in its way is told in one line, with what to do", async (t) => {
  await withStandIn(async (library) => {
    await using bed = await Testbed.create();
    const cases: [name: string, env: Record<string, string>, text: RegExp][] = [
      [
        "no library",
        { LVRM_PFRING_LIBRARY: "/nonexistent/libpfring.so" },
        /\/nonexistent\/libpfring\.so.*[Ii]nstall.*pfring.*LVRM_PFRING_LIBRARY/,
      ],
      [
        "another library",
        { LVRM_PFRING_LIBRARY: "libc.so.6" },
        /libc\.so\.6.*pfring_open.*PF_RING/,
      ],
      [
        "no module",
        { LVRM_PFRING_LIBRARY: library, LVRM_STAND_IN: "no_module" },
        /module pf_ring.*modprobe pf_ring.*pfring-dkms/,
      ],
      [
        "not permitted",
        { LVRM_PFRING_LIBRARY: library, LVRM_STAND_IN: "not_permitted" },
        /cannot open \w+: not permitted.*root.*CAP_NET_RAW/,
      ],
      [
        "a device that the module doesn't know",
        { LVRM_PFRING_LIBRARY: library, LVRM_STAND_IN: "no_device" },
        /no interface \w+ that the module knows.*ip link.*\/proc\/net\/pf_ring/,
      ],
      [
        "no room for one more",
        { LVRM_PFRING_LIBRARY: library, LVRM_STAND_IN: "no_room" },
        /cannot open \w+: NOMEM.*256 devices and 512 rings/,
      ],
    ];
    for (const [name, env, text] of cases) {
      await t.step(name, async () => {
        await using lvrm = await Lvrm.start(bed.gateway, words, { until: "started", env });
        const done = await lvrm.process.finish(30_000, name);
        equal(done.code, 4, done.stderr);
        match(done.stderr.trim(), text);
        equal(done.stderr.trim().split("\n").length, 1, done.stderr);
      });
    }
  });
});

Deno.test("the status shows the library's version, and a frame that comes alone isn't kept waiting", async () => {
  await withStandIn(async (library) => {
    await using bed = await Testbed.create();
    const lvrm = await bed.startLvrm(words, { env: { LVRM_PFRING_LIBRARY: library } });
    const { interfaces } = await lvrm.status();
    ok(interfaces.every((it) => it.adapter_info === "libpfring 8.9.0"), JSON.stringify(interfaces));
    match((await lvrm.command("status")).stdout, /pf_ring \(libpfring 8\.9\.0\)/);
    // The default watermark would keep the first of these until 128 had come.
    for (let i = 0; i < 5; i++) {
      const ping = await bed.s1.ping(bed.r1.link.host4, { count: 1, timeout_ms: 5000 });
      equal(ping.received, 1);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    // A ring that took one direction only would have wedged by now.
    const many = await bed.s1.ping(bed.r1.link.host4, { count: 1000, interval_ms: 0 });
    equal(many.received, 1000);
  });
});

/** What the tests call of the library, as Deno's FFI wants it. */
const symbols = {
  pfring_open: { parameters: ["buffer", "u32", "u32"], result: "pointer" },
  pfring_close: { parameters: ["pointer"], result: "void" },
  pfring_enable_ring: { parameters: ["pointer"], result: "i32" },
  pfring_recv: { parameters: ["pointer", "buffer", "u32", "buffer", "u8"], result: "i32" },
  pfring_recv_burst: { parameters: ["pointer", "buffer", "u8", "u8"], result: "i32" },
  pfring_send: { parameters: ["pointer", "buffer", "u32", "u8"], result: "i32" },
  pfring_poll: { parameters: ["pointer", "u32"], result: "i32" },
  pfring_set_direction: { parameters: ["pointer", "u32"], result: "i32" },
  pfring_set_socket_mode: { parameters: ["pointer", "u32"], result: "i32" },
  pfring_set_poll_watermark: { parameters: ["pointer", "u16"], result: "i32" },
  pfring_stats: { parameters: ["pointer", "buffer"], result: "i32" },
} as const;

type Library = Deno.DynamicLibrary<typeof symbols>;

/** A ring on the loopback device, where all that is sent comes back. */
class Ring implements Disposable {
  readonly #ring: Deno.PointerValue;
  readonly #calls: Library["symbols"];
  readonly header = new DataView(new ArrayBuffer(256));
  readonly #start = new BigUint64Array(1);

  constructor(library: Library, { caplen = 1536, flags = 0 } = {}) {
    this.#calls = library.symbols;
    this.#ring = this.#calls.pfring_open(new TextEncoder().encode("lo\0"), caplen, flags);
    ok(this.#ring !== null);
  }

  call(
    name: "enable_ring" | "set_direction" | "set_socket_mode" | "set_poll_watermark",
    value = 0,
  ) {
    if (name === "enable_ring") return this.#calls.pfring_enable_ring(this.#ring);
    return this.#calls[`pfring_${name}`](this.#ring, value);
  }

  send(bytes: number): void {
    const frame = new Uint8Array(bytes).fill(7);
    frame.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x88, 0xb5]);
    equal(this.#calls.pfring_send(this.#ring, frame, bytes, 1), bytes);
  }

  receive(): number {
    return this.#calls.pfring_recv(
      this.#ring,
      new Uint8Array(this.#start.buffer),
      0,
      this.header,
      0,
    );
  }

  burst(): number {
    return this.#calls.pfring_recv_burst(this.#ring, new Uint8Array(64), 1, 0);
  }

  /** A byte of the frame that was received last. */
  byte(at: number): number {
    const pointer = Deno.UnsafePointer.create(this.#start[0]!)!;
    return new Deno.UnsafePointerView(pointer).getUint8(at);
  }

  poll(ms: number): number {
    return this.#calls.pfring_poll(this.#ring, ms);
  }

  dropped(): number {
    const counts = new BigUint64Array(3);
    this.#calls.pfring_stats(this.#ring, new Uint8Array(counts.buffer));
    return Number(counts[1]);
  }

  [Symbol.dispose](): void {
    this.#calls.pfring_close(this.#ring);
  }
}

Deno.test("the stand-in fails as PF_RING does", async (t) => {
  await withStandIn(async (path) => {
    const bind = `import os, ctypes; ctypes.CDLL("${path}", mode=os.RTLD_NOW)`;
    match((await run("python3", ["-c", bind])).stderr, /undefined symbol: bpf_filter/);
    const library = Deno.dlopen(path, symbols);
    try {
      await t.step("before it is enabled, reentrant, in bursts", () => {
        using ring = new Ring(library);
        equal(ring.receive(), -12);
        equal(ring.call("set_socket_mode", 2), 0);
        equal(ring.call("enable_ring"), 0);
        equal(ring.call("set_socket_mode", 2), -1);
        equal(ring.burst(), -7);
        using reentrant = new Ring(library, { flags: 2 });
        reentrant.call("enable_ring");
        equal(reentrant.receive(), -2);
      });
      await t.step("watermark, length, direction, and how long a frame is there", async () => {
        using ring = new Ring(library, { caplen: 100 });
        using sender = new Ring(library);
        ring.call("enable_ring");
        sender.send(1000);
        equal(ring.poll(200), 0, "the default watermark is 128");
        ring.call("set_poll_watermark", 1);
        sender.send(60);
        ok(ring.poll(5000) > 0);
        // The loopback device shows each frame twice, as it leaves and as it comes; and others'.
        const seen: string[] = [];
        await eventually(() => {
          while (ring.receive() === 1) {
            if (ring.byte(12) !== 0x88 || ring.byte(50) !== 7) continue;
            const [caplen, length] = [16, 20].map((at) => ring.header.getUint32(at, true));
            seen.push(`${caplen} of ${length} from ${ring.header.getUint8(36)}`);
          }
          return seen.length === 4;
        }, "four frames");
        deepEqual(seen.toSorted(), [
          ...["100 of 1000 from 0", "100 of 1000 from 1"],
          ...["60 of 60 from 0", "60 of 60 from 1"],
        ]);
        equal(ring.byte(50), 0xdb, "wiped with the next receive");
      });
      await t.step("one direction only wedges it", async () => {
        using ring = new Ring(library);
        ring.call("set_direction", 1);
        ring.call("enable_ring");
        for (let i = 0; i < 600; i++) ring.send(60);
        await eventually(() => ring.dropped() >= 100, "what comes after 500 is dropped");
      });
    } finally {
      library.close();
    }
  });
});
