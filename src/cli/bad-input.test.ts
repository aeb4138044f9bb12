import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'rmpopt-bad-'))
afterAll(() => rmSync(directory, { recursive: true }))

const MEASUREMENTS = readFileSync(new URL('../../data/measurements.yaml', import.meta.url), 'utf8')
const lineWith = (text: string) => MEASUREMENTS.slice(0, MEASUREMENTS.indexOf(text)).split('\n').length
const HEADER = 'vm_id,batch_id,created_s,deleted_s,vcpus,memory_gb\n'
const ROWS = Array.from({ length: 500 }, (_, vm) => `${vm},b,${vm},,1,1\n`).join('')
const FILES: Record<string, string | Uint8Array> = {
  'no-columns.csv': 'vm_id,batch_id,created_s\n1,b,0\n',
  'negative.csv': `${HEADER}1,b,-5,10,1,1\n`,
  'backwards.csv': `${HEADER}1,b,10,5,1,1\n`,
  'nan.csv': `${HEADER}1,b,0,10,1,NaN\n`,
  'large.csv': `${HEADER}1,b,0,10,1,500\n`,
  'empty.csv': '',
  'cut.csv.gz': gzipSync(HEADER + ROWS).subarray(0, 300),
  'not.csv.gz': HEADER + ROWS,
  'good.csv': `${HEADER}1,b,0,10,1,1\n`,
  'field.yaml': 'host: tiny\npolcy: v10\n',
  'syntax.yaml': 'host: [tiny\npolicy: }\n',
  'list.yaml': '- host\n- policy\n',
  'twice.yaml': 'seed: 1\nseed: 2\n',
  'cpus.yaml': 'host:\n  preset: venice-2s\n  coresPerSocket: 4096\n',
  'rmp.yaml': 'host:\n  preset: venice-2s\n  rmpSegmentBytes: 1073741824\n',
  'both.yaml': 'trace: good.csv\ngenerate: { vms: 10 }\n',
  'generate.yaml': 'host: tiny\ngenerate: { vms: 10 }\n',
  'trace.yaml': 'trace: gone.csv\n',
  'missing.yaml': MEASUREMENTS.slice(0, MEASUREMENTS.indexOf('  - id: cross-call')),
  'doubled.yaml': MEASUREMENTS + MEASUREMENTS.slice(MEASUREMENTS.indexOf('  - id: cross-call')),
  'negative.yaml': MEASUREMENTS.replace('value: 311.1', 'value: -311.1'),
  'unit.yaml': MEASUREMENTS.replace('unit: ms', 'unit: msec'),
  'few.yaml': MEASUREMENTS.replaceAll('fit: true', 'fit: false'),
  'throws.mjs': scenarioModule(`\n*routine() { throw new Error('ouch') }`),
  'endless.mjs': scenarioModule(`*routine() { for (;;) yield { op: 'cond-resched' } }`),
  'nameless.mjs': 'export default { sentence: "S." }',
  'oracle.mjs': `export default { name: 'oracle', isOracle: true, *setup() {} }`,
  'failing.mjs': `export default { name: 'failing',\n*setup(kernel) { kernel.nothing.here() } }`,
  'nonsense.mjs': `export default { name: 'nonsense', *setup() { yield 3 } }`,
  'axes.yaml': 'name: axes\nwhen: sometimes\n',
  'no-scenarios.json': result({ scenarios: undefined }),
  'no-properties.json': result({ properties: undefined }),
  'no-step.json': result({}, { trace: [3] }),
  'no-action.json': result({}, { trace: [{ action: -1, cpu: 0, who: 'w', what: 'w', changes: [] }] }),
  'no-trace.json': result({}, { trace: undefined }),
  'no-run.json': result({}, { trace: [{ action: 999, cpu: 0, who: 'w', what: 'w', changes: [] }] }),
  'other-scenario.json': result({}, { scenario: 'hotplug-and-pass' }),
  'unbroken.json': result({}, { trace: [] }),
  'no-policy.json': result({ policies: [{ name: 'v11' }] }, { policy: 'v11' }),
  'gone-policy.json': result({ policies: [{ name: 'mine', path: 'gone.mjs' }] }, { policy: 'mine' }),
  'other-policy.json': result({ policies: [{ name: 'mine', path: 'failing.mjs' }] }, { policy: 'mine' }),
  'no-point.json': result({ policies: [{ name: 'mine', point: { name: 'mine', when: 'now' } }] }, { policy: 'mine' }),
  'gone-scenario.json': result({ scenarios: [{ name: 'mine', sentence: '', path: 'gone.mjs' }] }, { scenario: 'mine' }),
  'moved-scenario.json': result({ scenarios: [{ name: 'mine', sentence: '', path: 'throws.mjs' }] }, { scenario: 'mine' }),
  'bad.litmus': 'litmus bad\nCPU0\nRMPOTP region0\nexists CPU0:CF = 1\n',
}
for (const [name, content] of Object.entries(FILES)) writeFileSync(join(directory, name), content)

/** A scenario for the adversary in which one thing happens. */
function scenarioModule(routine: string): string {
  return `export default { name: 'own', sentence: 'S.', machine: { cores: 1, regions: 1 }, events: [{ name: 'e', ${routine} }] }`
}

/** A document of rmpopt check with one run in it. */
function result(document: object, cell: object = {}): string {
  const of = { policy: 'v10', scenario: 'kexec', property: 'no deadlock', verdict: 'fails', states: 1, trace: [] }
  return JSON.stringify({
    ...{ schema: 'rmpopt.check/1', holds: false, policies: [{ name: 'v10' }], scenarios: [{ name: 'kexec', sentence: '' }] },
    ...{ properties: [{ name: 'no deadlock', sentence: '' }], results: [{ ...of, ...cell }] },
    ...document,
  })
}

function rmpopt(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const args = line.split(' ').map((arg) => (arg === "''" ? '' : arg))
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { cwd: directory }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

describe.concurrent('wrong input ends with exit code 2 and one line that says what, where and what to do', () => {
  test.each([
    ['rnu', "unknown command 'rnu'; did you mean run?"],
    ['--polcy', "unknown option '--polcy'; see rmpopt --help"],
    ['help rnu', 'there is no such command; see rmpopt --help'],
    ['run --polcy v10', "unknown option '--polcy'; did you mean --policy?"],
    ['run --seed', "option '--seed <n>' argument missing; see rmpopt run --help"],
    ['run a.yaml b.yaml', "too many arguments for 'run'. Expected 1 argument but got 2; see rmpopt run --help"],
    ['run --policy v11', '--policy: "v11" is not known; did you mean v1?'],
    ['run --policy something', /^--policy: "something" is not known; choose one of v1, v2, .*, none, ideal$/],
    ['run --host tinny', '--host: "tinny" is not known; did you mean tiny?'],
    ['run --placement budy', '--placement: "budy" is not known; did you mean buddy?'],
    ['run --backing 3m', '--backing: "3m" is not known; did you mean 2m?'],
    ['run --hosts 0', '--hosts: 0 is too small; give at least 1'],
    ['run --hosts -1', '--hosts: -1 is too small; give at least 1'],
    ['run --hosts 1.5', '--hosts: 1.5 is not valid; give auto or a whole number from 1 to 100000'],
    ['run --hosts abc', '--hosts: "abc" is not valid; give auto or a whole number from 1 to 100000'],
    ['run --snp-share 2', '--snp-share: 2 is too large; give at most 1'],
    ['run --snp-share NaN', '--snp-share: "NaN" is not a number; give a share from 0 to 1'],
    ["run --snp-share ''", '--snp-share: "" is not a number; give a share from 0 to 1'],
    ['run --seed 1.5', '--seed: 1.5 is not a whole number; give one'],
    ['run --until 0', '--until: 0 is too small; give more than 0'],
    ['run --until soon', '--until: "soon" is not a time; give seconds, or a number and s, m, h or d, such as 3.5d'],
    ["run --trace ''", '--trace: is empty; name a file'],
    ['run --perfetto', "option '--perfetto <out.json>' argument missing; see rmpopt run --help"],
    ['run --perfetto gone/out.json', '--perfetto: gone/out.json: its directory gone does not exist; name a file elsewhere'],
    ['compare --perfetto .', '--perfetto: .: is a directory; name a file in it'],
    ['compare --out a --perfetto a', '--perfetto: a: other output goes there; name another file'],
    ['compare --save a --perfetto ./a', '--perfetto: ./a: other output goes there; name another file'],
    ['run --skip-bad-rows', '--skip-bad-rows: the VMs are generated, there are no rows; give --trace too, or leave it out'],
  ])('rmpopt %s', expectLine)

  test.each([
    ['run field.yaml', 'field.yaml:2: unknown field polcy; did you mean policy?'],
    ['run syntax.yaml', /^syntax\.yaml:2:\d+: is not YAML \(.+\); correct it$/],
    ['run .', '.: is a directory; name a file in it'],
    ['run gone.yaml', 'gone.yaml: there is no such file; check the name'],
    ['run list.yaml', /^list\.yaml: holds no fields; /],
    ['run good.csv', /^good\.csv: holds no fields; .*--trace/],
    ['run twice.yaml', 'twice.yaml:2:1: the field is there twice; keep one of them'],
    ['run cpus.yaml', 'cpus.yaml:3: host.coresPerSocket: 16384 logical CPUs are more than a cpumask holds; have at most 8192'],
    ['run rmp.yaml', /^rmp\.yaml:3: host\.rmpSegmentBytes: .*too few to cover RAM; /],
    ['run both.yaml', 'both.yaml:1: trace and generate contradict each other; give one of them'],
    ['run trace.yaml', 'gone.csv: there is no such file; check the name'],
  ])('rmpopt %s', expectLine)

  test.each([
    ['no-columns.csv', /^no-columns\.csv.*deleted_s.*vcpus.*memory_gb/],
    ['negative.csv', /^negative\.csv:2: created_s -5 is negative; .*--skip-bad-rows/],
    ['backwards.csv', /^backwards\.csv:2: deleted_s 5 is before created_s 10; /],
    ['nan.csv', /^nan\.csv:2: memory_gb "NaN" is not a number; /],
    ['large.csv', /^large\.csv: VM 0 .* needs 1 vCPUs and 500 GiB, more than a whole host has/],
    ['empty.csv', /^empty\.csv: is empty; give a trace with the columns /],
    ['cut.csv.gz', /^cut\.csv\.gz: ends in the middle of its gzip data; /],
    ['not.csv.gz', /^not\.csv\.gz: is not gzip'd; /],
    ['.', '.: is a directory; name a file in it'],
  ])('rmpopt run --host tiny --trace %s', (name, message) => expectLine(`run --host tiny --trace ${name}`, message))

  test.each([
    ['table', "required option '--at <time>' not specified; see rmpopt table --help"],
    ['table --at noon', '--at: "noon" is not a time; give seconds, or a number and s, m, h or d, such as 3.5d'],
    ['table --at 5 --host-index -1', '--host-index: -1 is not a whole number from 0; give one'],
    [
      'table --host tiny --trace good.csv --at 9d',
      /^--at: 777600 s is beyond the end of the run, \d+ s; choose an earlier time$/,
    ],
    ['table --host tiny --trace good.csv --at 5 --host-index 7', /^--host-index: 7 is too high for a run on 1 host; /],
    ['litmus bad.litmus', 'bad.litmus:3:1: "RMPOTP" is no instruction; did you mean RMPOPT?'],
    ['litmus --format', '--format: there is nothing to format; name a file'],
    ['litmus gone.litmus', 'gone.litmus: there is no such file; check the name'],
    ['check --budget lots', /^--budget: "lots" is not bytes, a time, or one of each; give such as 2GiB,10min/],
    ['check --budget 1GiB,2GiB', /^--budget: "1GiB,2GiB" is not bytes, a time, or one of each; /],
    ['check --budget 1B', /^--budget: "1B" is not a size; give a number and MiB/],
    ['check --budget 0GiB', /^--budget: 0GiB is not a whole number of 4 KiB pages/],
    ['check --out nowhere/trace.json', /^--out: nowhere\/trace.json: its directory nowhere does not exist; /],
    ['check --report nowhere/a.html', /^--report: nowhere\/a.html: its directory nowhere does not exist; /],
    ['check --report a.txt', '--report: a.txt: does not end in .html; name an HTML file'],
    ['check --perfetto .', '--perfetto: .: is a directory; name a file in it'],
    ['check --out a --perfetto ./a', '--perfetto: ./a: other output goes there; name another file'],
    ['check --out a.html --report a.html', '--report: a.html: other output goes there; name another file'],
    ['check --replay t.json --perfetto t.json', '--perfetto: t.json: is the file of --replay; name another file'],
    ['check --replay gone.json', 'gone.json: there is no such file; check the name'],
    ['litmus --format --json bad.litmus', /^option '--format' cannot be used with option '--json'; /],
    ['explain --step 99', /^--step: there is no step 99; give 1 to \d+$/],
    ['explain --step one', '--step: "one" is not a number; give a whole number from 1'],
    ['explain --step 1 --assumptions', /^option '--step <n>' cannot be used with option '--assumptions'; /],
  ])('rmpopt %s', expectLine)
})

describe.concurrent('so does wrong input to check', () => {
  test.each([
    ['check --policy v11', '--policy: "v11" is not known; did you mean v1?'],
    ['check --policy something', /^--policy: "something" is not known; choose one of v1, .*, marked, none, revisions, all$/],
    ['check --policy ideal', '--policy: ideal is a bound and no kernel code: there is nothing to check; choose another policy'],
    ['check --policy oracle.mjs', /^--policy: oracle is a bound and no kernel code: /],
    ['check --policy v1,,v2', '--policy: a name is empty; separate names by single commas'],
    ['check --policy gone.mjs', 'gone.mjs: there is no such file; check the name'],
    ['check --policy gone.yaml', 'gone.yaml: there is no such file; check the name'],
    ['check --policy axes.yaml', /^axes\.yaml:2: when: "sometimes" is not known; choose one of never, /],
    ['check --policy failing.mjs,./failing.mjs', '--policy: failing is there twice; name each once'],
    [
      'check --policy failing.mjs --scenario kexec',
      /^failing\.mjs:2: fails while it is checked \(Cannot read .*\); correct it, and let it remember nothing outside of the kernel$/,
    ],
    ['check --policy failing.mjs,v10 --scenario kexec,throws.mjs', /^failing\.mjs:2: fails while it is checked \(/],
    ['check --policy nonsense.mjs', /^nonsense\.mjs: setup: yields 3, which is no operation; /],
    ['check --scenario guest', /^--scenario: "guest" is not known; choose one of guest-comes-and-goes, /],
    ['check --scenario three-core', '--scenario: "three-core" is not known; did you mean three-cores?'],
    ['check --scenario kexec,kexec', '--scenario: kexec is there twice; name each once'],
    ['check --scenario kexec,', '--scenario: a name is empty; separate names by single commas'],
    ['check --scenario gone.mjs', 'gone.mjs: there is no such file; check the name'],
    ['check --scenario a.yaml', 'a.yaml: is no module; a scenario is code: give a file that ends in .js, .mjs or .ts'],
    ['check --scenario ./a', './a: is no module; a scenario is code: give a file that ends in .js, .mjs or .ts'],
    ['check --scenario nameless.mjs', 'nameless.mjs: name: is missing; give text'],
    ['check --scenario throws.mjs --workers 1', /^throws\.mjs:2: fails while it is checked \(ouch\); /],
    ['check --scenario throws.mjs,kexec --workers 2', /^throws\.mjs:2: fails while it is checked \(ouch\); /],
    [
      'check --scenario endless.mjs --policy v9,v10 --workers 2',
      'endless.mjs: v9 in own: e does not end: it has asked for 1000 operations; let it end, or ask for fewer',
    ],
    ['check --property balanse', '--property: "balanse" is not known; did you mean balance?'],
    ['check --workers 0', '--workers: 0 is not a whole number from 1; give one'],
    ['check --workers two', '--workers: "two" is not a number; give a whole number from 1'],
    ['check --list --policy v1', /^option '--list' cannot be used with option '--policy <list>'; /],
  ])('rmpopt %s', expectLine)

  test.each([
    ['bad.litmus', 'bad.litmus: this is no result of rmpopt check; give a file that --out has written'],
    ['gone.json --policy v1', /^option '--replay <trace.json>' cannot be used with option '--policy <list>'; /],
    ['gone.json --workers 1', /^option '--replay <trace.json>' cannot be used with option '--workers <n>'; /],
    ['no-scenarios.json', 'no-scenarios.json: scenarios: is missing; give a list'],
    ['no-properties.json', 'no-properties.json: properties: is missing; give a list'],
    ['no-step.json', 'no-step.json: results.0.trace.0: 3 is not a map of fields; give one'],
    ['no-action.json', 'no-action.json: results.0.trace.0.action: -1 is too small; give at least 0'],
    ['no-trace.json', 'no-trace.json: results.0: fails without a trace; check it again'],
    ['no-run.json', 'no-run.json: the run against no deadlock of v10 in kexec cannot be played; check it again'],
    ['unbroken.json', 'unbroken.json: the run against no deadlock of v10 in kexec does not break it; check it again'],
    [
      'other-scenario.json',
      'other-scenario.json: results.0.scenario: "hotplug-and-pass" is not among those of the document; check it again',
    ],
    ['no-policy.json', 'no-policy.json: "v11" is not known; did you mean v1?'],
    ['gone-policy.json', 'gone-policy.json has runs with mine, of gone.mjs: there is no such file; check the name'],
    ['other-policy.json', 'failing.mjs: holds no policy mine, which other-policy.json has runs of; check it again'],
    ['no-point.json', /^no-point\.json: policies\.0\.point\.when: "now" is not known; choose one of never, /],
    ['gone-scenario.json', 'gone-scenario.json has runs with mine, of gone.mjs: there is no such file; check the name'],
    ['moved-scenario.json', 'throws.mjs: holds no scenario mine, which moved-scenario.json has runs in; check it again'],
  ])('rmpopt check --replay %s', (line, message) => expectLine(`check --replay ${line}`, message))
})

describe.concurrent('so does wrong input to scan and calibrate', () => {
  test.each([
    ['scan --host venice', '--host: "venice" is not known; did you mean venice-2s?'],
    ['scan --host turin-1s', '--host: turin-1s cannot use RMPOPT; choose one that has it, such as venice-2s'],
    ['scan --memory 2TB', '--memory: "2TB" is not a size; give a number and MiB, GiB or TiB, such as 100GiB'],
    ['scan --memory 1GiB', '--memory: 1 GiB is not from 4 GiB to 64 TiB; give a size that is'],
    ['scan --memory 1037GiB', '--memory: memory divides into whole GiB for each of 4 nodes; choose a multiple of 4 GiB'],
    ['scan --state lastpage', '--state: "lastpage" is not known; did you mean last-page?'],
    ['scan --state random', '--state: "random" needs a probability from 0 to 1; give one, such as random:0.1'],
    ['scan --state random:2', '--state: "random:2" needs a probability from 0 to 1; give one, such as random:0.1'],
    ['scan --loop all-cpu', '--loop: "all-cpu" is not known; did you mean all-cpus?'],
    ['scan --loop batched:0', '--loop: "batched:0" needs a number of regions from 1 to 2048; give one, such as batched:8'],
    ['scan --threads al', '--threads: "al" is not known; did you mean all?'],
    ['scan --backing 3m', '--backing: "3m" is not known; did you mean 2m?'],
    ['scan --placement budy', '--placement: "budy" is not known; did you mean buddy?'],
    ['scan --guest 0GiB', '--guest: 0GiB is not a whole number of 4 KiB pages from 1 on; give another size'],
    ['scan --host tiny --guest 1TiB', '--guest: 1024 GiB do not fit into the free memory of the host; give less'],
    ['scan --again -1', '--again: -1 is not a whole number from 0; give one'],
    ['scan --again 9999', '--again: 9999 is not a whole number from 0 to 1000; give one'],
    ['scan --seeds 0', '--seeds: 0 is not a whole number from 1; give one'],
    ['scan --seed 1e12', '--seed: 1000000000000 is not a whole number from 0 to 4294967295; give one'],
    ['scan now', "too many arguments for 'scan'. Expected 0 arguments but got 1; see rmpopt scan --help"],
    ['calibrate gone.yaml', 'gone.yaml: there is no such file; check the name'],
    ['calibrate list.yaml', 'list.yaml: holds no fields; write tscGHz and rows, as in data/measurements.yaml'],
    ['calibrate field.yaml', 'field.yaml:1: unknown field host; choose one of tscGHz, rows'],
    ['calibrate syntax.yaml', /^syntax\.yaml:2:\d+: is not YAML \(.+\); correct it$/],
    [
      'calibrate missing.yaml',
      `missing.yaml:${lineWith('rows:')}: row cross-call is missing; add it (with fit: false, if it is not to count)`,
    ],
    ['calibrate doubled.yaml', /^doubled\.yaml:\d+: cross-call: the row is there twice; keep one of them$/],
    [
      'calibrate negative.yaml',
      `negative.yaml:${lineWith('value: 311.1')}: pass-empty: value -311.1 is not a number above 0; give one`,
    ],
    ['calibrate unit.yaml', `unit.yaml:${lineWith('unit: ms')}: pass-empty: unit "msec" is not known; did you mean ms?`],
    ['calibrate few.yaml', 'few.yaml: 0 rows cannot determine 6 parameters; set fit: true on more rows'],
  ])('rmpopt %s', expectLine)
})

async function expectLine(args: string, message: string | RegExp): Promise<void> {
  const { code, stdout, stderr } = await rmpopt(args)
  const [line, ...rest] = stderr.split('\n')
  expect(line.replace(/^rmpopt: /, '')).toEqual(typeof message === 'string' ? message : expect.stringMatching(message))
  expect({ code, stdout, rest }).toEqual({ code: 2, stdout: '', rest: [''] })
}
