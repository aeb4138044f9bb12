import { GIB, TIB } from '../arch/index.ts'
import type { HostSpec } from './host-spec.ts'

/** What all servers here have in common. */
const SERVER = {
  mmioHoleBytes: 2 * GIB,
  rmp: 'segmented',
  rmpSegmentBytes: 64 * GIB,
  hostReservedShare: 0.03,
  machine: {},
} as const

/** Hosts by name, in the order people are shown them. Counts of cores and memory are what the reference names; the rest is [A]. */
export const HOSTS: readonly HostSpec[] = [
  {
    ...SERVER,
    name: 'venice-2s',
    sockets: 2,
    coresPerSocket: 256,
    threadsPerCore: 2,
    nodesPerSocket: 2,
    memoryBytes: 2 * TIB,
    hasRmpopt: true,
  },
  {
    ...SERVER,
    name: 'turin-1s',
    sockets: 1,
    coresPerSocket: 128,
    threadsPerCore: 2,
    nodesPerSocket: 1,
    memoryBytes: 1.5 * TIB,
    hasRmpopt: false,
  },
  {
    ...SERVER,
    name: 'whatif-6tib',
    sockets: 4,
    coresPerSocket: 128,
    threadsPerCore: 2,
    nodesPerSocket: 1,
    memoryBytes: 6 * TIB,
    hasRmpopt: true,
  },
  {
    name: 'tiny',
    sockets: 1,
    coresPerSocket: 4,
    threadsPerCore: 2,
    nodesPerSocket: 1,
    memoryBytes: 16 * GIB,
    mmioHoleBytes: 0,
    rmp: 'segmented',
    rmpSegmentBytes: 16 * GIB,
    hasRmpopt: true,
    hostReservedShare: 0.03,
    machine: {},
  },
]

export function hostNamed(name: string): HostSpec | undefined {
  return HOSTS.find((host) => host.name === name)
}
