/** Options of a run, as the help shows them. */
import type { Command } from "commander";
import { limits, manifest } from "../../ffi/abi.gen.ts";
import { idle } from "../config/sizes.ts";
import { allocators, defaultSocket, placements } from "../config/mod.ts";
import { virtualAdapters } from "../config/source.ts";

const collect = (value: string, earlier: string[] | undefined): string[] => [
  ...earlier ?? [],
  value,
];

const interfaceAdapters = manifest.adapters.filter((name) => !virtualAdapters.includes(name));

const names = (all: readonly string[]) => all.join(", ");

/** Who is served, where, and by which queues and balancer. */
function addDataOptions(command: Command): Command {
  return command
    .option(
      "--config <FILE>",
      "configuration file; flags and variables override it, and any --vr takes the place of all " +
        "its virtual routers (LVRM_CONFIG)",
    )
    .option(
      "--vr <SUBNET[,SUBNET…]=ROUTER>",
      "a virtual router and the sources it serves (repeatable; LVRM_VR: separated by newlines " +
        "or ;). ROUTER is split into words with quotes, without a shell: cppvr and its options, " +
        "clickvr:FILE and VAR=value, or the path of any executable",
      collect,
    )
    .option(
      "--interface <IF[:VLAN]>",
      "an interface to serve, or a VLAN tag on it (repeatable; LVRM_INTERFACE: separated by " +
        "commas; default: every Ethernet interface that is up and has an address)",
      collect,
    )
    .option(
      "--adapter <NAME>",
      `socket adapter: auto, ${names(interfaceAdapters)} on interfaces; memory:… and pcap:… ` +
        "without any, see below (LVRM_ADAPTER; default: auto)",
    )
    .option(
      "--zero-copy",
      "with --adapter memory: frames lie in the VRs' arenas beforehand; with af_xdp: a card's " +
        "driver may put all frames there, the gateway's own too (LVRM_ZERO_COPY=1)",
    )
    .option(
      "--dispatchers <N>",
      "threads that move frames between interfaces and VRIs, each on a core of its own; all " +
        `frames of a flow have one of them; 1 to ${limits.max_dispatchers} (LVRM_DISPATCHERS; ` +
        "default: 1)",
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
    );
}

/** Cores and how they are shared. */
function addCoreOptions(command: Command): Command {
  return command
    .option(
      "--allocator <NAME>",
      `who says how many cores a virtual router gets: ${names(allocators)} (LVRM_ALLOCATOR; ` +
        `default: ${allocators[0]})`,
    )
    .option(
      "--vris <N>",
      "just so many instances (VRIs) of each virtual router: --allocator fixed (LVRM_VRIS)",
    )
    .option(
      "--core-rate <RATE>",
      "frames per second that one core is good for, for dynamic: 60k (LVRM_CORE_RATE; default: " +
        "60k)",
    )
    .option("--min-cores <N>", "fewest cores of each virtual router (LVRM_MIN_CORES; default: 1)")
    .option(
      "--max-cores <N>",
      "most cores of each virtual router (LVRM_MAX_CORES; default: all there are)",
    )
    .option(
      "--standbys <N>",
      "ready instances that wait beside those that run, so that one more, or another in place of " +
        "one that died, takes microseconds; at most N, as far as there may be use for them " +
        "(LVRM_STANDBYS; default: 2)",
    )
    .option(
      "--placement <NAME>",
      `which cores instances run on, seen from lvrm's: ${names(placements)} (LVRM_PLACEMENT; ` +
        `default: ${placements[0]})`,
    )
    .option(
      "--period <TIME>",
      "between two decisions about cores: 50ms to 1min (LVRM_PERIOD; default: 1s)",
    )
    .option("--dry-run", "decide about cores, say so, and leave all as it is (LVRM_DRY_RUN=1)")
    .option(
      "--overcommit",
      "more instances than cores: VRs get all that they ask for, and share (LVRM_OVERCOMMIT=1)",
    )
    .option(
      "--cores <LIST>",
      "cores to use, for example 0-1,3: the first for the dispatcher, the others for VRIs in " +
        "turn (LVRM_CORES; default: all that lvrm may use)",
    );
}

/** What `lvrm` and `lvrm run` take. */
export function addRunOptions(command: Command): Command {
  return addCoreOptions(addDataOptions(command))
    .option(
      "--busy-poll",
      "lvrm and VRIs never sleep: their cores show as fully busy (LVRM_BUSY_POLL=1)",
    )
    .option(
      "--idle-spins <N>",
      "how often an idle dispatcher or VRI looks again, at most, before it yields its core " +
        `(LVRM_IDLE_SPINS; default: ${idle.own.spins} on a core of its own, ` +
        `${idle.shared.spins} on a shared one)`,
    )
    .option(
      "--idle-yields <N>",
      "how often it yields before it sleeps (LVRM_IDLE_YIELDS; default: " +
        `${idle.own.yields} on a core of its own, ${idle.shared.yields} or more on a shared one)`,
    )
    .option("--socket <PATH>", `control socket (LVRM_SOCKET; default: ${defaultSocket})`)
    .option("--log-format <FORMAT>", "text or json, on stderr (LVRM_LOG_FORMAT; default: text)")
    .option(
      "--log-level <LEVEL>",
      "debug, info, warning or error (LVRM_LOG_LEVEL; default: info)",
    );
}
