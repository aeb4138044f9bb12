import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { geometry, KIB, type PageSize } from '../arch/index.ts'
import { breadthFirst, HardwareModel, KernelModel, type Operation, SCENARIOS, type Thread } from '../check/index.ts'
import { ALL_FEATURES, enableSnp, Machine } from '../machine/index.ts'
import { V10 } from '../policy/index.ts'

/**
 * Every interleaving of the race of RMPUPDATE and RMPOPT, explored by `check` and, where it is installed, by Spin: three CPUs that
 * execute RMPOPT twice, and one that assigns a page and takes it back, twice. `race.pml` is the same race, step for step: Spin
 * counts one state more, the one before its processes are there.
 */
export function statesPerSecond(): void {
  console.log('\nevery interleaving of RMPOPT on three CPUs, twice each, against RMPUPDATE on a fourth, four times')
  for (let round = 0; round < 3; round++) explore('check', race())
  explore('check, like CPUs taken for each other', race(true))
  spin()
  console.log('\nthe kernel through every interleaving of a scenario, revision 10')
  for (const scenario of SCENARIOS.slice(0, 3)) explore(scenario.name, new KernelModel({ scenario, driver: V10 }))
}

function explore(what: string, model: HardwareModel | KernelModel): void {
  const start = process.hrtime.bigint()
  const { states, bytes, verdicts } = breadthFirst(model)
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  const failed = verdicts.flatMap(({ kind, property }) => (kind === 'fails' ? [property] : []))
  const found = failed.length === 0 ? 'all properties hold' : `fails: ${failed.join(', ')}`
  const each = (bytes + model.played.bytes) / states
  tell(what, states, seconds, `${each.toFixed(0)} bytes a state, ${model.played.steps} real steps, ${found}`)
}

function race(symmetry = false): HardwareModel {
  const g = geometry(4 * KIB, 2, 2)
  const base = 2 * g.regionBytes
  const machine = new Machine({
    geometry: g,
    ram: [{ start: 0, end: 2 * base, node: 0 }],
    layout: { kind: 'segmented', base, segmentShift: 30, segments: [] },
    topology: { sockets: 1, coresPerSocket: 4, threadsPerCore: 1, nodesPerSocket: 1 },
    features: ALL_FEATURES,
  })
  const verify: Operation = { do: 'instruction', instruction: { name: 'RMPOPT', rax: 0, rcx: 0 } }
  const program = [update(true), update(false), update(true), update(false)]
  const threads: Thread[] = [0, 1, 2].map((cpu) => ({ cpu, program: [verify, verify] }))
  return new HardwareModel({ machine: enableSnp(machine, { init: false }), threads: [...threads, { cpu: 3, program }], symmetry })
}

/** RMPUPDATE of the last page of region 0. */
function update(assigned: boolean): Operation {
  const rax = 3 * 4 * KIB
  const size: PageSize = '4K'
  const input = { assigned, asid: assigned ? 1 : 0, gpa: assigned ? rax : 0, size, immutable: false }
  return { do: 'instruction', instruction: { name: 'RMPUPDATE', rax, input } }
}

function spin(): void {
  const directory = mkdtempSync(join(tmpdir(), 'rmpopt-spin-'))
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { cwd: directory, encoding: 'utf8', stdio: 'pipe' })
  try {
    run('spin', '-a', fileURLToPath(new URL('../../src/bench/race.pml', import.meta.url)))
    run('gcc', '-w', '-O2', '-DSAFETY', '-DNOREDUCE', '-DMEMLIM=4000', '-o', 'pan', 'pan.c')
    const report = run('./pan')
    const number = (pattern: RegExp) => Number(pattern.exec(report)?.[1])
    const states = number(/(\d+) states, stored/)
    const mebibytes = number(/([\d.]+)\s+total actual memory usage/)
    tell(
      'spin',
      states,
      number(/elapsed time ([\d.]+)/),
      `${((mebibytes * 2 ** 20) / states).toFixed(0)} bytes a state, no reduction`,
    )
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    console.log('  spin or gcc is not installed: no comparison')
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function tell(who: string, states: number, seconds: number, rest: string): void {
  console.log(
    `  ${who}: ${states} states in ${seconds.toFixed(2)} s, ${(states / seconds / 1e6).toFixed(2)} million states/s; ${rest}`,
  )
}
