/** Commands and options of `lvrm`. */
import { Command } from "commander";
import { manifest, version } from "../../ffi/abi.gen.ts";
import { fetchStatus } from "../api/mod.ts";
import { adaptiveAllocators, type BenchOptions, benchRouters, experiments } from "../bench/mod.ts";
import {
  allocators,
  decideSettings,
  defaultSocket,
  ExitCode,
  Failure,
  jsonSchema,
  loadConfig,
  meant,
  originOf,
  placements as placementNames,
  socketPath,
  valueOf,
  writeConfig,
} from "../config/mod.ts";
import type { Environment, Origin, RunOptions, Settings } from "../config/mod.ts";
import { addHandlers } from "./handlers.ts";
import { exitCodeOf, formatAdapters, formatFindings } from "../gateway/mod.ts";
import type { AdapterRow, Finding } from "../gateway/mod.ts";
import type { VrFiles } from "../runtime/mod.ts";
import type { SimulateOptions } from "../simulate/mod.ts";
import { addRunOptions } from "./run_options.ts";
import { formatStatus } from "./table.ts";

/** What the commands do, and where their words go. */
export interface Actions {
  readonly run: (settings: Settings, origin: Origin | null) => Promise<void>;
  /** Looks at this host for a run. */
  readonly check: (settings: Settings, origin: Origin | null) => Finding[];
  /** Opens adapters on these interfaces, or on those that a run would serve. */
  readonly adapters: (interfaces: readonly string[]) => AdapterRow[];
  readonly bench: (experiments: readonly string[], options: BenchOptions) => Promise<void>;
  readonly simulate: (scenario: string, options: SimulateOptions) => void;
  readonly vrFiles: () => VrFiles;
  readonly print: (text: string) => void;
  readonly environment: Environment;
  /** Shown in the help. */
  readonly cacheDirectory: string;
}

/** Below the options of everything that takes `--adapter`. */
const virtualHelp = `
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
  lvrm --adapter pcap:in.pcapng,out.pcapng --vr '0.0.0.0/0=cppvr --relay pcap0=pcap1'`;

function footer(cacheDirectory: string): string {
  return `
Examples:
  lvrm --vr 10.0.1.0/24=cppvr --vr 10.0.2.0/24=cppvr
  lvrm --vr 0.0.0.0/0,::/0=cppvr --interface eth0 --interface eth1:100
  lvrm --vr '10.0.1.0/24=clickvr:router.click'
  lvrm --vr '10.0.3.0/24=./my-vr --its-option "two words"' --vris 2 --cores 0-3
  lvrm --vr '0.0.0.0/0,::/0=cppvr --relay eth0=eth1'
  lvrm check --config lvrm.yaml && lvrm --config lvrm.yaml
  lvrm status --json
  lvrm handlers vr1 && lvrm handlers vr1 counter.count
  lvrm handlers vr1 hotconfig @changed.click
${virtualHelp}

Exit codes: 0 ended as asked, 1 failed while running, 2 usage, 3 configuration,
4 the host can't (permission, interface, kernel feature).

The packed executable unpacks its files once into ${cacheDirectory}
(LVRM_CACHE moves it). LVRM_PFRING_LIBRARY names the file of PF_RING's library.`;
}

/**
 * The run that options, environment and configuration file ask for, and what of it is the file's.
 * Throws Failure.
 */
function decided(options: RunOptions, env: Environment): [Settings, Origin | null] {
  const path = options.config ?? valueOf(env, "LVRM_CONFIG");
  const file = path === undefined ? null : loadConfig(path);
  return [decideSettings(options, env, file), originOf(options, env, file)];
}

/** What is about the configuration and starts nothing. */
function addConfigurationCommands(program: Command, actions: Actions): void {
  addRunOptions(program.command("check"))
    .description("say whether this host can do what options and configuration file ask for")
    .option("--print", "print the whole as a configuration file instead")
    .addHelpText("after", virtualHelp)
    .action((options: RunOptions & { print?: boolean }) => {
      const [settings, origin] = decided(options, actions.environment);
      if (options.print === true) return actions.print(writeConfig(settings));
      const findings = actions.check(settings, origin);
      actions.print(formatFindings(findings));
      const code = exitCodeOf(findings);
      if (code !== ExitCode.ok) {
        throw new Failure(code, "this would not start: see the errors above");
      }
    });
  program.command("schema")
    .description("print the JSON schema of the configuration file, for editors")
    .action(() => actions.print(`${JSON.stringify(jsonSchema(), null, 2)}\n`));
}

function addAdapters(program: Command, actions: Actions): void {
  program.command("adapters")
    .summary("which socket adapters work here, on each interface, or why they don't")
    .description(
      "which socket adapters work here, on each interface, or why they don't: each is opened " +
        "there for a moment, and needs the rights that a run needs",
    )
    .argument("[INTERFACE...]", "default: every Ethernet interface that is up and has an address")
    .option("--json", "as JSON")
    .action((interfaces: string[], { json }: { json?: boolean }) => {
      const rows = actions.adapters(interfaces);
      actions.print(
        json === true ? `${JSON.stringify(rows, null, 2)}\n` : formatAdapters(rows),
      );
    });
}

/** Programs of their own, for the help; mod.ts becomes them before this is asked. */
function addPrograms(program: Command): void {
  program.command("click")
    .description("run a configuration in the Click language, as the click command does")
    .helpOption(false)
    .argument("[WORDS...]", "as of click: lvrm click --help");
  program.command("gen")
    .summary("send numbered frames, or those of a capture file, out of a named interface")
    .description(
      "send numbered frames, or those of a capture file, out of a named interface: lvrm gen " +
        "--help; with --find-limit --sink INTERFACE find the highest rates with 2 % loss and " +
        "with none",
    )
    .helpOption(false)
    .argument("[WORDS...]", "of lvrm-gen send");
  program.command("sink")
    .summary("count such frames as they come in: loss, order, duplicates, latency")
    .description("count such frames: loss, order, duplicates, latency: lvrm sink --help")
    .helpOption(false)
    .argument("[WORDS...]", "of lvrm-gen sink");
}

const onlyRouter = `only this router: ${benchRouters.join(", ")}; for 1c and 1d also a ` +
  "program of your own with its arguments, as in --vr";

/** Each with what it measures, on a line of its own. */
function experimentList(): string {
  const width = Math.max(...Object.keys(experiments).map((name) => name.length));
  return "\nExperiments:\n" +
    Object.entries(experiments).map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`)
      .join("\n");
}

function addBench(program: Command, actions: Actions): void {
  const command = program.command("bench")
    .summary("the paper's experiments, and others, on this machine")
    .description(
      "measure lvrm on this machine, without its interfaces, and without privileges but for 1a " +
        "and 1b",
    )
    .argument("<EXPERIMENT...>", "one or more of those below")
    .addHelpText("after", experimentList());
  addBenchOptions(command)
    .action((names: string[], options: BenchOptions) => actions.bench(names, options));
}

function addBenchOptions(command: Command): Command {
  return command
    .option("--json <FILE>", "write the figures there too, as JSON")
    .option("--quick", "seconds instead of minutes: to see that it works, not to judge by")
    .option("--router <NAME>", onlyRouter)
    .option("--adapter <NAMES>", "only these adapters, with commas between them (1a, 1b)")
    .option("--sizes <NUMBERS>", "only these sizes: 84,1538 bytes on the wire (1a)")
    .option("--repeats <N>", "how often, each beginning with another contestant (1a, 1b)")
    .option(
      "--queue <NAME>",
      `only this queue: ${manifest.queues.join(", ")} (1c: all, others: the default)`,
    )
    .option("--allocator <NAME>", `of 2c and 2d: ${adaptiveAllocators.join(", ")}`)
    .option("--period <TIME>", "between two decisions of 2c and 2d (default: 1s)")
    .option("--core-rate <RATE>", "what dynamic takes a core for, of 2c and 2d (default: 60k)")
    .option("--min-cores <N>", "fewest cores of each VR, of 2c and 2d (default: 1)")
    .option("--max-cores <N>", "most cores of each VR, of 2c and 2d")
    .option("--placement <NAME>", `only this placement of 2a: ${placementNames.join(", ")}`)
    .option("--trace <FILE>", "replay the frames of a pcap or pcapng file (1c)")
    .option(
      "--zero-copy",
      "frames lie in the VR's arena beforehand, and only the first 62 bytes are written anew (1c)",
    )
    .option("--window <N>", "frames on their way at most (default: 2048)");
}

function addHelp(program: Command): void {
  program.command("help")
    .description("print the options of a command")
    .argument("[COMMAND]")
    .action((name?: string) => {
      const command = program.commands.find((it) => it.name() === name);
      if (name !== undefined && command === undefined) throw strayWord(name, program);
      (command ?? program).outputHelp();
    });
}

function addVersion(program: Command, actions: Actions): void {
  program.command("version")
    .description("print the version")
    .option("--json", "as JSON, with the files that one needs to write a virtual router")
    .action(({ json }: { json?: boolean }) => {
      if (json !== true) return actions.print(`lvrm ${version}\n`);
      actions.print(`${JSON.stringify({ version, vr: actions.vrFiles() }, null, 2)}\n`);
    });
}

/** A word that is neither an option nor a command. Pure. */
function strayWord(word: string, program: Command): Failure {
  const commands = program.commands.map((it) => it.name());
  const hint = word.includes("=")
    ? ` a virtual router is --vr ${quoted(word)}`
    : meant(word, commands) || ` commands: ${commands.join(", ")}`;
  return new Failure(ExitCode.usage, `there is no command ${quoted(word)};${hint}`);
}

/** As a shell wants it. */
const quoted = (word: string) => /^[\w.:/,=-]+$/.test(word) ? word : `'${word}'`;

/** The commander program; parsing errors are thrown as CommanderError. */
export function makeProgram(actions: Actions): Command {
  const program = new Command("lvrm");
  const run = async (options: RunOptions, command: Command) => {
    const stray = command.args[0];
    if (stray !== undefined) throw strayWord(stray, program);
    await actions.run(...decided(options, actions.environment));
  };
  addRunOptions(program)
    .description("One gateway, many virtual routers, each in processes of its own.")
    .enablePositionalOptions()
    // `handlers VR …` with all its words leaves no room for what commands do.
    .configureHelp({ subcommandTerm: (it) => it.name() })
    .exitOverride()
    .configureOutput({ writeOut: actions.print, writeErr: () => {} })
    .addHelpText("after", footer(actions.cacheDirectory))
    .version(`lvrm ${version}`, "-V, --version", "print the version")
    .action(run);
  addRunOptions(program.command("run"))
    .allowExcessArguments()
    .description("serve until SIGTERM or SIGINT (the default command)")
    .addHelpText("after", footer(actions.cacheDirectory))
    .action(run);
  addConfigurationCommands(program, actions);
  addAdapters(program, actions);
  program.command("status")
    .description("what a running lvrm does")
    .option("--json", "as JSON")
    .option("--socket <PATH>", `control socket (LVRM_SOCKET; default: ${defaultSocket})`)
    .action(async (options: { json?: boolean; socket?: string }) => {
      const status = await fetchStatus(socketPath(options.socket, actions.environment));
      const json = options.json === true;
      actions.print(json ? `${JSON.stringify(status, null, 2)}\n` : formatStatus(status));
    });
  addHandlers(program, actions);
  addBench(program, actions);
  program.command("simulate")
    .summary("decide about the cores of a scenario in virtual time")
    .description(
      "decide about the cores of a scenario in virtual time, against an oracle that knows the " +
        "future (docs/core-allocation.md; scenarios in docs/scenarios)",
    )
    .argument("<SCENARIO.yaml>", "VRs, their traffic and their cores")
    .option("--json <FILE>", "write outcome, decisions and history there, as JSON")
    .option("--allocator <NAME>", `for all VRs, instead of their own: ${allocators.join(", ")}`)
    .action((file: string, options: SimulateOptions) => actions.simulate(file, options));
  addPrograms(program);
  addVersion(program, actions);
  addHelp(program);
  return program.allowExcessArguments(); // and not at its start: commands would inherit it
}
