import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { bench, do_not_optimize, run as runBenches, summary } from 'mitata'
import { AMD64, DAY, GIB, SECOND, TIB } from '../arch/index.ts'
import { readTrace } from '../files/index.ts'
import { type Kernel, rmpoptWorkHandler } from '../kernel/index.ts'
import { compareScenario, HOSTS, resolveScenario, runHost } from '../lab/index.ts'
import { V10 } from '../policy/index.ts'
import { HostSimulation, type HostSpec } from '../sim/index.ts'
import { simulateOn } from '../workers/index.ts'
import { generateTrace } from '../workload/index.ts'
import { statesPerSecond } from './states.ts'

/** `npm run bench [-- --trace FILE]`: what the simulator costs in time and memory on this machine. */
const { values } = parseArgs({ options: { trace: { type: 'string' }, hosts: { type: 'string', default: '80' } } })
const venice = HOSTS[0]
const huge: HostSpec = { ...venice, name: '16 TiB, 4096 CPUs', sockets: 4, coresPerSocket: 512, memoryBytes: 16 * TIB }

memoryOfHosts()
oneHostDay()
await onePass()
statesPerSecond()
await workersAtWork()
if (values.trace !== undefined) await wholeFleet(values.trace, Number(values.hosts))

function idleHost(host: HostSpec, players = true): HostSimulation {
  const simulation = new HostSimulation({
    host,
    driver: V10,
    placement: 'buddy',
    backing: '2m',
    vms: [],
    endNs: 10 * DAY,
    bins: 1,
    players,
  })
  simulation.run(10 * SECOND)
  return simulation
}

/** Memory of a host's state, busy: every huge page of its guests' memory has been touched. */
function memoryOfHosts(): void {
  console.log('memory of one host, all of its guest memory assigned to SNP guests')
  for (const host of [venice, huge]) {
    const before = process.memoryUsage()
    const simulation = idleHost(host)
    const { memory } = simulation.kernel
    const extents = memory.allocateGuest(memory.guestPages, 'snp') ?? []
    for (const { pfn, pages } of extents) {
      for (let page = pfn; page < pfn + pages; page += AMD64.hugePages)
        simulation.machine.rmp.setHuge(page / AMD64.hugePages, 3, 1, page)
    }
    const after = process.memoryUsage()
    const mib = (after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed) / 2 ** 20
    console.log(`  ${host.name}: ${mib.toFixed(1)} MiB for ${host.memoryBytes / GIB} GiB`)
    do_not_optimize(simulation)
  }
}

/** A busy host over a day: events and simulated days for each second. */
function oneHostDay(): void {
  console.log('\none host-day: venice-2s, 2500 generated VMs a day, a fifth of the batches SNP, v10')
  const scenario = resolveScenario({ snpShare: 0.2 })
  const trace = generateTrace({ vms: 2500, durationS: 86_400, seed: 1 })
  const vms = Array.from({ length: trace.count }, (_, vm) => ({
    id: vm,
    createdNs: trace.createdS[vm] * SECOND,
    deletedNs: trace.deletedS[vm] * SECOND,
    vcpus: trace.vcpus[vm],
    memoryBytes: trace.memoryBytes[vm],
    isSnp: trace.batch[vm] % 5 === 0,
  }))
  const job = { ...scenario, trials: [scenario], vms, endNs: DAY, bins: 120, wantsMap: false }
  const seconds: number[] = []
  let events = 0
  for (let round = 0; round < 5; round++) {
    const start = process.hrtime.bigint()
    events = runHost(job).events
    seconds.push(Number(process.hrtime.bigint() - start) / 1e9)
  }
  const [best, median] = [Math.min(...seconds), seconds.sort((a, b) => a - b)[2]]
  const perSecond = (amount: number) => `${(amount / median).toPrecision(3)} (best ${(amount / best).toPrecision(3)})`
  console.log(
    `  ${events.toExponential(2)} events in ${median.toFixed(2)} s: events/s ${perSecond(events)}, host-days/s ${perSecond(1)}`,
  )
}

/** A pass that nothing interferes with: played without the generator, and step by step. */
async function onePass(): Promise<void> {
  console.log('\none pass over 2 TiB on 512 cores that nothing interferes with')
  const pass = ({ clock, kernel }: { clock: HostSimulation['clock']; kernel: Kernel }) => {
    clock.spawn(rmpoptWorkHandler(kernel))
    clock.run(clock.nowNs + SECOND)
  }
  const [fast, slow] = [idleHost(venice), idleHost(venice, false)]
  summary(() => {
    bench('without the generator', () => pass(fast))
    bench('step by step', () => pass(slow))
  })
  await runBenches()
}

/** The same comparison on one thread and on all cores. */
async function workersAtWork(): Promise<void> {
  const threads = availableParallelism()
  console.log(`\ncompare: ${COMPARED.length} policies, 6000 generated VMs, a day, on 1 thread and on ${threads}`)
  const scenario = resolveScenario({ generate: { vms: 6000, durationS: 86_400 }, hosts: 8, rejectOversized: true })
  const trace = generateTrace(scenario.generate)
  const secondsOn = async (workers: number) => {
    const start = process.hrtime.bigint()
    await compareScenario(scenario, () => trace, { policies: COMPARED }, { simulate: simulateOn(workers) })
    return Number(process.hrtime.bigint() - start) / 1e9
  }
  const [one, all] = [await secondsOn(1), await secondsOn(threads)]
  console.log(`  ${one.toFixed(1)} s and ${all.toFixed(1)} s: ${(one / all).toFixed(2)} times faster`)
}

const COMPARED = [
  'v1',
  'v2',
  'v4',
  'v7',
  'v10',
  'conversion-1s',
  'bitmap',
  'free-folio',
  'successes',
  'refcount',
  'marked',
  'none',
]

/** The whole of a trace on a fleet under twelve policies, on all cores. */
async function wholeFleet(path: string, hosts: number): Promise<void> {
  console.log(`\n${path} on ${hosts} hosts, a fifth of the batches SNP, ${COMPARED.length} policies`)
  const start = process.hrtime.bigint()
  const trace = await readTrace(path)
  const scenario = resolveScenario({ hosts, snpShare: 0.2 })
  const result = await compareScenario(scenario, () => trace, { policies: COMPARED }, { simulate: simulateOn() })
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  const days = (result.simulatedNs / DAY) * hosts
  const peak = process.resourceUsage().maxRSS / 1024
  console.log(`  ${seconds.toFixed(1)} s, ${(days / seconds).toPrecision(3)} host-days/s, peak ${peak.toFixed(0)} MiB`)
}
