import { AMD64, GIB, MIB, type Ns, SECOND } from '../arch/index.ts'
import { createPhysicalMemory } from '../kernel/index.ts'
import { type HostedVm, planHost, SETTLE_NS } from '../sim/index.ts'
import { hostsNeeded, isConfidential, placeFleet, type Trace, traceEndS, UserError } from '../workload/index.ts'
import type { HostJob } from './host-run.ts'
import type { Scenario } from './scenario.ts'

/** A scenario made concrete: which VM runs on which host, from when to when. */
export interface FleetPlan {
  readonly hosts: number
  readonly endNs: Ns
  /** Bytes of an RMPOPT region on these hosts. */
  readonly regionBytes: number
  readonly requested: number
  readonly placed: number
  readonly rejected: number
  readonly snp: number
  /** The job of host number `index`, made when it is asked for. */
  job(index: number): Omit<HostJob, 'trials' | 'wantsMap'>
}

/** Parts of the simulated time that results are kept for. */
const BINS = 120
/** Not all of it can be promised: VMSAs and contexts need some, and break up whole regions where folios are that large. */
const SLACK = { bytes: 256 * MIB, bytesOfRegions: 4 * GIB }

/** Places a trace's VMs on hosts. @throws UserError for VMs or hosts that do not fit */
export function planFleet(scenario: Scenario, trace: Trace): FleetPlan {
  const { host, backing, placement, guest, seed, snpShare, costs } = scenario
  const endNs = scenario.untilNs ?? traceEndS(trace) * SECOND + SETTLE_NS
  if (!(endNs > 0)) throw new UserError('until: the run must last longer than 0 s; give a later time')
  const fleetOptions = {
    vcpusPerHost: host.sockets * host.coresPerSocket * host.threadsPerCore,
    memoryBytesPerHost: guestMemoryBytes(scenario),
    untilS: endNs / SECOND,
    roundBytes: backing === '1g' || placement === 'hugetlb' ? GIB : 2 * MIB,
    oversized: scenario.rejectOversized ? 'reject' : 'error',
  } as const
  const hosts = scenario.hosts === 'auto' ? Math.max(1, hostsNeeded(trace, fleetOptions)) : scenario.hosts
  const { hostOf, requested, placed, rejected } = placeFleet(trace, { ...fleetOptions, hosts })

  const vmsOf: number[][] = Array.from({ length: hosts }, () => [])
  let snp = 0
  for (let vm = 0; vm < trace.count; vm++) {
    if (hostOf[vm] < 0) continue
    vmsOf[hostOf[vm]].push(vm)
    if (isConfidential(trace.batch[vm], seed, snpShare)) snp++
  }
  const hosted = (vm: number): HostedVm => ({
    id: vm,
    createdNs: trace.createdS[vm] * SECOND,
    deletedNs: trace.deletedS[vm] * SECOND,
    vcpus: trace.vcpus[vm],
    memoryBytes: trace.memoryBytes[vm],
    isSnp: isConfidential(trace.batch[vm], seed, snpShare),
  })
  const common = { host, placement, backing, guest, costs, endNs, bins: BINS }
  const regionBytes = host.machine.regionBytes ?? AMD64.regionBytes
  return {
    hosts,
    endNs,
    regionBytes,
    requested,
    placed,
    rejected,
    snp,
    job: (index) => ({ ...common, vms: vmsOf[index].map(hosted) }),
  }
}

/** Memory that guests can have on such a host, bytes. */
function guestMemoryBytes({ host, placement, backing }: Scenario): number {
  const { usable } = planHost(host)
  const memory = createPhysicalMemory({ geometry: AMD64, ranges: usable, placement, backing })
  const slack = backing === '1g' && placement !== 'hugetlb' ? SLACK.bytesOfRegions : SLACK.bytes
  const bytes = memory.guestPages * AMD64.pageBytes - slack
  if (bytes <= 0)
    throw new UserError(`host: ${host.name} has no memory left for guests; give it more than ${host.memoryBytes / GIB} GiB`)
  return bytes
}
