/** Commands and options of `lvrm`. */
import { Command } from "commander";
import { manifest, version } from "../../ffi/abi.gen.ts";
import { fetchStatus } from "../api/mod.ts";
import { type BenchOptions, benchRouters, experiments } from "../bench/mod.ts";
import { decideSettings, defaultSocket, socketPath } from "../config/mod.ts";
import type { Environment, RunOptions, Settings } from "../config/mod.ts";
import { virtualAdapters } from "../config/source.ts";
import { formatStatus } from "./table.ts";

/** What the commands do, and where their words go. */
export interface Actions {
  readonly run: (settings: Settings) => Promise<void>;
  readonly bench: (experiments: readonly string[], options: BenchOptions) => Promise<void>;
  readonly print: (text: string) => void;
  readonly environment: Environment;
  /** Shown in the help. */
  readonly cacheDirectory: string;
}

const collect = (value: string, earlier: string[] | undefined): string[] => [
  ...earlier ?? [],
  value,
];

const names = (all: readonly string[]) => all.join(", ");
const interfaceAdapters = manifest.adapters.filter((name) => !virtualAdapters.includes(name));

/** Where frames come from and go to. */
function addAdapterOptions(command: Command): Command {
  return command
    .option(
      "--adapter <NAME>",
      `socket adapter: auto, ${names(interfaceAdapters)} on interfaces; memory:… and pcap:… ` +
        "without any, see below (LVRM_ADAPTER; default: auto)",
    )
    .option(
      "--zero-copy",
      "with --adapter memory: frames lie in the VRs' arenas beforehand (LVRM_ZERO_COPY=1)",
    );
}

function addRunOptions(command: Command): Command {
  return addAdapterOptions(command)
    .option(
      "--vr <SUBNET[,SUBNET…]=ROUTER>",
      "a virtual router and the sources it serves (repeatable; LVRM_VR: separated by newlines " +
        "or ;). ROUTER is split into words with quotes, without a shell: cppvr and its options, " +
        "or the path of any executable",
      collect,
    )
    .option(
      "--interface <IF[:VLAN]>",
      "an interface to serve, or a VLAN tag on it (repeatable; LVRM_INTERFACE: separated by " +
        "commas; default: every Ethernet interface that is up and has an address)",
      collect,
    )
    .option(
      "--queue <NAME>",
      `queue between lvrm and VRIs: ${names(manifest.queues)} (LVRM_QUEUE; default: ` +
        `${manifest.queues[0]})`,
    )
    .option(
      "--balancer <NAME>",
      `how frames are spread over a VR's instances: ${names(manifest.balancers)} ` +
        `(LVRM_BALANCER; default: ${manifest.balancers[0]})`,
    )
    .option(
      "--frames",
      "balance frame by frame, not flow by flow: even shares, but TCP suffers from reordering " +
        "(LVRM_FRAMES=1)",
    )
    .option(
      "--load-estimator <NAME>",
      `what the balancer goes by: ${names(manifest.load_estimators)} (LVRM_LOAD_ESTIMATOR; ` +
        `default: ${manifest.load_estimators[0]})`,
    )
    .option(
      "--load-weight <W>",
      "weight of a new observation of the load, 0.004 to 1 (LVRM_LOAD_WEIGHT; default: 0.125)",
    )
    .option("--vris <N>", "instances (VRIs) of each virtual router (LVRM_VRIS; default: 1)")
    .option(
      "--cores <LIST>",
      "cores to use, for example 0-1,3: the first for the dispatcher, the others for VRIs in " +
        "turn (LVRM_CORES; default: all that lvrm may use)",
    )
    .option(
      "--busy-poll",
      "lvrm and VRIs never sleep: their cores show as fully busy (LVRM_BUSY_POLL=1)",
    )
    .option(
      "--idle-spins <N>",
      "how often an idle dispatcher or VRI looks again, at most, before it yields its core " +
        "(LVRM_IDLE_SPINS; default: 300 on a core of its own, 20 on a shared one)",
    )
    .option(
      "--idle-yields <N>",
      "how often it yields before it sleeps (LVRM_IDLE_YIELDS; default: 400 or 20)",
    )
    .option("--socket <PATH>", `control socket (LVRM_SOCKET; default: ${defaultSocket})`)
    .option("--log-format <FORMAT>", "text or json, on stderr (LVRM_LOG_FORMAT; default: text)")
    .option(
      "--log-level <LEVEL>",
      "debug, info, warning or error (LVRM_LOG_LEVEL; default: info)",
    );
}

function footer(cacheDirectory: string): string {
  return `
Examples:
  lvrm --vr 10.0.1.0/24=cppvr --vr 10.0.2.0/24=cppvr
  lvrm --vr 0.0.0.0/0,::/0=cppvr --interface eth0 --interface eth1:100
  lvrm --vr '10.0.3.0/24=./my-vr --its-option "two words"' --vris 2 --cores 0-3
  lvrm --vr '0.0.0.0/0,::/0=cppvr --relay eth0=eth1'
  lvrm status --json

Without interfaces and without privileges (ports mem0, mem1, … or pcap0, pcap1, …):
  --adapter memory:FILE[,FILE…][,OPTION…]       replay captures, round and round
  --adapter memory[:OPTION…]                    replay generated frames
  --adapter pcap:IN[,IN…],OUT[,OPTION…]         from capture files into one, once
memory: count=N frames, then the end (100M); rate=N per second (360kfps; default: as
  fast as they are taken); window=N on their way at most; and, generated:
  sizes=84/1538 bytes on the wire, flows=N, subnets=10.0.1.0/24+10.0.2.0/24 sources
  (default: the VRs'), to=198.18.0.0/15 destinations
pcap: speed=1 with the captured timing, 10 ten times as fast, max (default); time=us|ns
both: ports=N, mtu=N, mac=any|MAC[/MAC…] of each port (any: all unicast frames are for it)
  lvrm --adapter memory:sizes=84/1538,flows=1000,count=1M --vr 10.0.1.0/24=cppvr
  lvrm --adapter pcap:in.pcapng,out.pcapng --vr '0.0.0.0/0=cppvr --relay pcap0=pcap1'

Exit codes: 0 ended as asked, 1 failed while running, 2 usage, 3 configuration,
4 the host can't (permission, interface, kernel feature).

The packed executable unpacks its files once into ${cacheDirectory}
(LVRM_CACHE moves it).`;
}

/** The commander program; parsing errors are thrown as CommanderError. */
export function makeProgram(actions: Actions): Command {
  const program = new Command("lvrm");
  const run = async (options: RunOptions) => {
    await actions.run(decideSettings(options, actions.environment));
  };
  addRunOptions(program)
    .description("One gateway, many virtual routers, each in processes of its own.")
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: actions.print, writeErr: () => {} })
    .addHelpText("after", footer(actions.cacheDirectory))
    .version(version, "-V, --version", "print the version")
    .action(run);
  addRunOptions(program.command("run", { hidden: false }))
    .description("serve until SIGTERM or SIGINT (the default command)")
    .addHelpText("after", footer(actions.cacheDirectory))
    .action(run);
  program.command("status")
    .description("what a running lvrm does")
    .option("--json", "as JSON")
    .option("--socket <PATH>", `control socket (LVRM_SOCKET; default: ${defaultSocket})`)
    .action(async (options: { json?: boolean; socket?: string }) => {
      const status = await fetchStatus(socketPath(options.socket, actions.environment));
      const json = options.json === true;
      actions.print(json ? `${JSON.stringify(status, null, 2)}\n` : formatStatus(status));
    });
  program.command("bench")
    .description(
      "measure lvrm on this machine, without interfaces and without privileges: " +
        Object.entries(experiments).map(([name, { about }]) => `${name} (${about})`).join(", "),
    )
    .argument("<EXPERIMENT...>", "one or more of them")
    .option("--json <FILE>", "write the figures there too, as JSON")
    .option("--quick", "seconds instead of minutes: to see that it works, not to judge by")
    .option("--router <NAME>", `only this router: ${benchRouters.join(", ")}`)
    .option(
      "--queue <NAME>",
      `only this queue: ${manifest.queues.join(", ")} (1c: all, others: the default)`,
    )
    .option("--trace <FILE>", "replay the frames of a pcap or pcapng file (1c)")
    .option(
      "--zero-copy",
      "frames lie in the VR's arena beforehand, and only the first 62 bytes are written anew (1c)",
    )
    .option("--window <N>", "frames on their way at most (default: 2048)")
    .action((names: string[], options: BenchOptions) => actions.bench(names, options));
  program.command("version")
    .description("print the version")
    .action(() => actions.print(`lvrm ${version}\n`));
  return program;
}
