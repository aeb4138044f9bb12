/** What --help says of the commands beside their options. */

export const ROOT_HELP = `
Examples:
  rmpopt compare --out report.html       which policy, on three days of 12 000 VMs
  rmpopt run                             three days of 12 000 VMs on hosts of 2 TiB
  rmpopt run --policy none               the same without RMPOPT
  rmpopt explain                         how it all works, step by step
  rmpopt table --host tiny --hosts 1 --until 1h --at 30m

Exit codes: 0 done; 1 the answer is no; 2 the input is wrong, one line on stderr says how; 3 a bug of ours; 130 Ctrl-C.`

export const RUN_HELP = `
Examples:
  rmpopt run --until 6h --policy ideal
  rmpopt run --trace vms.csv.gz --hosts 75 --snp-share 0.05 --json > result.json
  rmpopt run --placement opposite-ends --show-config > scenario.yaml && rmpopt run scenario.yaml`

export const COMPARE_HELP = `
Examples:
  rmpopt compare --out report.html
  rmpopt compare --policies v9,v10,mine.yaml --vs v10 --until 1d
  rmpopt compare --trace vms.csv.gz --hosts 80 --policies all --save results.duckdb

A policy in YAML: name: mine, when: {at: teardown, delayS: 1, after: first}, what: dirty, who: leader-successes.`

export const EXPLAIN_HELP = `
Examples:
  rmpopt explain --step 3
  rmpopt explain --assumptions`

export const SCAN_HELP = `
States: empty leaves the RMP's own memory, which is the firmware's; first-page and last-page assign one
4K page at the start or end of every GiB; every-page assigns all; random:F each 2 MiB with probability F.

Examples:
  rmpopt scan
  rmpopt scan --state first-page --loop leader-then-successes
  rmpopt scan --guest 100GiB --guest 100GiB --backing 4k --again 1
  rmpopt scan --state random:0.01 --seeds 10 --sensitivity`

export const CALIBRATE_HELP = `
Examples:
  rmpopt calibrate
  rmpopt calibrate mine.yaml --json`

export const TABLE_HELP = `
Example:
  rmpopt table --until 6h --at 5h --host-index 1`

export const CHECK_HELP = `
Examples:
  rmpopt check                           the revision of July 2026, in every scenario
  rmpopt check --policy revisions        the matrix: which revision fails what
  rmpopt check --policy v7 --property no-deadlock
  rmpopt check --policy mine.yaml,v10 --scenario late-guest.mjs,kexec
  rmpopt check --policy v1 --out trace.json; rmpopt check --replay trace.json
  rmpopt check --policy revisions --report check.html --perfetto runs.json

Exit code 1: a property fails; of one policy each is shown with the shortest run that breaks it. docs/scenarios.md
tells how to write a scenario.`

export const LITMUS_HELP = `
Examples:
  rmpopt litmus                          the corpus: what is known of the hardware, point by point
  rmpopt litmus race.litmus --all-outcomes
  rmpopt litmus --format race.litmus

Exit code 1: a condition does not hold. docs/litmus.md tells what a file looks like.`
