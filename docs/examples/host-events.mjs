// A guest of 2 GiB goes, and a pass follows: what is a trace of that host made of? Of the 16 regions' RMPOPTs, one is printed.
import { hostEvents, resolveScenario, traceFromRows } from 'rmpopt'

const scenario = resolveScenario({ host: 'tiny', hosts: 1, snpShare: 1, placement: 'lowest' })
const trace = traceFromRows([{ createdS: 100, deletedS: 160, vcpus: 2, memoryGib: 2 }])
const [{ spans }] = hostEvents(scenario, trace, { fromNs: 159e9 }).hosts

const all = spans.flatMap((span) => [span, ...(span.parts ?? [])])
const shown = all.filter(({ kind, name }) => kind !== 'moment' && (!name.startsWith('RMPOPT') || name === 'RMPOPT 1'))
for (const { name, kind, cpu, startNs, endNs } of shown.sort((a, b) => a.startNs - b.startNs)) {
  const [start, length] = [(startNs / 1e9).toFixed(6), ((endNs - startNs) / 1e3).toFixed(3)]
  const where = cpu === undefined ? '' : `CPU ${cpu}`
  console.log(`${start.padStart(10)} s ${length.padStart(12)} µs  ${where.padEnd(5)}  ${kind.padEnd(10)}  ${name}`)
}
