import { canRmpopt, type Kernel } from '../../kernel/index.ts'
import { ASSIGNED, has, members } from '../../machine/index.ts'
import type { KernelWorld } from './world.ts'

/** What must be true of a kernel that drives RMPOPT. Each says one thing, and is asked in one of three ways. */
export type KernelProperty = { readonly name: string; readonly sentence: string } /** Of the world, in every state. */ & (
  | { readonly of: 'every state'; readonly holds: (world: KernelWorld) => boolean }
  /**
   * Of the world in the end, when nothing more comes from outside: every thread has ended, not begun, or sleeps, and no work
   * waits or runs; or, where passes ask for the next, again and again between them.
   */
  | { readonly of: 'rest'; readonly holds: (world: KernelWorld) => boolean }
  /** Of a step; it is told by whoever makes it. */
  | { readonly of: 'step'; readonly about: 'no fault' | 'lock order' | 'atomic context' | 'race guarantee' }
)

export const KERNEL_PROPERTIES: readonly KernelProperty[] = [
  {
    name: 'integrity',
    sentence:
      'No write of the hypervisor or of an ordinary guest, on any online CPU, would reach a page of an SNP guest: its core has no region optimised that holds one, it makes checks, and no translation from before the page was assigned is left (§5).',
    of: 'every state',
    holds: (world) => {
      if (hasStaleTranslation(world)) return false
      const { rmp, tables, cpus, topology } = world.machine
      const { online } = world.kernel
      for (let region = 0; region < rmp.regions; region++) {
        if (rmp.assignedPages[region] === 0 || isConverting(world, region)) continue
        for (let cpu = 0; cpu < topology.cpus; cpu++) {
          if (!has(online, cpu)) continue
          if (has(tables.sets[region], topology.coreOf(cpu))) return false
          if (!cpus[cpu].snpEn && hasGuestPage(world, region)) return false
        }
      }
      return true
    },
  },
  {
    name: 'soundness',
    sentence: 'No core has a region optimised that holds an assigned page (§6.5, §6.8, §6.9).',
    of: 'every state',
    holds: (world) => {
      const { tables, rmp } = world.machine
      return tables.sets.every((set, region) => set.size === 0 || rmp.assignedPages[region] === 0 || isConverting(world, region))
    },
  },
  {
    name: 'race guarantee',
    sentence: 'When an RMPUPDATE that assigns, or a PSMASH, completes, no core has its region optimised (§6.8, §6.9).',
    of: 'step',
    about: 'race guarantee',
  },
  {
    name: 'no fault',
    sentence: 'No instruction of the kernel faults, and none asks for what is not specified (§6.3, §6.4).',
    of: 'step',
    about: 'no fault',
  },
  {
    name: 'lock order',
    sentence: 'No two locks are taken one inside the other in both orders.',
    of: 'step',
    about: 'lock order',
  },
  {
    name: 'no sleep in atomic',
    sentence: 'Nothing that may sleep is done in atomic context, where the RCU callback of a guest_memfd inode runs.',
    of: 'step',
    about: 'atomic context',
  },
  {
    name: 'every core',
    sentence: 'Once setup has finished, the table of every core that has an online CPU is programmed.',
    of: 'rest',
    holds: ({ machine, kernel }) => {
      if (!kernel.rmpopt.isConfigured) return true
      const { topology, tables } = machine
      return machine.cpus.every((_, cpu) => !has(kernel.online, cpu) || tables.bases[topology.coreOf(cpu)].enabled)
    },
  },
  {
    name: 'convergence',
    sentence:
      'When everything has drained, every eligible region in reach is optimised on every online core, but for memory that came back after a pass had begun.',
    of: 'rest',
    holds: (world) => world.monitor.wasEarly || isOptimised(world),
  },
  {
    name: 'late memory',
    sentence: 'Memory of an ended guest that comes back after the pass had begun is optimised, too, in the end.',
    of: 'rest',
    holds: (world) => !world.monitor.wasEarly || isOptimised(world),
  },
  {
    name: 'no lost request',
    sentence: 'A request is followed by a pass that begins after it, over the regions that it was for.',
    of: 'rest',
    holds: ({ monitor, kernel }) => monitor.asked === 0 || !kernel.rmpopt.isConfigured,
  },
  {
    name: 'balance',
    sentence:
      'At rest hotplug is disabled once or not at all, and not when SNP is off; the mask has all online primary threads whose table is programmed; no table is enabled when SNP is off; no page is leaked, no lock held, nobody pinned or in atomic context.',
    of: 'rest',
    holds: ({ kernel, machine, tasks }) => {
      const { hotplugDisabled, leakedPages } = kernel
      const isOff = machine.cpus.every(({ snpEn }) => !snpEn)
      if (hotplugDisabled > 1 || (isOff && hotplugDisabled > 0) || leakedPages > 0) return false
      if (tasks.some(({ held, pinned, atomic }) => held !== 0 || pinned !== 0 || atomic !== 0)) return false
      if (isOff && machine.tables.bases.some(({ enabled }) => enabled)) return false
      return hasWholeMask(kernel)
    },
  },
]

/** Drivers that keep a mask of primary threads: none of those is missing that setup has put there. */
function hasWholeMask({ driver, rmpopt, machine, online }: Kernel): boolean {
  if (driver.thread !== undefined || !rmpopt.isConfigured) return true
  const { topology, tables } = machine
  const wanted = [...members(topology.primaries)].filter((cpu) => has(online, cpu) && tables.bases[topology.coreOf(cpu)].enabled)
  return wanted.every((cpu) => has(rmpopt.primaries, cpu))
}

/** An RMPUPDATE or PSMASH there has begun and not completed. */
function isConverting({ machine }: KernelWorld, region: number): boolean {
  for (const huge of machine.locks.keys()) if (Math.floor(huge / machine.geometry.regionHuges) === region) return true
  return false
}

/** A writable translation of the hypervisor's that reaches an assigned page, which a write through it would not be checked against. */
function hasStaleTranslation(world: KernelWorld): boolean {
  const { tlb, rmp, geometry } = world.machine
  return tlb.translations.some(({ key, writable, base, bytes }) => {
    if (key !== 'host' || !writable) return false
    for (let pfn = base / geometry.pageBytes; pfn < (base + bytes) / geometry.pageBytes; pfn++) {
      if ((rmp.bits(pfn) & ASSIGNED) !== 0 && !isConverting(world, Math.floor(pfn / geometry.regionPages))) return true
    }
    return false
  })
}

/** A page of a guest that is not decommissioned. */
function hasGuestPage({ machine: { rmp, geometry, firmware } }: KernelWorld, region: number): boolean {
  const first = region * geometry.regionPages
  for (let pfn = first; pfn < Math.min(first + geometry.regionPages, rmp.pages); pfn++) {
    if ((rmp.bits(pfn) & ASSIGNED) === 0) continue
    for (const { asid } of firmware.guests.values()) if (asid !== 0 && rmp.asid(pfn) === asid) return true
  }
  return false
}

function isOptimised({ machine, kernel }: KernelWorld): boolean {
  const isOn = machine.cpus.some(({ snpEn }) => snpEn)
  // After a legacy shutdown SNP_EN stays set: writes are checked, and tables are of use.
  if (!(kernel.snpInitialised || (kernel.rmpopt.isConfigured && isOn)) || !canRmpopt(kernel)) return true
  const { topology, tables, rmp } = machine
  for (let region = 0; region < rmp.regions; region++) {
    if (!machine.isFree(region)) continue
    for (let cpu = 0; cpu < topology.cpus; cpu++) {
      if (has(kernel.online, cpu) && !has(tables.sets[region], topology.coreOf(cpu))) return false
    }
  }
  return true
}
