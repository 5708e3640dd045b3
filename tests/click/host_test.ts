/** FromHost and ToHost: in a namespace the host talks to an address of a Click router's. */
import assert from "node:assert/strict";
import { join } from "node:path";

const program = join(import.meta.dirname!, "../../zig-out/bin/lvrm-click");
const mine = "10.99.0.2", ether = "02:00:00:00:00:02";
const config = `
from :: FromHost(clk0, 10.99.0.1/24, ETHER 02:00:00:00:00:01, MTU 1400);
to :: ToHost(clk0);
from -> c :: Classifier(12/0806 20/0001, 12/0800, -);
c[0] -> ARPResponder(${mine} ${ether}) -> to;
c[1] -> Strip(14) -> CheckIPHeader -> udp :: IPClassifier(udp port 7, -)
  -> IPMirror -> EtherEncap(0x0800, ${ether}, 02:00:00:00:00:01) -> to;
c[2], udp[1] -> Discard;
Script(wait 5s, stop);
`;

const isRoot = Deno.uid() === 0;

Deno.test({
  name: "click: the host reaches a router by FromHost and ToHost",
  ignore: !isRoot,
  fn: async () => {
    const file = await Deno.makeTempFile({ suffix: ".click" });
    try {
      await Deno.writeTextFile(file, config);
      const script = `"$0" "$1" -h from.count -h to.count & p=$!
        for i in 1 2 3 4 5 6 7 8 9 10; do [ -e /sys/class/net/clk0 ] && break; sleep 0.2; done
        exec 3<>/dev/udp/${mine}/7; echo hello >&3
        read -t 3 -n 1 answer <&3; echo "answer: $answer"
        grep -c clk0 /proc/net/dev; kill -TERM $p; wait $p`;
      const { stdout, stderr } = await new Deno.Command("unshare", {
        args: ["--net", "bash", "-c", script, program, file],
        stdout: "piped",
        stderr: "piped",
      }).output();
      const text = new TextDecoder().decode(stdout);
      assert.match(text, /answer: h/, text + new TextDecoder().decode(stderr));
      assert.match(text, /^1$/m, "the device was there");
      assert.match(text, /to.count:\n2\n/, "an ARP reply and the echo");
    } finally {
      await Deno.remove(file);
    }
  },
});

Deno.test({
  name: "click: hotconfig keeps FromHost's device, and what it has",
  ignore: !isRoot,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const file = join(folder, "a.click"), next = join(folder, "b.click");
      await Deno.writeTextFile(next, config);
      await Deno.writeTextFile(
        file,
        `FromHost(clk0, 10.99.0.1/24, ETHER 02:00:00:00:00:01) -> Discard; Idle -> ToHost(clk0);
        Script(wait 0.5s, write hotconfig $(cat ${next}));`,
      );
      const script = `"$0" -R "$1" -h from.count & p=$!
        for i in 1 2 3 4 5 6 7 8 9 10; do [ -e /sys/class/net/clk0 ] && break; sleep 0.2; done
        a=$(cat /sys/class/net/clk0/ifindex); sleep 1; b=$(cat /sys/class/net/clk0/ifindex)
        exec 3<>/dev/udp/${mine}/7; echo hello >&3
        read -t 3 -n 1 answer <&3; echo "answer: $answer same: $((a == b))"
        kill -TERM $p; wait $p`;
      const { stdout, stderr } = await new Deno.Command("unshare", {
        args: ["--net", "bash", "-c", script, program, file],
        stdout: "piped",
        stderr: "piped",
      }).output();
      const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      assert.match(text, /answer: h same: 1/, text);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
