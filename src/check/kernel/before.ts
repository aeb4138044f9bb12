import { assert } from '../../arch/index.ts'
import { type Guest, type Op, onlineOf, type Routine } from '../../kernel/index.ts'
import { has, members } from '../../machine/index.ts'
import { carryOut, interrupt, NOT_NOW, WAITS } from './carry-out.ts'
import { BEFORE_MAX, Endless } from './endless.ts'
import type { Scenario } from './scenario.ts'
import type { KernelWorld } from './world.ts'

/** Tasks that every model has. */
export const WORKER = 0
export const KTHREAD = 1

/** What has happened before: one thing after the other, and after each all that it has brought about. @returns guests that run now */
export function runBefore(world: KernelWorld, { found, before = [] }: Scenario): Guest[] {
  const guests: Guest[] = []
  found?.(world)
  let thread: Routine<unknown> | undefined
  for (const make of before) {
    runOn(world, WORKER, make(world.kernel, guests))
    const { driver, rmpopt } = world.kernel
    if (world.threadIsWanted) thread = driver.thread?.(world.kernel)
    const wakes = world.threadIsWanted || world.tasks[KTHREAD].isWoken
    world.threadIsWanted = false
    world.tasks[KTHREAD].isWoken = false
    if (wakes && thread !== undefined) runOn(world, KTHREAD, thread)
    const { work } = rmpopt
    if (!work.isPending) continue
    work.fire()
    work.start()
    assert(driver.work !== undefined, 'work that is queued has a body')
    runOn(world, WORKER, driver.work(world.kernel))
    work.finish() // and is pending again where passes ask for the next: that one is for the adversary
  }
  return guests
}

/** Runs a routine until it ends or sleeps. */
function runOn(world: KernelWorld, task: number, routine: Routine<unknown>): void {
  let answer: unknown
  for (let asked = 0; ; asked++) {
    if (asked > BEFORE_MAX) throw new Endless('what happened before', BEFORE_MAX)
    const { done, value: op } = routine.next(answer)
    if (done) return
    answer = op.op === 'on-each-cpu' ? onAll(world, op) : carryOut(world, task, world.someCpu(task), op)
    if (answer === WAITS && op.op === 'schedule') return
    assert(answer !== WAITS && answer !== NOT_NOW, `nobody is in the way of ${op.op}`)
  }
}

function onAll({ kernel, machine }: KernelWorld, { mask, fn }: Extract<Op, { op: 'on-each-cpu' }>): unknown {
  const { cpuSets } = machine.topology
  const outcomes = new Map([...members(onlineOf(kernel, mask))].map((cpu) => [cpu, interrupt(machine, cpu, fn)]))
  const among = cpuSets.of(outcomes.keys())
  return {
    carry: cpuSets.where((cpu) => {
      const outcome = outcomes.get(cpu)
      return outcome !== undefined && 'cf' in outcome && outcome.cf
    }),
    faulted: cpuSets.where((cpu) => has(among, cpu) && outcomes.get(cpu)?.kind !== 'done'),
  }
}
