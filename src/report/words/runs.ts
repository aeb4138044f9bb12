import type { CheckResult } from '../../lab/index.ts'
import { type Failure, failures, shortestRuns } from './story-lines.ts'

/** A run that is told once, though it is the same, word by word, for several policies, or breaks several properties. */
export interface Run {
  /** From 1, in the order of the results. */
  readonly number: number
  /** What it breaks: not empty. */
  readonly breaks: readonly Failure[]
}

/** The runs of a result, and where each is told. */
export interface RunBook {
  /** All of them, by their numbers. */
  readonly runs: readonly Run[]
  /** The shortest run of a policy against a property, over the scenarios, or in one. */
  readonly shortest: (policy: string, property: string, scenario?: string) => Failure | undefined
  readonly runOf: (failure: Failure) => Run
  /** A chapter for each property that fails. */
  readonly chapters: readonly Chapter[]
}

export interface Chapter {
  readonly name: string
  readonly sentence: string
  /** For each policy that fails the shortest over all scenarios. */
  readonly shortest: readonly Told[]
  readonly rest: readonly Told[]
}

export interface Told {
  readonly run: Run
  /** The chapter in which it is told; others refer to it. */
  readonly home: string
}

export function runBook({ results, properties }: CheckResult): RunBook {
  const all = failures(results)
  const runs = runsOf(all)
  const best = shortestRuns(all)
  const runOf = (failure: Failure) => runs.get(failure)!
  const told = properties.map(({ name }) => {
    const of = (list: readonly Failure[]) => [...new Set(list.filter(({ property }) => property === name).map(runOf))]
    const shortest = of(best)
    return { shortest, rest: of(all).filter((run) => !shortest.includes(run)) }
  })
  const home = new Map<Run, string>()
  for (const part of ['shortest', 'rest'] as const) {
    for (const [at, { name }] of properties.entries()) {
      for (const run of told[at][part]) if (!home.has(run)) home.set(run, name)
    }
  }
  const chapters = properties.map(({ name, sentence }, at): Chapter => {
    const tellable = (runs: readonly Run[]) => runs.map((run) => ({ run, home: home.get(run)! }))
    return { name, sentence, shortest: tellable(told[at].shortest), rest: tellable(told[at].rest) }
  })
  return {
    runs: [...new Set(runs.values())],
    runOf,
    shortest: (policy, property, scenario) =>
      (scenario === undefined ? best : all).find(
        (one) => one.policy === policy && one.property === property && (scenario === undefined || one.scenario === scenario),
      ),
    chapters: chapters.filter(({ shortest }) => shortest.length > 0),
  }
}

function runsOf(all: readonly Failure[]): ReadonlyMap<Failure, Run> {
  const byStory = new Map<string, Run & { readonly breaks: Failure[] }>()
  const runs = new Map<Failure, Run>()
  for (const failure of all) {
    const { scenario, start, trace } = failure
    const story = JSON.stringify([scenario, start, trace.map(({ action: _, ...told }) => told)])
    let run = byStory.get(story)
    if (run === undefined) byStory.set(story, (run = { number: byStory.size + 1, breaks: [] }))
    run.breaks.push(failure)
    runs.set(failure, run)
  }
  return runs
}
