import {
  assert,
  GIB,
  KIB,
  MIB,
  mergeRanges,
  ownRanges,
  planContiguous,
  planSegmented,
  RMP_BOOKKEEPING_BYTES,
  RMP_ENTRY_BYTES,
  type RmpLayout,
  RST_BYTES,
  type SpaRange,
} from '../arch/index.ts'
import type { UsableRange } from '../kernel/index.ts'
import type { MachineOptions, MachineSpec, RamRange, TopologySpec } from '../machine/index.ts'

/** A host, in the words of someone who buys one. */
export interface HostSpec extends TopologySpec {
  readonly name: string
  /** RAM in bytes, divided equally among the NUMA nodes. */
  readonly memoryBytes: number
  /** MMIO hole below 4 GiB in bytes; RAM that it displaces continues above, so that memory ends this much higher. */
  readonly mmioHoleBytes: number
  readonly rmp: 'segmented' | 'contiguous'
  /** Memory that one RMP segment covers, in bytes: a power of two, at least 1 GiB. */
  readonly rmpSegmentBytes: number
  /** The CPU has RMPOPT (CPUID 8000_0025 EDX bit 0). */
  readonly hasRmpopt: boolean
  /** Share of each node's memory that the host keeps for itself (kernel, struct pages, daemons), at the node's bottom. */
  readonly hostReservedShare: number
  readonly machine: Partial<MachineOptions>
}

/** Where everything lies on such a host. */
export interface HostPlan {
  readonly machine: MachineSpec
  /** RAM for guests and for kernel pages: without RMP, firmware and the host's own. */
  readonly usable: readonly UsableRange[]
  /** RAM that the host uses itself. */
  readonly hostOwn: readonly SpaRange[]
  readonly firmwareRanges: readonly SpaRange[]
  readonly hvFixedRanges: readonly SpaRange[]
}

/** RMP segment sizes that the CPUs here advertise, log2 of bytes (CPUID 8000_0025 EAX) [A]. */
export const SEGMENT_SHIFT_MIN = 30
export const SEGMENT_SHIFT_MAX = 40

const FOUR_GIB = 4 * GIB
/** The legacy video and BIOS area: reserved in every PC's memory map [K]. */
const LEGACY_AREA: SpaRange = { start: 640 * KIB, end: MIB }
/** The firmware's trusted memory region, 2 MiB [K]; that it lies low is our choice [A]. */
const FIRMWARE_TMR: SpaRange = { start: 16 * MIB, end: 18 * MIB }

/** Lays out a host's memory as BIOS and kernel would. */
export function planHost(spec: HostSpec): HostPlan {
  const ram = ramOf(spec)
  const layout = spec.rmp === 'segmented' ? segmented(spec, ram) : contiguous(ram)
  const machine: MachineSpec = {
    topology: spec,
    ram,
    layout,
    features: {
      snp: true,
      rmpquery: true,
      rmpread: true,
      segmentedRmp: true,
      rmpopt: spec.hasRmpopt,
      minSegmentShift: SEGMENT_SHIFT_MIN,
      maxSegmentShift: SEGMENT_SHIFT_MAX,
      cacheableSegments: 64,
      segmentCountIsHard: false,
    },
    options: spec.machine,
  }
  const own = ownRanges(layout)
  const firmwareRanges = [FIRMWARE_TMR]
  const reserved = ram.flatMap((range) => reservedOf(spec, ram, range))
  return {
    machine,
    usable: ram.flatMap((range) =>
      cut(range, [...own, ...firmwareRanges, ...reserved]).map((part) => ({ ...part, node: range.node })),
    ),
    hostOwn: reserved.flatMap((range) => cut(range, [...own, ...firmwareRanges])),
    firmwareRanges,
    hvFixedRanges: [LEGACY_AREA],
  }
}

function ramOf({ memoryBytes, mmioHoleBytes, sockets, nodesPerSocket }: HostSpec): RamRange[] {
  const nodes = sockets * nodesPerSocket
  const share = memoryBytes / nodes
  const holeStart = FOUR_GIB - mmioHoleBytes
  const place = (offset: number) => (offset >= holeStart ? offset + mmioHoleBytes : offset)
  return Array.from({ length: nodes }, (_, node) => {
    const start = node * share
    const end = start + share
    if (mmioHoleBytes === 0 || end <= holeStart || start >= holeStart) {
      return [{ start: place(start), end: place(start) + share, node }]
    }
    return [
      { start, end: holeStart, node },
      { start: FOUR_GIB, end: end + mmioHoleBytes, node },
    ]
  }).flat()
}

/**
 * Each segment's entries at the top of the node whose memory they describe: that is what segments are for [K]; where in
 * the node is our choice [A]. The bookkeeping lies below the MMIO hole, or on the first node where there is none.
 */
function segmented({ rmpSegmentBytes }: HostSpec, ram: readonly RamRange[]): RmpLayout {
  const segmentShift = Math.log2(rmpSegmentBytes)
  assert(Number.isInteger(segmentShift), 'a segment covers a power of two')
  const top = new Map(ram.map(({ node, end }) => [node, end]))
  const take = (node: number, bytes: number) => {
    const address = Math.floor(((top.get(node) as number) - bytes) / MIB) * MIB
    top.set(node, address)
    return address
  }
  const [low, next] = ram
  const isSplit = next?.node === low.node // by the MMIO hole
  const base = isSplit ? low.end - MIB : take(low.node, RMP_BOOKKEEPING_BYTES + RST_BYTES)
  const nodeAt = (address: number) => ram.find(({ end }) => end > address)?.node ?? 0
  return planSegmented({ ram, segmentShift, base, place: (segment, bytes) => take(nodeAt(segment * rmpSegmentBytes), bytes) })
}

/** At the top of memory, as BIOSes do [A]. */
function contiguous(ram: readonly RamRange[]): RmpLayout {
  const { end } = ram.at(-1) as RamRange
  const bytes = (end / (4 * KIB)) * RMP_ENTRY_BYTES + RMP_BOOKKEEPING_BYTES
  return planContiguous(end, Math.floor((end - bytes) / MIB) * MIB)
}

/** The part of a RAM range that lies in its node's reserve, which is taken from the node's bottom. */
function reservedOf({ hostReservedShare, memoryBytes }: HostSpec, ram: readonly RamRange[], range: RamRange): SpaRange[] {
  const nodes = new Set(ram.map(({ node }) => node)).size
  let left = (memoryBytes / nodes) * hostReservedShare
  for (const other of ram) {
    if (other.node !== range.node) continue
    const bytes = Math.min(left, other.end - other.start)
    if (other === range)
      return bytes > 0 ? [{ start: range.start, end: range.start + Math.floor(bytes / (4 * KIB)) * 4 * KIB }] : []
    left -= bytes
  }
  return []
}

/** What is left of a range without the others. */
function cut(range: SpaRange, without: readonly SpaRange[]): SpaRange[] {
  let start = range.start
  const parts: SpaRange[] = []
  for (const hole of mergeRanges([...without])) {
    if (hole.end <= start || hole.start >= range.end) continue
    if (hole.start > start) parts.push({ start, end: hole.start })
    start = Math.max(start, hole.end)
  }
  if (start < range.end) parts.push({ start, end: range.end })
  return parts
}
