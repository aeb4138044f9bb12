import { formatCpuList } from '../arch/index.ts'
import type { ExplainOperation } from './explain-result.ts'
import { type Deed, hex } from './words.ts'

/** Deeds alike that were done in a row, or in turn with one other kind. */
interface Group {
  readonly by: 'cpu' | string
  readonly cpus: Set<number>
  readonly verb: string
  readonly result: string
  readonly first: number | undefined
  last: number | undefined
  times: number
}

/** Groups this far back are still added to: a loop of two instructions is told as two groups. */
const WINDOW = 2

/** Writes down what happens, telling the same done to many once. */
export class Chronicle {
  #groups: Group[] = []

  /** @param by a CPU's number, or who else did it */
  add(by: number | string, { verb, on }: Deed, result: string, times = 1): void {
    const kind = typeof by === 'number' ? 'cpu' : by
    const recent = this.#groups.slice(-WINDOW)
    const alike = recent.find((group) => group.by === kind && group.verb === verb && group.result === result)
    const group = alike ?? { by: kind, cpus: new Set<number>(), verb, result, first: on, last: on, times: 0 }
    if (alike === undefined) this.#groups.push(group)
    if (typeof by === 'number') group.cpus.add(by)
    group.last = on
    group.times += times
  }

  take(): ExplainOperation[] {
    const groups = this.#groups
    this.#groups = []
    return groups.map(({ by, cpus, verb, result, first, last, times }) => {
      const on =
        first === undefined || last === undefined ? '' : first === last ? ` ${hex(first)}` : ` ${hex(first)} … ${hex(last)}`
      return { who: by === 'cpu' ? cpuNames([...cpus]) : by, what: `${verb}${on}`, result, times }
    })
  }
}

function cpuNames(cpus: readonly number[]): string {
  const list = formatCpuList([...cpus].sort((a, b) => a - b))
  return cpus.length === 1 ? `CPU ${list}` : `CPUs ${list}`
}
