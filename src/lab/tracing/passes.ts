import type { CpuId, Ns, RegionIndex } from '../../arch/index.ts'
import { KernelListener, type RegionRange } from '../../kernel/index.ts'
import type { IndexSet } from '../../machine/index.ts'
import type { Crowd, HostSimulation, RmpoptLedger, RmpoptPart, Task } from '../../sim/index.ts'
import type { HostSpan } from '../host-events.ts'
import { LIMITS } from './limits.ts'
import { PassRecord } from './pass-record.ts'
import { passSpans } from './pass-spans.ts'

/** All passes, and what they take from which CPU. */
export class Passes extends KernelListener implements RmpoptLedger {
  /** When there was one pass more than are shown: there the trace has to end. */
  fullNs = Number.POSITIVE_INFINITY
  readonly #host: HostSimulation
  readonly #fromNs: Ns
  readonly #records: PassRecord[] = []
  #count = 0
  #detailed = 0
  /** Under way, by task. */
  readonly #open = new Map<number, PassRecord>()

  constructor(host: HostSimulation, fromNs: Ns) {
    super()
    this.#host = host
    this.#fromNs = fromNs
  }

  override passBegins(_cpu: CpuId, regions: readonly RegionRange[]): void {
    const { current, nowNs } = this.#host.clock
    if (current === undefined || nowNs > this.fullNs) return
    if (this.#records.length === LIMITS.passes) {
      this.fullNs = nowNs
      return
    }
    const isDetailed = nowNs >= this.#fromNs && this.#detailed < LIMITS.detailedPasses
    if (isDetailed) this.#detailed++
    const record = new PassRecord(this.#host, current, {
      number: ++this.#count,
      first: regions[0].first,
      end: regions[regions.length - 1].end,
      isDetailed,
    })
    this.#records.push(record)
    this.#open.set(current.id, record)
  }

  override leaderDone(): void {
    const record = this.#ofCurrent()
    record?.settle()
    if (record !== undefined) record.leaderDoneNs = this.#host.clock.nowNs
  }

  override passEnds(): void {
    const record = this.#ofCurrent()
    if (record === undefined) return
    this.#open.delete(record.task.id)
    record.settle()
    record.endNs = this.#host.clock.nowNs
    record.readCost()
    if (record.endNs < this.#fromNs) this.#records.splice(this.#records.lastIndexOf(record), 1)
  }

  own(task: Task, region: RegionIndex, ns: Ns): void {
    this.#open.get(task.id)?.addOwn(region, ns)
  }

  broadcast(task: Task, mask: IndexSet, crowd: Crowd, parts: readonly RmpoptPart[], waitNs: Ns): void {
    this.#open.get(task.id)?.addBroadcast(mask, crowd, parts, waitNs)
  }

  /** The passes that began before `endNs`, and what they took from CPUs: from how many of them is shared out evenly. */
  spans(endNs: Ns): { readonly spans: HostSpan[]; readonly count: number; readonly cpusSummed: number } {
    const shown = this.#records.filter(({ startNs }) => startNs < endNs)
    for (const record of this.#open.values()) record.readCost()
    const cpusSummed = Math.floor(LIMITS.summaries / Math.max(1, shown.length))
    const spans = shown.flatMap((record) => passSpans(this.#host, record, cpusSummed, endNs))
    return { spans, count: shown.length, cpusSummed }
  }

  #ofCurrent(): PassRecord | undefined {
    const { current } = this.#host.clock
    return current && this.#open.get(current.id)
  }
}
