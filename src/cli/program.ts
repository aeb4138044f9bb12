import { Command, type CommanderError, Option } from 'commander'
import {
  CALIBRATE_HELP,
  CHECK_HELP,
  COMPARE_HELP,
  EXPLAIN_HELP,
  LITMUS_HELP,
  ROOT_HELP,
  RUN_HELP,
  SCAN_HELP,
  TABLE_HELP,
} from './help.ts'
import { Ended, UsageError } from './output.ts'
import type { ScenarioFlags } from './scenario-flags.ts'
import { version } from './version.ts'

/**
 * The commands and their options. What a command needs is loaded when it runs: --help and --version answer at once.
 * Names and defaults are written out here for the same reason; a test holds them against the lab's.
 */
export function program(): Command {
  const root = strict(new Command('rmpopt'))
    .description('RMPOPT without the hardware: an executable model of AMD SEV-SNP and of the host software that drives it.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help on a command')
    .addHelpText('after', ROOT_HELP)
  strict(withScenarioFlags(root.command('run')))
    .summary('simulate hosts and VMs, and report what RMPOPT is worth')
    .description('Simulate hosts and their VMs under a policy: what RMPOPT is worth there, and what it costs.')
    .addHelpText('after', RUN_HELP)
    .addOption(perfettoOption('what happens on host 0'))
    .action(async (file: string | undefined, flags: RunFlags) => (await import('./run-command.ts')).runCommand(file, flags))
  strict(withCompareFlags(withScenarioFlags(root.command('compare'), false)))
    .summary('try policies side by side, and write a report')
    .description(
      'Try policies of re-optimisation side by side, on the same hosts, VMs and seed: what each brings, and what it costs.',
    )
    .addHelpText('after', COMPARE_HELP)
    .action(async (file: string | undefined, flags: CompareFlags) =>
      (await import('./compare-command.ts')).compareCommand(file, flags),
    )
  strict(root.command('explain'))
    .summary('show how RMPOPT works, step by step')
    .description('Show the theory of operation, step by step, on a small simulated host.')
    .addOption(new Option('--step <n>', 'show this step only').conflicts('assumptions'))
    .option('--assumptions', 'list what the model takes for granted that nobody has published')
    .option('--json', 'print one JSON document instead')
    .addHelpText('after', EXPLAIN_HELP)
    .action(async (flags: ExplainFlags) => (await import('./explain-command.ts')).explainCommand(flags))
  strict(withScenarioFlags(root.command('table')))
    .summary("print a host's RMPOPT table at a moment of a run")
    .description(
      "Print a host's RMPOPT table at a moment of a run, in the format of the debugfs file rmpopt-table of revisions v1 to v8.",
    )
    .requiredOption('--at <time>', 'moment of simulated time, such as 90s, 15m, 2h or 3.5d')
    .option('--host-index <i>', 'which host of the fleet, counted from 0 (default: 0)')
    .addHelpText('after', TABLE_HELP)
    .action(async (file: string | undefined, flags: TableFlags) => (await import('./table-command.ts')).tableCommand(file, flags))
  strict(root.command('scan'))
    .summary('look closely at one pass of RMPOPT over memory')
    .description('Look closely at one pass of RMPOPT over the memory of a host: how long it takes, and whom.')
    .option('--host <preset>', 'venice-2s, turin-1s, whatif-6tib or tiny (default: venice-2s)')
    .option('--memory <size>', "memory of the host, such as 2TiB (default: the preset's)")
    .option('--state <name>', 'assigned pages: empty, first-page, last-page, every-page or random:F (default: empty)')
    .option('--guest <size>', 'launch a running SNP guest first, such as 100GiB; may be given again', collect)
    .option('--backing <size>', 'memory behind guests: 4k, 2m or 1g (default: 2m)')
    .option('--placement <name>', 'where: lowest, buddy, hugetlb, opposite-ends or numa-local (default: buddy)')
    .option(
      '--loop <name>',
      'who: serial, all-cpus, leader-followers, leader-then-successes or batched:N (default: leader-followers)',
    )
    .option('--threads <which>', 'that execute RMPOPT: primary or all (default: primary)')
    .option('--again <k>', 'repeat the pass k times (default: 0)')
    .option('--seed <n>', 'seed of all that is drawn by chance (default: 1)')
    .option('--sensitivity', 'repeat it at both ends of the range of each assumed cost')
    .option('--seeds <n>', 'repeat it with n seeds (default: 1)')
    .option('--json', 'print one JSON document instead')
    .addHelpText('after', SCAN_HELP)
    .action(async (flags: ScanFlags) => (await import('./scan-command.ts')).scanCommand(flags))
  strict(root.command('policies'))
    .summary('list the policies that there are')
    .description('List the policies: when each re-optimises, what it scans, and who executes RMPOPT.')
    .option('--json', 'print one JSON document instead')
    .action(async (flags: { readonly json?: boolean }) => (await import('./policies-command.ts')).policiesCommand(flags))
  strict(root.command('calibrate'))
    .summary('fit the cost model to measurements, and test it on each')
    .description('Fit the cost model to published measurements, and foretell each of them from the others.')
    .argument('[measurements.yaml]', 'the measurements (default: the published ones, data/measurements.yaml)')
    .option('--json', 'print one JSON document instead')
    .addHelpText('after', CALIBRATE_HELP)
    .action(async (file: string | undefined, flags: CalibrateFlags) =>
      (await import('./calibrate-command.ts')).calibrateCommand(file, flags),
    )
  strict(root.command('check'))
    .summary("play a policy's kernel code through every interleaving of small scenarios")
    .description(
      'Play the kernel code of policies through every interleaving of small scenarios, and check what must be true of it.',
    )
    .option(
      '--policy <list>',
      'names (see rmpopt policies) or files; revisions: v1 to v10; all: revisions and proposals (default: v10)',
    )
    .option('--scenario <list>', 'what happens: names (see --list) or modules (default: all that have names)')
    .option('--property <list>', 'what must be true: names (see --list; default: all)')
    .addOption(
      new Option('--list', 'list scenarios and properties, and what they say').conflicts([
        'policy',
        'scenario',
        'property',
        'budget',
        'workers',
        'out',
        'report',
        'perfetto',
        'replay',
      ]),
    )
    .option('--budget <list>', 'what it may use up: bytes for each policy and scenario, time for all (default: 2GiB,10min)')
    .option('--workers <n>', 'threads (default: one a core); results do not depend on it')
    .option('--out <trace.json>', 'write the result, with a run for each property that fails')
    .option('--report <report.html>', 'write a report, one HTML file: what holds, what fails, and timelines of the shortest runs')
    .addOption(perfettoOption('these runs as timelines'))
    .addOption(
      new Option('--replay <trace.json>', 'play the runs of such a file again').conflicts([
        'policy',
        'scenario',
        'property',
        'budget',
        'workers',
      ]),
    )
    .option('--json', 'print one JSON document instead')
    .addHelpText('after', CHECK_HELP)
    .action(async (flags: CheckFlags) => (await import('./check-command.ts')).checkCommand(flags))
  strict(root.command('litmus'))
    .summary('play every interleaving of small programs, and check what may come of them')
    .description('Play every interleaving of small programs, step by step, and check what may, must and must not come of them.')
    .argument('[files...]', 'litmus files, or directories of them (default: the corpus that comes with the program)')
    .option('--all-outcomes', 'list every outcome, with an interleaving that leads to it')
    .addOption(new Option('--format', 'print the files in their canonical form').conflicts(['allOutcomes', 'json']))
    .option('--json', 'print one JSON document instead')
    .addHelpText('after', LITMUS_HELP)
    .action(async (files: string[], flags: LitmusFlags) => (await import('./litmus-command.ts')).litmusCommand(files, flags))
  return root
}

export interface RunFlags extends ScenarioFlags {
  readonly perfetto?: string
}

export interface CompareFlags extends RunFlags {
  readonly policies?: string
  readonly vs?: string
  readonly seeds?: string
  readonly sensitivity?: boolean
  readonly workers?: string
  readonly out?: string
  readonly save?: string
  readonly resume?: boolean
}

/** Every value of an option that may be given again. */
function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}

export interface ScanFlags {
  readonly host?: string
  readonly memory?: string
  readonly state?: string
  readonly guest?: string[]
  readonly backing?: string
  readonly placement?: string
  readonly loop?: string
  readonly threads?: string
  readonly again?: string
  readonly seed?: string
  readonly sensitivity?: boolean
  readonly seeds?: string
  readonly json?: boolean
}

export interface CheckFlags {
  readonly policy?: string
  readonly scenario?: string
  readonly property?: string
  readonly list?: boolean
  readonly budget?: string
  readonly workers?: string
  readonly out?: string
  readonly report?: string
  readonly perfetto?: string
  readonly replay?: string
  readonly json?: boolean
}

export interface LitmusFlags {
  readonly allOutcomes?: boolean
  readonly format?: boolean
  readonly json?: boolean
}

export interface CalibrateFlags {
  readonly json?: boolean
}

export interface ExplainFlags {
  readonly step?: string
  readonly assumptions?: boolean
  readonly json?: boolean
}

export interface TableFlags extends ScenarioFlags {
  readonly at: string
  readonly hostIndex?: string
}

function withScenarioFlags(command: Command, hasPolicy = true): Command {
  const flags = command
    .argument('[scenario.yaml]', 'what to simulate; options override its fields (default: a built-in scenario)')
    .option('--trace <file>', 'VMs of a trace: CSV, CSV.gz or Parquet (default: generated ones)')
    .option('--skip-bad-rows', 'leave bad rows of the trace out, and count them')
    .option('--hosts <n>', 'hosts in the fleet; auto: as many as the VMs need (default: auto)')
    .option('--host <preset>', 'venice-2s, turin-1s, whatif-6tib or tiny (default: venice-2s)')
    .option('--snp-share <x>', 'share of VM batches that are SNP guests, 0 to 1 (default: 0.2)')
    .option('--backing <size>', 'memory behind guests: 4k, 2m or 1g (default: 2m)')
    .option('--placement <name>', 'where: lowest, buddy, hugetlb, opposite-ends or numa-local (default: buddy)')
    .option('--seed <n>', 'seed of all that is drawn by chance (default: 1)')
    .option('--until <time>', 'end, such as 90s, 15m, 2h or 3.5d (default: a minute after the last VM)')
    .option('--show-config', 'print the scenario, every default filled in, and do not run it')
    .option('--json', 'print one JSON document instead')
  return hasPolicy
    ? flags.option('--policy <name>', 'when to re-optimise: a name (see rmpopt policies) or a file (default: v10)')
    : flags
}

function withCompareFlags(command: Command): Command {
  return command
    .option('--policies <list>', 'names (see rmpopt policies) or files, or all (default: those that differ)')
    .option('--vs <name>', 'the policy that the others are held against (default: v10, or the first)')
    .option('--out <report.html>', 'write the report, one HTML file')
    .option('--save <results.duckdb>', 'add the results to a DuckDB file; .parquet: write them to a Parquet file')
    .addOption(perfettoOption('what happens on host 0 under the --vs policy'))
    .option('--resume', 'go on where an interrupted comparison with the same options stopped')
    .option('--seeds <n>', 'repeat with so many seeds, and show ranges (default: 1)')
    .option('--sensitivity', 'sweep what is assumed of costs over its range, and say which conclusions survive')
    .option('--workers <n>', 'threads (default: one a core); results do not depend on it')
}

function perfettoOption(what: string): Option {
  return new Option('--perfetto <out.json>', `write ${what}, to be opened in ui.perfetto.dev`)
}

/** A command whose complaints are ours to print: one line, and exit code 2. */
function strict(command: Command): Command {
  const names: string[] = []
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name())
  return command.configureOutput({ writeErr: () => {} }).exitOverride((error: CommanderError) => {
    if (error.exitCode === 0) throw new Ended()
    if (error.code === 'commander.help') throw new UsageError(`there is no such command; see ${names.join(' ')} --help`)
    const [what, ...suggestion] = error.message
      .replace(/^error: /, '')
      .replace(/\.$/, '')
      .split('\n')
    const guess = suggestion.join(' ').match(/^\(Did you mean (.*)\?\)$/)?.[1]
    throw new UsageError(`${what}; ${guess === undefined ? `see ${names.join(' ')} --help` : `did you mean ${guess}?`}`)
  })
}
