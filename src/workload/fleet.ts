import { assert, GIB } from '../arch/index.ts'
import type { Trace } from './trace.ts'
import { UserError } from './user-error.ts'

/** A host's room for VMs, and which VMs ask for it. */
export interface FleetOptions {
  /** vCPUs that VMs may use on a host, 1 or more. */
  readonly vcpusPerHost: number
  /** Memory that VMs may use on a host, bytes. */
  readonly memoryBytesPerHost: number
  /** Only VMs created before this time are requested, seconds. Default: all. */
  readonly untilS?: number
  /** A VM takes a whole number of units of this size from its host's memory, bytes. Default: 1, its exact size. */
  readonly roundBytes?: number
  /** A VM that no empty host could hold is an `error` (the default), or a `reject`ed VM like any other. */
  readonly oversized?: 'error' | 'reject'
}

/** Where each VM of a trace runs. */
export interface Fleet {
  /** Host of each VM of the trace; `REJECTED`: no host had room; `NOT_REQUESTED`: created at or after `untilS`. */
  readonly hostOf: Int32Array
  /** VMs created before `untilS`: placed or rejected. */
  readonly requested: number
  readonly placed: number
  readonly rejected: number
  /** Most memory that placed VMs used at once in the whole fleet, bytes, each VM rounded up to `roundBytes`. */
  readonly peakMemoryBytes: number
  /** Most vCPUs that placed VMs used at once in the whole fleet. */
  readonly peakVcpus: number
}

/** In `Fleet.hostOf`: no host had room for the VM. */
export const REJECTED = -1
/** In `Fleet.hostOf`: the VM was created at or after `untilS`. */
export const NOT_REQUESTED = -2

/**
 * Places the VMs of a trace on `hosts` equal hosts, in order of arrival, by best fit: among the hosts with room for a VM's
 * vCPUs and memory, the one with the least memory left afterwards; of those, the one with the fewest vCPUs left; of those,
 * the lowest number. Deletions at a moment come before creations at that moment. A VM stays where it was placed.
 *
 * @throws UserError for a size that is not a positive number, and for a VM larger than a host (see `oversized`)
 */
export function placeFleet(trace: Trace, options: FleetOptions & { readonly hosts: number }): Fleet {
  checkWhole('hosts', options.hosts, HOSTS_MAX)
  return place(trace, options, options.hosts).fleet
}

/**
 * The smallest number of hosts on which `placeFleet` rejects no VM (with `oversized: 'reject'`: none but the oversized).
 *
 * One placement on as many hosts as it likes finds it. Best fit takes a host that never held a VM only when no other host
 * has room, and then the lowest-numbered one; so with fewer hosts the same happens up to the first VM that needs one more,
 * and that VM is rejected.
 *
 * @throws UserError as `placeFleet`
 */
export function hostsNeeded(trace: Trace, options: FleetOptions): number {
  return place(trace, options, HOSTS_MAX).hostsUsed
}

const HOSTS_MAX = 1_000_000

function place(trace: Trace, options: FleetOptions, hosts: number): { fleet: Fleet; hostsUsed: number } {
  const { vcpusPerHost, memoryBytesPerHost, untilS = Number.POSITIVE_INFINITY, roundBytes = 1, oversized = 'error' } = options
  checkWhole('vcpusPerHost', vcpusPerHost, Number.MAX_SAFE_INTEGER)
  checkWhole('memoryBytesPerHost', memoryBytesPerHost, Number.MAX_SAFE_INTEGER)
  checkWhole('roundBytes', roundBytes, Number.MAX_SAFE_INTEGER)
  const { createdS, deletedS, vcpus } = trace
  const rounded = trace.memoryBytes.map((bytes) => Math.ceil(bytes / roundBytes) * roundBytes)
  const departures = finiteDepartures(trace)
  const pool = new HostPool(hosts, vcpusPerHost, memoryBytesPerHost)
  const hostOf = new Int32Array(trace.count).fill(NOT_REQUESTED)
  let [requested, placed, memoryBytes, vcpusUsed, peakMemoryBytes, peakVcpus] = [0, 0, 0, 0, 0, 0]
  let departed = 0

  for (let vm = 0; vm < trace.count && createdS[vm] < untilS; vm++) {
    for (; departed < departures.length && deletedS[departures[departed]] <= createdS[vm]; departed++) {
      const gone = departures[departed]
      // Itself or a later VM: created and deleted at this very moment, and not yet here.
      if (gone >= vm) break
      if (hostOf[gone] < 0) continue
      pool.release(hostOf[gone], vcpus[gone], rounded[gone])
      vcpusUsed -= vcpus[gone]
      memoryBytes -= rounded[gone]
    }
    requested++
    if (vcpus[vm] > vcpusPerHost || rounded[vm] > memoryBytesPerHost) {
      if (oversized === 'error') throw tooLarge(trace, vm, options)
    }
    const host = pool.take(vcpus[vm], rounded[vm])
    hostOf[vm] = host
    if (host === REJECTED) continue
    placed++
    vcpusUsed += vcpus[vm]
    memoryBytes += rounded[vm]
    if (vcpusUsed > peakVcpus) peakVcpus = vcpusUsed
    if (memoryBytes > peakMemoryBytes) peakMemoryBytes = memoryBytes
  }
  const fleet = { hostOf, requested, placed, rejected: requested - placed, peakMemoryBytes, peakVcpus }
  return { fleet, hostsUsed: pool.used }
}

/** Free room of hosts. Those from `used` on never held a VM, so a search need not look at them one by one. */
class HostPool {
  used = 0
  private readonly hosts: number
  private readonly vcpusPerHost: number
  private readonly memoryBytesPerHost: number
  private readonly freeVcpus: number[] = []
  private readonly freeBytes: number[] = []

  constructor(hosts: number, vcpusPerHost: number, memoryBytesPerHost: number) {
    this.hosts = hosts
    this.vcpusPerHost = vcpusPerHost
    this.memoryBytesPerHost = memoryBytesPerHost
  }

  /** The host on which the VM now is, or `REJECTED`. */
  take(vcpus: number, bytes: number): number {
    const { freeVcpus, freeBytes } = this
    let best = REJECTED
    let [bestBytes, bestVcpus] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
    for (let host = 0; host < this.used; host++) {
      const hostBytes = freeBytes[host]
      if (hostBytes < bytes || hostBytes > bestBytes) continue
      const hostVcpus = freeVcpus[host]
      if (hostVcpus < vcpus || (hostBytes === bestBytes && hostVcpus >= bestVcpus)) continue
      best = host
      bestBytes = hostBytes
      bestVcpus = hostVcpus
    }
    if (best === REJECTED) {
      if (this.used === this.hosts || vcpus > this.vcpusPerHost || bytes > this.memoryBytesPerHost) return REJECTED
      best = this.used++
      freeVcpus.push(this.vcpusPerHost)
      freeBytes.push(this.memoryBytesPerHost)
    }
    freeVcpus[best] -= vcpus
    freeBytes[best] -= bytes
    return best
  }

  release(host: number, vcpus: number, bytes: number): void {
    this.freeVcpus[host] += vcpus
    this.freeBytes[host] += bytes
    assert(this.freeVcpus[host] <= this.vcpusPerHost, 'a host frees no more vCPUs than it has')
    assert(this.freeBytes[host] <= this.memoryBytesPerHost, 'a host frees no more memory than it has')
  }
}

/** The VMs that are ever deleted, in order of deletion, then of arrival. */
function finiteDepartures(trace: Trace): Uint32Array {
  const { deletedS } = trace
  const vms = Uint32Array.from({ length: trace.count }, (_, vm) => vm).filter((vm) => deletedS[vm] !== Number.POSITIVE_INFINITY)
  return vms.sort((a, b) => deletedS[a] - deletedS[b] || a - b)
}

function tooLarge(trace: Trace, vm: number, options: FleetOptions): UserError {
  const wants = `${trace.vcpus[vm]} vCPUs and ${gib(trace.memoryBytes[vm])} GiB`
  const has = `${options.vcpusPerHost} vCPUs and ${gib(options.memoryBytesPerHost)} GiB`
  const which = `VM ${vm} in order of arrival, created at ${trace.createdS[vm]} s`
  return new UserError(
    `${trace.name}: ${which}, needs ${wants}, more than a whole host has (${has}); use larger hosts, or have it rejected (rejectOversized: true in a scenario)`,
  )
}

function gib(bytes: number): number {
  return Math.round((bytes / GIB) * 1000) / 1000
}

function checkWhole(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return
  throw new UserError(`${name} is ${value}; give a whole number of 1..${max}`)
}
