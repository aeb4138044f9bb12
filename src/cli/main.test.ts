import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import type { RunResult } from '../lab/index.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const PACKAGE = fileURLToPath(new URL('../../package.json', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'rmpopt-cli-'))
afterAll(() => rmSync(directory, { recursive: true }))

const HEADER = 'vm_id,batch_id,created_s,deleted_s,vcpus,memory_gb\n'
mkdirSync(join(directory, 'traces'))
writeFileSync(join(directory, 'traces/small.csv'), `${HEADER}0,a,0,60,2,2\n1,b,5,90,1,3\n2,c,20,,2,4\n3,d,30,40,bad,1\n`)
writeFileSync(join(directory, 'trace.yaml'), 'host: tiny\ntrace: traces/small.csv\nsnpShare: 1\n')
writeFileSync(
  join(directory, 'small.yaml'),
  'host: tiny\nhosts: 2\ngenerate: { vms: 20, durationS: 600 }\nrejectOversized: true\n',
)

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

/** @param act what to do to the program while it runs */
function rmpopt(line: string, act?: (child: ReturnType<typeof spawn>) => void, env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...line.split(' ').filter((arg) => arg !== '')], {
    cwd: directory,
    env: { ...process.env, ...env },
  })
  act?.(child)
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (data: Buffer) => stdout.push(data))
  child.stderr.on('data', (data: Buffer) => stderr.push(data))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() })
    })
  })
}

async function output(line: string): Promise<string> {
  const { code, stdout, stderr } = await rmpopt(line)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

describe.concurrent('the program', () => {
  test('tells its version', async () => {
    expect(await output('--version')).toBe(`${JSON.parse(readFileSync(PACKAGE, 'utf8')).version}\n`)
  })

  test.each([
    '',
    '--help',
    'help',
    'run --help',
    'explain --help',
    'table --help',
    'scan --help',
    'calibrate --help',
    'litmus --help',
    'check --help',
  ])('helps: rmpopt %s', async (line) => {
    const help = await output(line)
    expect(help).toMatch(/^Usage: rmpopt /)
    expect(help).toContain('Example')
  })

  test('shows a run on one screen, without colours in a pipe', async () => {
    // Even where other programs would show them.
    const { code, stdout: screen } = await rmpopt('run small.yaml', undefined, { CI: '1', FORCE_COLOR: '1' })
    expect(code).toBe(0)
    expect(screen).toContain('RMPOPT policy v10')
    expect(screen.split('\n').length).toBeLessThanOrEqual(26)
    expect(screen).not.toContain('\u001b')
  })

  test('answers --json with one document, the same bytes each time', async () => {
    const [first, second] = await Promise.all([output('run small.yaml --json'), output('run small.yaml --json')])
    expect(second).toBe(first)
    const result: RunResult = JSON.parse(first)
    expect(result).toMatchObject({ schema: 'rmpopt.run/1', policy: 'v10', hosts: 2, vms: { requested: 20 } })
  })

  test('lets options override the fields of a scenario', async () => {
    const result: RunResult = JSON.parse(
      await output('run small.yaml --json --policy none --hosts 1 --until 5m --seed 7 --snp-share 1'),
    )
    expect(result).toMatchObject({ policy: 'none', hosts: 1, seed: 7, snpShare: 1, simulatedNs: 300e9, host: { name: 'tiny' } })
  })

  test.each(['small.yaml --policy ideal --until 10m', 'trace.yaml --skip-bad-rows --placement lowest'])(
    'shows a configuration that gives the same run: %s',
    async (line) => {
      const name = `shown-${line.length}.yaml`
      // In another directory: a relative trace must still be found.
      writeFileSync(join(directory, 'traces', name), await output(`run ${line} --show-config`))
      const skip = line.includes('--skip-bad-rows') ? ' --skip-bad-rows' : ''
      const [run, again] = await Promise.all([output(`run ${line} --json`), output(`run traces/${name}${skip} --json`)])
      expect(again).toBe(run)
    },
  )

  test('shows every default, also as JSON, and those of table', async () => {
    const shown = JSON.parse(await output('run --show-config --json'))
    expect(shown).toMatchObject({ host: { preset: 'venice-2s', sockets: 2 }, policy: 'v10', hosts: 'auto', snpShare: 0.2 })
    expect(await output('table --show-config --at 5')).toBe(await output('run --show-config'))
  })

  test('leaves bad rows out when asked to, and says how many', async () => {
    const line = 'trace.yaml --skip-bad-rows'
    expect(await output(`run ${line}`)).toContain('1 bad row of the trace left out')
    const { code, stdout, stderr } = await rmpopt(`table ${line} --at 50`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'rmpopt: note: bad rows of the trace left out: 1\n' })
    expect(stdout).toMatch(/^Memory @ {2}0GB: CPU\(s\): none\n/)
  })

  test('prints a table as the kernel does, a line a region', async () => {
    const table = await output('table small.yaml --at 1s --host-index 1')
    expect(table).toMatch(/^(Memory @ {0,2}\d+GB: CPU\(s\): (none|[\d,-]+)\n){16}$/)
    const { lines, ...rest } = JSON.parse(await output('table small.yaml --at 1s --host-index 1 --json'))
    expect(rest).toEqual({ schema: 'rmpopt.table/1', hostIndex: 1, atNs: 1e9 })
    expect(lines.join('\n')).toBe(table.trimEnd())
  })

  test('writes what happens on a host for Perfetto, and tells where', async () => {
    for (const line of ['run small.yaml --policy v4', 'compare small.yaml --policies v10,v4 --vs v4']) {
      const path = `${line.split(' ')[0]}-trace.json`
      const [plain, { code, stdout, stderr }] = await Promise.all([
        output(`${line} --json`),
        rmpopt(`${line} --json --perfetto ${path}`),
      ])
      expect({ code, stderr }).toEqual({ code: 0, stderr: `rmpopt: wrote ${path}\n` })
      expect(stdout).toBe(plain)
    }
    const [run, compare] = ['run', 'compare'].map((name) => readFileSync(join(directory, `${name}-trace.json`), 'utf8'))
    expect(compare).toBe(run)
    const names = JSON.parse(run).traceEvents.map((event: { name: string }) => event.name)
    expect(names).toEqual(
      expect.arrayContaining(['process_name', 'rmpopt_notes', 'pass 1', 'leader', 'followers', 'SNP enabled']),
    )
  })

  test('explains, all of it or a step', async () => {
    const all = await output('explain')
    const step = await output('explain --step 3')
    const { steps } = JSON.parse(await output('explain --step 3 --json'))
    expect(steps).toHaveLength(1)
    expect(step).toContain(` 3 ${steps[0].title}`)
    expect(step.length).toBeLessThan(all.length)
  })

  test('scans, on a screen and as JSON', async () => {
    const screen = await output('scan --host tiny --again 1 --sensitivity --seeds 2')
    expect(screen).toContain('One pass of RMPOPT on tiny')
    expect(screen.split('\n').every((line) => line.length <= 100)).toBe(true)
    const line = 'scan --host tiny --state random:0.01 --loop batched:4 --json'
    const [first, second] = await Promise.all([output(line), output(line)])
    expect(second).toBe(first)
    expect(JSON.parse(first)).toMatchObject({ schema: 'rmpopt.scan/1', options: { loop: 'batched:4' }, regions: 16, again: [] })
  })

  test('calibrates, on a screen and as JSON', async () => {
    const screen = await output('calibrate')
    expect(screen).toContain('pass-first-page')
    const { schema, rows } = JSON.parse(await output('calibrate --json'))
    expect(schema).toBe('rmpopt.calibrate/1')
    expect(rows).toHaveLength(10)
  })

  test('plays the litmus corpus, and one file of it with every outcome', async () => {
    const corpus = await output('litmus')
    expect(corpus).toMatch(/\n\d+ files: all conditions hold\n$/)
    const { schema, holds, files } = JSON.parse(await output('litmus --json'))
    expect({ schema, holds }).toEqual({ schema: 'rmpopt.litmus/1', holds: true })
    expect(corpus.split('\n').filter((line) => line.startsWith('ok'))).toHaveLength(files.length)
  })

  test('ends with exit code 1 where a litmus condition does not hold, and shows why', async () => {
    writeFileSync(join(directory, 'no.litmus'), 'litmus no\nCPU0\nRMPOPT region0,verify\nnever CPU0:CF=1\n')
    const { code, stdout, stderr } = await rmpopt('litmus no.litmus')
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(stdout).toContain('fails  never CPU0:CF = 1  (in 1 of 1)\n        CPU0: RMPOPT region0, verify: begin, look up,')
    expect((await rmpopt('litmus no.litmus --json')).code).toBe(1)
    expect(await output('litmus --format no.litmus')).toBe('litmus no\n\nCPU0\n  RMPOPT region0, verify\n\nnever CPU0:CF = 1\n')
  })

  test('lists what it assumes', async () => {
    expect(await output('explain --assumptions')).toContain('* outOfReach')
    const { schema, areas } = JSON.parse(await output('explain --assumptions --json'))
    expect(schema).toBe('rmpopt.assumptions/1')
    expect(areas.length).toBeGreaterThan(1)
  })

  test('ends quietly when who reads it has read enough', async () => {
    for (const line of ['run small.yaml --json', 'explain', 'table small.yaml --at 5']) {
      const { code, stderr } = await rmpopt(line, (child) => child.stdout?.destroy())
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    }
  })

  test('ends at once on Ctrl-C, in the middle of a computation', async () => {
    let asked = 0
    const interrupt = (child: ReturnType<typeof spawn>) => setTimeout(() => (asked = Date.now()) && child.kill('SIGINT'), 1500)
    const { code, signal, stdout, stderr } = await rmpopt('run --json', interrupt)
    // Death by SIGINT: what a shell calls 130.
    expect({ code, signal, stdout, stderr }).toEqual({ code: null, signal: 'SIGINT', stdout: '', stderr: '' })
    expect(Date.now() - asked).toBeLessThan(2000)
  })
})
