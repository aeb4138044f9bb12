import { type IndexSet, members } from '../../machine/index.ts'
import type { Path, State } from '../model.ts'
import type { KernelModel } from './model.ts'
import { isAtRest } from './threads.ts'
import { opWords } from './words.ts'
import type { KernelWorld } from './world.ts'

/** One step of a counterexample, for people. */
export interface StoryStep {
  /** To replay it. */
  readonly action: number
  /** The CPU on which it happens. */
  readonly cpu: number
  readonly who: string
  readonly what: string
  /** The instruction, or the handler, was under way already: one micro-step more of it. */
  readonly goesOn?: true
  /** What it has changed of all that matters. */
  readonly changes: readonly Fact[]
}

/** Something that matters of a state, and what it is: `region 0:` is `2 assigned, optimised on none`. */
export interface Fact {
  readonly of: string
  readonly now: string
}

/** All that matters of the state that a run starts from. */
export function factsAt(model: KernelModel, state: State): Fact[] {
  return Object.entries(factsOf(model.enter(state[0]))).map(([of, now]) => ({ of, now }))
}

/** A run as a story: what each step is on which CPU, and what has changed after it. */
export function storyOf(model: KernelModel, { start, steps }: Path): StoryStep[] {
  const told = steps.map(({ action, label }) => ({ action, ...parsed(label), thread: model.threadOf(action) }))
  let facts = factsOf(model.enter(start[0]))
  return told.map(({ action, cpu, who, what, thread }, at) => {
    const now = factsOf(model.enter(steps[at].state[0]))
    const changes = Object.keys(now).flatMap((name) => (now[name] === facts[name] ? [] : [{ of: name, now: now[name] }]))
    facts = now
    // Where nothing depends on it: where the task was last, or will be next.
    const before = at === 0 ? start : steps[at - 1].state
    const goesOn = thread >= 0 && model.threadState(before, thread).executing[cpu] !== undefined
    const near = [...told.slice(0, at).reverse(), ...told.slice(at)].find(
      (other) => other.thread === thread && other.cpu >= 0 && !other.what.startsWith('IPI'),
    )
    return { action, cpu: cpu >= 0 ? cpu : (near?.cpu ?? 0), who, what, ...(goesOn ? { goesOn } : {}), changes }
  })
}

function parsed(label: string): { cpu: number; who: string; what: string } {
  const [, cpu, who, what] = /^(?:CPU(\d+) )?([^:]*): (.*)$/.exec(label) ?? []
  return { cpu: cpu === undefined ? -1 : Number(cpu), who, what }
}

/** Who is not done in a state, and what they are about to do or wait for. */
export function undone(model: KernelModel, state: State): string[] {
  return model.threads.flatMap(({ name }, thread) => {
    const { routine, phase } = model.threadState(state, thread)
    if (isAtRest(model.threadState(state, thread)) || routine.op === undefined) return []
    const words = opWords(model.enter(state[0]), routine.op)
    return [`${name} ${phase === 'waits' && !words.startsWith('waits') ? `waits: ${words}` : words}`]
  })
}

/** What matters of a state. */
function factsOf({ machine, kernel, monitor }: KernelWorld): Record<string, string> {
  const { rmp, tables, topology, cpus } = machine
  const facts: Record<string, string> = {}
  for (let region = 0; region < rmp.regions; region++) {
    facts[`region ${region}:`] = `${rmp.assignedPages[region]} assigned, optimised on ${listed(tables.sets[region])}`
  }
  for (const [core, { enabled }] of tables.bases.entries()) facts[`core ${core} table`] = enabled ? 'on' : 'off'
  facts['online'] = listed(kernel.online)
  facts['SNP_EN on'] = listed(topology.cpuSets.where((cpu) => cpus[cpu].snpEn))
  facts['hotplug disabled'] = String(kernel.hotplugDisabled)
  facts['mask'] = listed(kernel.rmpopt.primaries)
  facts['work'] = `${kernel.rmpopt.work.isPending ? 'pending' : 'not pending'}${kernel.rmpopt.work.isRunning ? ', running' : ''}`
  facts['in_progress'] = kernel.rmpopt.isInProgress ? '1' : '0'
  facts['SNP'] = kernel.snpInitialised ? 'initialised' : 'not initialised'
  facts['RMPOPT'] = kernel.rmpopt.isConfigured ? 'configured' : 'not configured'
  const asked = Array.from({ length: rmp.regions }, (_, region) => region).filter((region) => (monitor.asked >> region) & 1)
  facts['request'] = asked.length === 0 ? 'answered' : `for regions ${asked.join(',')} unanswered`
  facts['leaked pages'] = String(kernel.leakedPages)
  return facts
}

function listed(set: IndexSet): string {
  return set.size === 0 ? 'none' : [...members(set)].join(',')
}
