import type { CheckResult, Fact, StoryStep } from '../../lab/index.ts'
import { type Failure, failures, type StoryLine, storyLines } from '../words/story-lines.ts'
import { chromeTrace, OTHER_TRACKS, type Process, type Slice, type Track } from './chrome-trace.ts'
import { cpuTracks } from './cpu-tracks.ts'

/**
 * The runs that break a property, for the Perfetto UI: a process a run; a track a CPU, and a track for each fact that ever changes.
 * A run knows order, not time: each step is drawn as one microsecond, step 1 from 1 µs to 2 µs, and what it changes from its end on.
 */
export function counterexampleTrace(result: CheckResult): string {
  return chromeTrace(failures(result.results).map((failure) => processOf(failure, result)))
}

function processOf(failure: Failure, { scenarios, properties }: CheckResult): Process {
  const { policy, property, scenario, trace, start = [], stuck = [] } = failure
  const sentenceOf = (named: CheckResult['scenarios'], name: string) => named.find((one) => one.name === name)?.sentence ?? ''
  const about = { scenario: sentenceOf(scenarios, scenario), time: 'none: one step is drawn as 1 µs' }
  const broken = {
    property: sentenceOf(properties, property),
    ...Object.fromEntries(stuck.map((who, at) => [`stuck ${at + 1}`, who])),
  }
  const end = trace.length + 1
  const run: Slice[] = [
    { name: `${scenario}: start`, kind: 'start', ...between(0, 1), args: { ...about, ...factArgs(start) } },
    { name: `broken: ${property}`, kind: 'broken', ...between(end, end + 1), args: broken },
  ]
  return {
    name: `${policy} breaks ${property} in ${scenario}`,
    notes: { policy, ...broken, steps: trace.length, ...about },
    tracks: [
      { tid: OTHER_TRACKS, name: 'run', lane: run },
      ...cpuTracks(instructions(storyLines(trace))),
      ...factTracks(start, trace),
    ],
  }
}

/** One slice a line; instructions that others came in between of have one around them. */
function instructions(lines: readonly StoryLine[]): (Slice & { readonly cpu: number })[] {
  const underWay = new Map<string, StoryLine[]>()
  const wholes: StoryLine[][] = []
  for (const line of lines) {
    const key = JSON.stringify([line.cpu, line.who])
    const parts = line.goesOn ? underWay.get(key) : undefined
    if (parts !== undefined) parts.push(line)
    else {
      const whole = [line]
      wholes.push(whole)
      underWay.set(key, whole)
    }
  }
  return wholes.flatMap((parts) => {
    const [{ first, cpu, who, what }] = parts
    const whole = { first, last: parts[parts.length - 1].last, cpu, who, what, changes: parts.flatMap(({ changes }) => changes) }
    return parts.length === 1 ? [sliceOf(whole)] : [sliceOf(whole), ...parts.map(sliceOf)]
  })
}

function sliceOf({ first, last, cpu, who, what, changes }: Omit<StoryLine, 'goesOn'>): Slice & { readonly cpu: number } {
  const steps = first === last ? first : `${first} to ${last}`
  return { name: `${who}: ${what}`, kind: who, cpu, ...between(first, last + 1), args: { steps, ...factArgs(changes) } }
}

/** Of each fact that changes, what it was when. What is not known of the start is left open. */
function factTracks(start: readonly Fact[], trace: readonly StoryStep[]): Track[] {
  const changes = trace.flatMap((step, at) => step.changes.map((fact) => ({ ...fact, from: at + 2 })))
  const changing = new Set(changes.map((fact) => fact.of))
  const known = [...start.map((fact) => ({ ...fact, from: 0 })), ...changes]
  const names = [...new Set(known.map((fact) => fact.of))].filter((name) => changing.has(name))
  return names.map((name, at) => {
    const own = known.filter((fact) => fact.of === name)
    const lane = own.map(({ now, from }, index) => ({
      ...{ name: now, kind: 'fact' },
      ...between(from, own[index + 1]?.from ?? trace.length + 2),
    }))
    return { tid: OTHER_TRACKS + 1 + at, name: plain(name), lane }
  })
}

/** By fact; one that changes more than once has all it becomes. */
function factArgs(facts: readonly Fact[]): Record<string, string> {
  const args: Record<string, string> = {}
  for (const { of, now } of facts) args[plain(of)] = args[plain(of)] === undefined ? now : `${args[plain(of)]}; then ${now}`
  return args
}

/** Facts whose value is a sentence end in a colon. */
function plain(name: string): string {
  return name.replace(/:$/, '')
}

const STEP_NS = 1000

function between(first: number, end: number): { readonly startNs: number; readonly endNs: number } {
  return { startNs: first * STEP_NS, endNs: end * STEP_NS }
}
