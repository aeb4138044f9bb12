import type { CpuId, Ns } from '../../arch/index.ts'
import { members } from '../../machine/index.ts'
import type { HostSimulation } from '../../sim/index.ts'
import type { HostSpan } from '../host-events.ts'
import { GOES_ON } from './guests.ts'
import { LIMITS } from './limits.ts'
import type { DetailedRmpopt, PassRecord } from './pass-record.ts'

/** A pass on the CPU that makes it, and what it took from others. @param cpusSummed of how many of these */
export function passSpans(host: HostSimulation, record: PassRecord, cpusSummed: number, traceEndNs: Ns): HostSpan[] {
  const interrupted = interruptedCpus(host, record)
  const endNs = record.endNs ?? traceEndNs
  return [
    passSpan(record, endNs, interrupted.size, Math.min(interrupted.size, cpusSummed)),
    ...phases(record, endNs, interrupted),
    ...record.details.flatMap((detail) => detailed(host, detail, record.leader)),
    ...[...interrupted]
      .sort(([a], [b]) => a - b)
      .slice(0, cpusSummed)
      .flatMap(([cpu, taken]) => summary(record, cpu, taken)),
  ]
}

/** What a pass took from one CPU; `rest`: without what is shown one by one. */
interface Taken {
  handlersNs: Ns
  interrupts: number
  rest: { firstNs: Ns; lastNs: Ns; interrupts: number; rmpopts: number; handlersNs: Ns }
}

function interruptedCpus(host: HostSimulation, { summaries, detailedCpus }: PassRecord): Map<CpuId, Taken> {
  const { scanCost, costs } = host.clock
  const cpus = new Map<CpuId, Taken>()
  for (const { sum, isDetailed, firstNs, lastNs } of summaries) {
    for (const cpu of members(sum.mask)) {
      if (cpu === sum.except) continue
      const rest = { firstNs: Number.POSITIVE_INFINITY, lastNs: 0, interrupts: 0, rmpopts: 0, handlersNs: 0 }
      const taken = cpus.get(cpu) ?? { handlersNs: 0, interrupts: 0, rest }
      cpus.set(cpu, taken)
      const handlersNs = sum.handlersNs(cpu, scanCost, costs.irqNs)
      taken.handlersNs += handlersNs
      taken.interrupts += sum.interrupts
      if (isDetailed && detailedCpus?.has(cpu)) continue
      taken.rest.firstNs = Math.min(taken.rest.firstNs, firstNs)
      taken.rest.lastNs = Math.max(taken.rest.lastNs, lastNs)
      taken.rest.interrupts += sum.interrupts
      taken.rest.rmpopts += sum.rmpopts
      taken.rest.handlersNs += handlersNs
    }
  }
  return cpus
}

function passSpan(record: PassRecord, endNs: Ns, cpus: number, cpusShown: number): HostSpan {
  const { number, leader, first, end, startNs, cost, detailedCpus } = record
  const inDetail = `regions up to ${first + LIMITS.detailedRegions - 1} on the leader and ${detailedCpus?.size} more CPUs`
  const args = {
    ...{ firstRegion: first, lastRegion: end - 1, interrupts: cost.ipis, cpuTimeNs: cost.cpuNs, longestStallNs: cost.stallNs },
    ...{ cpusInterrupted: cpus, cpusShown: Math.max(cpusShown, detailedCpus?.size ?? 0) },
    shownOneByOne: detailedCpus === undefined ? 'nothing' : inDetail,
    ...(record.endNs === undefined ? GOES_ON : {}),
  }
  return { name: `pass ${number}`, kind: 'pass', cpu: leader, startNs, endNs, args }
}

/** The leader's phase, then the followers': from when the leader was done or, where none is told of, from the first interrupt on. */
function phases(record: PassRecord, endNs: Ns, interrupted: Map<CpuId, Taken>): HostSpan[] {
  const { leader, startNs, own, waitedNs, summaries, leaderDoneNs } = record
  const firstNs = summaries.reduce((min, { firstNs }) => Math.min(min, firstNs), endNs)
  const turnNs = leaderDoneNs ?? firstNs
  const handlersNs = Math.round([...interrupted.values()].reduce((sum, taken) => sum + taken.handlersNs, 0))
  const followers = { leaderWaitsNs: waitedNs, handlersNs, cpus: interrupted.size }
  const all: HostSpan[] = [
    { name: 'leader', kind: 'pass', cpu: leader, startNs, endNs: turnNs, args: { rmpopts: own.rmpopts, busyNs: own.busyNs } },
    { name: 'followers', kind: 'pass', cpu: leader, startNs: turnNs, endNs, args: followers },
  ]
  return all.filter((phase) => phase.endNs > phase.startNs)
}

/** One slice a CPU. Interrupts are drawn so that the slowest is over when the sender has waited. */
function detailed(host: HostSimulation, detail: DetailedRmpopt, leader: CpuId): HostSpan[] {
  const { scanCost, costs } = host.clock
  const { startNs, endNs, regions, broadcast, cpus, successes } = detail
  const args = regions.length === 1 ? { region: regions[0], cf: successes } : batchArgs(detail)
  const name = `RMPOPT ${regions.length === 1 ? regions[0] : `${regions[0]}–${regions.at(-1)}`}`
  if (broadcast === undefined) return [{ name, kind: 'rmpopt', cpu: leader, startNs, endNs, args }]
  const { crowd, except, parts } = broadcast
  const onOthers = crowd.cpus - (except === undefined ? 0 : 1)
  const beginNs = startNs + Math.max(0, scanCost.sendNs(onOthers) - costs.irqNs)
  const rmpoptNs = (cpu: CpuId) => parts.reduce((sum, part) => sum + scanCost.ofCpu(crowd, cpu, part), 0)
  return cpus.map((cpu) => {
    const ns = rmpoptNs(cpu)
    if (cpu === except) return { name, kind: 'rmpopt', cpu, startNs, endNs, args }
    return {
      name,
      kind: 'ipi',
      cpu,
      startNs: beginNs,
      endNs: beginNs + costs.irqNs + ns,
      args: { ...args, rmpoptNs: Math.round(ns) },
    }
  })
}

function batchArgs({ regions, successes }: DetailedRmpopt): Record<string, number> {
  return { firstRegion: regions[0], lastRegion: regions.at(-1) as number, regions: regions.length, cf: successes }
}

/** What is left of a CPU's interrupts. */
function summary({ number }: PassRecord, cpu: CpuId, { rest }: Taken): HostSpan[] {
  const { firstNs, lastNs, interrupts, rmpopts, handlersNs } = rest
  if (interrupts === 0) return []
  const name = `${interrupts} interrupts, ${Math.round(handlersNs / 1000)} µs`
  const args = { pass: number, interrupts, rmpopts, handlersNs: Math.round(handlersNs) }
  return [{ name, kind: 'ipi', cpu, startNs: firstNs, endNs: lastNs, args }]
}
