/** The kernel model against the plainest way: every schedule on its own, by the test's driver, nothing remembered or merged. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Kernel, lock, type Op, type RmpoptDriver, type Routine, smpProcessorId, unlock } from '../../kernel/index.ts'
import { members } from '../../machine/index.ts'
import { Drive, type Thread } from '../../testing/drive.ts'
import { breadthFirst } from '../breadth-first.ts'
import { endings } from '../endings.ts'
import { KernelModel } from './model.ts'
import type { Scenario } from './scenario.ts'
import { KernelWorld } from './world.ts'

const MACHINE = { cores: 2, regions: 1 } as const

/** What a thread of a tiny programme may do: an operation, or something between two of them. */
const STEPS: Record<string, (kernel: Kernel) => Routine<unknown>> = {
  *'lock and double'(kernel) {
    yield* lock(kernel.rmpopt.mutex)
    kernel.leakedPages = kernel.leakedPages * 2
    yield* unlock(kernel.rmpopt.mutex)
  },
  *'read lock'({ hotplugLock }) {
    yield* lock(hotplugLock, 'shared')
    yield* unlock(hotplugLock, 'shared')
  },
  *'write lock'(kernel) {
    yield* lock(kernel.hotplugLock)
    kernel.leakedPages = kernel.leakedPages * 2 + 1
    yield* unlock(kernel.hotplugLock)
  },
  *'increment in two steps'(kernel) {
    const { leakedPages } = kernel
    yield { op: 'cond-resched' }
    kernel.leakedPages = leakedPages + 1
  },
  *'queue the work'({ rmpopt }) {
    yield { op: 'delay-work', work: rmpopt.work, delayNs: 0, ifPending: 'keep' }
  },
  *'cancel the work'({ rmpopt }) {
    yield { op: 'cancel-work-sync', work: rmpopt.work }
  },
  *'note the CPU while pinned'(kernel) {
    yield { op: 'migrate-disable' }
    kernel.leakedPages = kernel.leakedPages * 4 + (yield* smpProcessorId())
    yield { op: 'migrate-enable' }
  },
  *'wait for CPU 1'(kernel) {
    yield { op: 'wait-unpinned', cpu: 1 }
    kernel.hotplugDisabled++
  },
  *'sleep unless woken'({ rmpopt }) {
    yield { op: 'set-sleeping', thread: rmpopt.thread }
    yield { op: 'wake-up-process', thread: rmpopt.thread }
  },
}
const DRIVER: RmpoptDriver = {
  name: 'tiny',
  summary: '',
  *work(kernel) {
    const before = kernel.leakedPages
    yield { op: 'cond-resched' }
    kernel.leakedPages = before * 2 + 1
  },
}

type Programme = readonly (readonly string[])[]

function* run(kernel: Kernel, names: readonly string[]): Routine<void> {
  for (const name of names) yield* STEPS[name](kernel)
}

/** What is left when nobody can go on. */
function key({ leakedPages, hotplugDisabled, rmpopt, hotplugLock, online }: Kernel): string {
  const { work, mutex } = rmpopt
  return JSON.stringify([
    [leakedPages, hotplugDisabled, work.isPending, work.isRunning, work.waiters.length],
    [mutex.isHeld, hotplugLock.isHeld, rmpopt.thread.isSleeping, ...members(online)],
  ])
}

/** Every schedule, each on a kernel of its own. */
function bruteForce(programme: Programme, driver: RmpoptDriver): Set<string> {
  const ends = new Set<string>()
  const prefixes: number[][] = [[]]
  for (let prefix = prefixes.pop(); prefix !== undefined; prefix = prefixes.pop()) {
    const { kernel } = new KernelWorld(MACHINE, driver, 0)
    const drive = new Drive(kernel)
    for (const names of programme) drive.spawn(run(kernel, names))
    for (let at = 0; ; at++) {
      const choices = choicesOf(drive)
      if (choices.length === 0) break
      const choice = prefix[at] ?? 0
      if (at >= prefix.length) for (let other = 1; other < choices.length; other++) prefixes.push([...prefix, other])
      choices[choice]()
      if (at >= prefix.length) prefix.push(0)
    }
    ends.add(key(kernel))
  }
  return ends
}

/** Who may go on, on which CPU; and the timer. */
function choicesOf(drive: Drive): (() => void)[] {
  const { kernel, threads } = drive
  const { work } = kernel.rmpopt
  const choices: (() => void)[] = []
  for (const thread of threads) {
    if (thread.state !== 'ready' || isStuck(thread, threads)) continue
    const cpus = thread.pinned > 0 || !caresForCpu(thread.next) ? [thread.cpu] : [...members(kernel.online)]
    for (const cpu of cpus) choices.push(() => drive.step(Object.assign(thread, { cpu })))
  }
  if (work.isPending && !work.isRunning)
    choices.push(() => {
      work.fire()
      work.start()
      drive.spawn(work.routine(), 0, work)
    })
  return choices
}

const caresForCpu = (op: Op | undefined) => op?.op === 'migrate-disable' || op?.op === 'smp-processor-id'

/** To be tried again later, not to stand in line for. */
function isStuck({ next }: Thread, threads: readonly Thread[]): boolean {
  return next?.op === 'wait-unpinned' && threads.some(({ cpu, pinned }) => pinned > 0 && cpu === next.cpu)
}

function modelled(programme: Programme, driver: RmpoptDriver, joinPrivate: boolean): Set<string> {
  const events = programme.map((names, i) => ({ name: `thread ${i}`, routine: (kernel: Kernel) => run(kernel, names) }))
  const scenario: Scenario = { name: 'tiny', sentence: '', machine: MACHINE, events }
  const model = new KernelModel({ scenario, driver, joinPrivate })
  const { graph } = breadthFirst(model)
  return new Set(endings(model, graph).map(({ index }) => key(model.enter(graph.states.state(index)[0]).kernel)))
}

const programmes: fc.Arbitrary<Programme> = fc
  .tuple(
    fc.array(fc.constantFrom(...Object.keys(STEPS)), { minLength: 1, maxLength: 2 }),
    fc.array(fc.constantFrom(...Object.keys(STEPS)), { minLength: 1, maxLength: 2 }),
  )
  .map(([a, b]) => [a, b])

describe('the plainest way', () => {
  it('sees the lost increment', () => {
    const ends = bruteForce([['increment in two steps'], ['increment in two steps']], DRIVER)
    expect([...ends].map((end) => JSON.parse(end)[0][0]).sort()).toEqual([1, 2])
  })
})

describe('membrane, memory and merging change nothing', () => {
  it.each([true, false])('tiny programmes end as brute force has them end (private steps joined: %s)', (joinPrivate) => {
    fc.assert(
      fc.property(programmes, (programme) => {
        expect([...modelled(programme, DRIVER, joinPrivate)].sort()).toEqual([...bruteForce(programme, DRIVER)].sort())
      }),
      { numRuns: 60, seed: 1 },
    )
  })
})
