import type { Ns, RegionIndex } from '../arch/index.ts'
import { KernelListener, tellAll } from '../kernel/index.ts'
import { type IndexSet, MachineListener } from '../machine/index.ts'
import type { HostSimulation } from '../sim/index.ts'
import { type Trace, UserError } from '../workload/index.ts'
import type { HostEvents, HostSpan } from './host-events.ts'
import { hostSimulation } from './host-run.ts'
import { planFleet } from './plan.ts'
import { nameOf } from './run.ts'
import type { Scenario } from './scenario.ts'
import { Conversions } from './tracing/conversions.ts'
import { Counters } from './tracing/counters.ts'
import { GOES_ON, Guests } from './tracing/guests.ts'
import { LIMITS } from './tracing/limits.ts'
import { Passes } from './tracing/passes.ts'

export interface HostEventsOptions {
  /** Which host of the fleet, counted from 0. */
  readonly hostIndex?: number
  /** Simulated time to show, from boot to the end of the run. What reaches into it is shown whole as far as it lies before its end. */
  readonly fromNs?: Ns
  readonly toNs?: Ns
}

/**
 * What happens on one host of a fleet under the scenario's policy: passes, interrupts, conversions, guests, and some figures over
 * time, as they happen while it is simulated. What is summed up or left out is said in the notes and in `args`.
 * @throws UserError for a host or a time that is not in the run
 */
export function hostEvents(scenario: Scenario, trace: Trace, options: HostEventsOptions = {}): HostEvents {
  const plan = planFleet(scenario, trace)
  const { hostIndex = 0, fromNs = 0, toNs = plan.endNs } = options
  if (!(hostIndex < plan.hosts))
    throw new UserError(`hostIndex: ${hostIndex} is too high for a run on ${plan.hosts} hosts; count from 0`)
  if (!(fromNs >= 0 && fromNs < toNs && toNs <= plan.endNs))
    throw new UserError(
      `fromNs, toNs: ${fromNs} to ${toNs} is no part of a run of ${plan.endNs} ns; choose times in it, in order`,
    )
  const tracing = new HostTracing(hostSimulation({ ...plan.job(hostIndex), trials: [scenario], wantsMap: false }), fromNs)
  const { spans, counters, notes } = tracing.run(toNs)
  const name = `host ${hostIndex}: ${scenario.host.name}, ${nameOf(scenario.policy)}`
  return { hosts: [{ name, spans, counters, notes: { policy: nameOf(scenario.policy), hostIndex, ...notes } }] }
}

/** So much time is simulated before it is looked at whether the trace is full. */
const STEP_NS: Ns = 60e9

/** Those who take down what happens on a host that has not run yet. */
class HostTracing {
  readonly #host: HostSimulation
  readonly #fromNs: Ns
  readonly #passes: Passes
  readonly #conversions: Conversions
  readonly #guests: Guests
  readonly #counters: Counters
  readonly #moments: Moments

  constructor(host: HostSimulation, fromNs: Ns) {
    this.#host = host
    this.#fromNs = fromNs
    const passes = (this.#passes = new Passes(host, fromNs))
    const conversions = (this.#conversions = new Conversions(host, fromNs))
    const guests = (this.#guests = new Guests(host, fromNs))
    const counters = (this.#counters = new Counters(host))
    const moments = (this.#moments = new Moments(host))
    host.clock.ledger = passes
    // Before the host itself: it closes the books of a pass that has ended.
    host.kernel.tell = tellAll([passes, conversions, guests, counters, moments, host.kernel.tell])
    host.machine.listen(new Watcher(conversions, counters))
  }

  run(toNs: Ns): Pick<HostEvents['hosts'][number], 'spans' | 'counters' | 'notes'> {
    const { clock } = this.#host
    do this.#host.run(Math.min(toNs, clock.nowNs + STEP_NS))
    while (clock.nowNs < toNs && this.#passes.fullNs === Number.POSITIVE_INFINITY)
    const fromNs = this.#fromNs
    const endNs = Math.min(toNs, this.#passes.fullNs)
    const passes = this.#passes.spans(endNs)
    const bursts = this.#conversions.bursts(endNs)
    const guests = this.#guests.spans(endNs)
    const { requests } = this.#conversions
    const notes = {
      ...{ fromS: fromNs / 1e9, toS: endNs / 1e9, passes: passes.count },
      ...(endNs < toNs ? { endsEarly: `there are more than ${LIMITS.passes} passes; the trace ends at the next` } : {}),
      passesShownOneByOne: `the first ${LIMITS.detailedPasses}: on the leader and at most ${LIMITS.detailedCpus} more CPUs, ${LIMITS.detailedRegions} regions`,
      passesSummedUp: `one slice a pass and CPU, for at most ${passes.cpusSummed} CPUs of a pass, the lowest ones`,
      conversionBursts: shown(bursts.count, bursts.spans.length),
      guests: shown(guests.count, guests.spans.length),
      requests: `${requests.count}, as ${requests.spans.length} moments; those of one burst of conversions are one`,
    }
    const about: HostSpan = { name: 'about this trace', kind: 'moment', startNs: fromNs, endNs: fromNs, args: notes }
    const all = [about, ...passes.spans, ...bursts.spans, ...guests.spans, ...requests.spans, ...this.#moments.spans]
    return {
      spans: all.flatMap((span) => cut(span, fromNs, endNs)),
      counters: this.#counters.all.map((counter) => counter.between(fromNs, endNs)),
      notes,
    }
  }
}

function shown(count: number, shown: number): string {
  return count === shown ? `${count}` : `${count}, of which the first ${shown} are shown`
}

/** The span as far as it lies before the end of the trace; nothing if it does not reach into it. */
function cut(span: HostSpan, fromNs: Ns, toNs: Ns): HostSpan[] {
  if (span.startNs > toNs || span.endNs < fromNs) return []
  if (span.endNs <= toNs) return [span]
  const parts = span.parts?.flatMap((part) => cut(part, 0, toNs))
  return [{ ...span, endNs: toNs, args: { ...span.args, ...GOES_ON }, ...(parts === undefined ? {} : { parts }) }]
}

/** What happens once. */
class Moments extends KernelListener {
  readonly spans: HostSpan[] = []
  readonly #host: HostSimulation

  constructor(host: HostSimulation) {
    super()
    this.#host = host
  }
  override snpEnabled(): void {
    this.#add('SNP enabled')
  }
  override snpDisabled(): void {
    this.#add('SNP disabled')
  }
  #add(name: string): void {
    const { nowNs, current } = this.#host.clock
    this.spans.push({ name, kind: 'moment', cpu: current?.cpu, startNs: nowNs, endNs: nowNs })
  }
}

class Watcher extends MachineListener {
  readonly #conversions: Conversions
  readonly #counters: Counters

  constructor(conversions: Conversions, counters: Counters) {
    super()
    this.#conversions = conversions
    this.#counters = counters
  }
  override assigned(region: RegionIndex, before: number, after: number): void {
    this.#conversions.assigned(region, before, after)
    this.#counters.assigned(region, before, after)
  }
  override optimised(_region: RegionIndex, before: IndexSet, after: IndexSet): void {
    this.#counters.optimised(before, after)
  }
}
