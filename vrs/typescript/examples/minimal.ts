/**
 * The twin of `vrs/example/minimal.c`: between two ports, with one host or router on each. What
 * comes in by one port goes out by the other, to the neighbour there. It has no routes, makes no
 * ICMP errors and leaves the time to live alone.
 *
 *     lvrm --interface eth1 --interface eth2 --vr '10.0.1.0/24=deno run -A minimal.ts'
 */
import { Drop, type Frame, serve, VirtualRouter, type VrEvent } from "../mod.ts";

interface Side {
  readonly port: number;
  /** The neighbour's MAC and our own, as a frame begins with them; null: nobody is known there. */
  macs: Uint8Array | null;
  readonly mac: Uint8Array;
}

class Minimal extends VirtualRouter {
  /** The first two ports that lvrm tells of are ours; a removed one makes room again. */
  readonly #sides: (Side | null)[] = [null, null];

  protected override onEvent(event: VrEvent): void {
    if (event.is === "link") {
      let at = this.#sides.findIndex((it) => it?.port === event.port);
      if (at < 0) at = this.#sides.indexOf(null);
      const side = { port: event.port, macs: null, mac: event.mac };
      if (at >= 0) this.#sides[at] = event.removed ? null : side;
    }
    if (event.is === "neighbour" && event.mac !== null) {
      const side = this.#sides.find((it) => it?.port === event.port);
      if (side) side.macs = new Uint8Array([...event.mac, ...side.mac]);
    }
  }

  /** Every frame goes back: with its output port, or with the reason why not. */
  protected override forward(frame: Frame): void {
    const [first, second] = this.#sides;
    const port = frame.inputPort;
    if (port !== first?.port && port !== second?.port) return frame.drop(Drop.policy);
    const output = port === first?.port ? second : first;
    if (!output) return frame.drop(Drop.no_output_port);
    if (output.macs === null) return frame.drop(Drop.no_neighbour);
    frame.set(0, output.macs);
    frame.send(output.port);
  }
}

await serve(() => new Minimal());
