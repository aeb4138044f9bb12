import { AMD64, GIB, MSR_RMPOPT_BASE, type RegionIndex, SECOND, type Spa } from '../arch/index.ts'
import {
  type Extent,
  kvmConvertToShared,
  kvmDestroyVm,
  kvmGmemPopulate,
  sevSnpInit,
  sevSnpLaunch,
  sevSnpShutdown,
  snpPrepare,
  snpRmptableInit,
} from '../kernel/index.ts'
import { type Instruction, microSteps } from '../machine/index.ts'
import type { Stage } from './story-stage.ts'

/** A step of the story: what it is about, and what is done on the stage. All that is shown comes from the model. */
export interface Act {
  readonly title: string
  readonly text: string
  act(stage: Stage): void
}

const write = (spa: Spa, mapping: number) => ({ who: 'hypervisor', spa, write: true, mapping }) as const
const verify = (region: RegionIndex): Extract<Instruction, { name: 'RMPOPT' }> => ({ name: 'RMPOPT', rax: region * GIB, rcx: 0 })

export const STORY: readonly Act[] = [
  {
    title: 'Out of reset',
    text: 'SNP is off on every CPU. Nobody asks the RMP, so there is nothing to optimise, and RMPOPT is not there yet.',
    act(stage) {
      stage.routine(snpRmptableInit(stage.kernel))
      stage.access(0, write(5 * GIB, GIB))
      stage.execute(0, verify(5))
    },
  },
  {
    title: 'SNP is enabled, and checks begin',
    text:
      'snp_prepare zeroes the RMP and sets SNP_EN on every CPU. From this moment every write of the hypervisor and of ordinary guests ' +
      'is checked, all over memory, although no page is assigned. Reads are not: confidentiality is the encryption’s job.',
    act(stage) {
      stage.routine(snpPrepare(stage.kernel))
      stage.access(0, write(5 * GIB, GIB))
      stage.access(0, { ...write(6 * GIB, GIB), write: false })
      stage.execute(0, verify(5))
    },
  },
  {
    title: 'What can never be optimised',
    text:
      'SNP_INIT_EX gives the RMP’s own memory and the firmware’s pages to the firmware. Assigned pages keep a region from being optimised, ' +
      'so these regions stay as they are. HV-Fixed pages do not: they are not assigned. Then RMPOPT_BASE is programmed on every core: one ' +
      'WRMSR for both threads, they share the table.',
    act(stage) {
      stage.routine(sevSnpInit(stage.kernel))
      stage.look(16 * 2 ** 20)
      stage.look(640 * 1024)
      stage.look(stage.machine.rmpOwn[0].start)
    },
  },
  {
    title: 'The first pass',
    text:
      'The leader scans: RMPOPT looks at the 512 summaries of a region, one for each 2 MiB, and stops at the first assigned one. A success ' +
      'is kept in reserved memory, and the followers, one thread of every other core, find it there. Each core has to execute RMPOPT ' +
      'itself: there is no broadcast of success.',
    act(stage) {
      stage.wait(SECOND)
    },
  },
  {
    title: 'A check that is skipped, and one that is made',
    text:
      'In an optimised region the RMP is not read at all, and the translation may be as large as the mapping. Elsewhere the write is checked; ' +
      'a page of the firmware is not to be written to.',
    act(stage) {
      const blocked = stage.regionWhere(({ assignedPages }) => assignedPages > 0)
      stage.access(3, write(freeRegion(stage) * GIB, GIB))
      stage.access(3, write(blocked * GIB + 256 * 2 ** 20, 2 * 2 ** 20))
      stage.access(3, write(16 * 2 ** 20, 4096))
      stage.execute(7, { name: 'RMPOPT', rax: freeRegion(stage) * GIB, rcx: 1 })
    },
  },
  {
    title: 'A guest launches, and the optimisation is gone',
    text:
      'The first RMPUPDATE that assigns a page of a region takes the optimisation away on every core before it completes, and drops ' +
      'the translations that reach into the page (assumed). Were one kept that was filled without a look at the RMP, the host could go on writing to what is now the guest’s. The ' +
      'context page, the launch image and the VMSAs are 4K pages; other memory follows on demand, as 2M where it can.',
    act(stage) {
      const memory = stage.kernel.memory.allocateGuest((1.5 * GIB) / AMD64.pageBytes, 'snp') ?? []
      const { pfn, pages } = memory.at(-1) as Extent
      const spa = (pfn + pages - 1) * AMD64.pageBytes
      stage.access(3, write(spa, GIB))
      const guest = stage.routine(sevSnpLaunch(stage.kernel, { id: 1, vcpus: 2, memory, imagePages: 1024 }))
      if ('failed' in guest) return stage.note('kernel', 'launch of a guest', guest.failed)
      stage.guest = guest
      stage.routine(kvmGmemPopulate(stage.kernel, guest, guest.pages))
      stage.access(3, write(spa, GIB))
    },
  },
  {
    title: 'The guest accepts its memory, and the host may not touch it',
    text: 'PVALIDATE makes a page Guest-Valid. The guest reads and writes it with the C bit set; a write of the host faults.',
    act(stage) {
      const { guest } = stage
      if (guest === undefined) return
      const page = 2048
      const spa = guest.pfnOf(page) * AMD64.pageBytes
      const gpa = page * AMD64.pageBytes
      const { asid } = guest
      stage.look(spa)
      stage.execute(2, { name: 'PVALIDATE', guest: { asid, vmpl: 0, gpa, spa, mapping: '2M' }, size: '2M', validate: true })
      stage.look(spa)
      stage.access(2, { who: 'SNP guest', spa, gpa, asid, vmpl: 0, write: true, mapping: 2 * 2 ** 20, isPrivate: true })
      stage.access(3, write(spa, 2 * 2 ** 20))
    },
  },
  {
    title: 'A page is shared again: PSMASH',
    text:
      'The guest turns one 4K page shared, inside a 2M entry. The entry is split first; the other 511 pages stay the guest’s. The region ' +
      'is as blocked as before: one assigned page is enough.',
    act(stage) {
      const { guest } = stage
      if (guest === undefined) return
      const page = guest.pages - 1
      const spa = guest.pfnOf(page) * AMD64.pageBytes
      stage.routine(kvmConvertToShared(stage.kernel, guest, page))
      stage.look(spa)
      stage.look(spa - AMD64.pageBytes)
    },
  },
  {
    title: 'A conversion races a scan',
    text:
      'CPU 1 is scanning a region when CPU 4 assigns a page that CPU 1 has already looked past. The RMPUPDATE completes; the RMPOPT, though ' +
      'it saw nothing assigned, answers 0. Losing the race is legal, and only costs time.',
    act: race,
  },
  {
    title: 'The guest ends',
    text:
      'The VMSAs and the context come back first; DECOMMISSION is followed by a request for a pass, in 10 s. The memory comes back chunk by ' +
      'chunk, and may do so long after: here it is done in time. De-assigning clears nothing, and optimises nothing: the regions are free, ' +
      'and every write to them is checked.',
    act(stage) {
      if (stage.guest !== undefined) stage.routine(kvmDestroyVm(stage.kernel, stage.guest))
      stage.access(3, write(freeRegion(stage, 0) * GIB, GIB))
    },
  },
  {
    title: 'Re-optimisation',
    text: 'Ten seconds after the last request the pass runs, over all memory: it does not know which regions changed.',
    act(stage) {
      stage.wait(12 * SECOND)
      stage.access(3, write(freeRegion(stage) * GIB + GIB / 2, GIB))
    },
  },
  {
    title: 'Shutdown',
    text:
      'With no guest left, a full shutdown clears SNP_EN on all cores; the tables are empty, RMPOPT_BASE is disabled, and no write is ' +
      'checked any more.',
    act(stage) {
      stage.routine(sevSnpShutdown(stage.kernel, 'full'))
      stage.execute(0, { name: 'RDMSR', msr: MSR_RMPOPT_BASE })
      stage.access(0, write(5 * GIB, GIB))
    },
  },
]

/** The lowest region without assigned pages that so many cores (by default all) have optimised. */
function freeRegion(stage: Stage, cores = stage.host.cores): RegionIndex {
  return stage.regionWhere(({ assignedPages, optimisedCores }) => assignedPages === 0 && optimisedCores === cores)
}

/** Both instructions in micro-steps: the scan reaches the middle, the conversion runs to its end, the scan goes on. */
function race(stage: Stage): void {
  const { machine } = stage
  const region = freeRegion(stage)
  const page = region * GIB
  const assign: Instruction = {
    name: 'RMPUPDATE',
    rax: page,
    input: { gpa: 0, assigned: true, size: '4K', immutable: false, asid: 9 },
  }
  const share: Instruction = {
    name: 'RMPUPDATE',
    rax: page,
    input: { gpa: 0, assigned: false, size: '4K', immutable: false, asid: 0 },
  }
  stage.execute(4, assign)
  stage.execute(4, share) // the region is free again, not optimised, and no result is cached
  const scan = microSteps(machine, 1, verify(region))
  let read = 0
  while (read < AMD64.regionHuges / 2) if (scan.next().value === 'read summary') read++
  stage.note(1, `RMPOPT(verify) 0x${page.toString(16)} begins`, `${read} summaries read, none assigned`)
  stage.execute(4, assign)
  let step = scan.next()
  while (!step.done) step = scan.next()
  const cf = step.value.kind === 'done' && step.value.cf
  stage.note(1, `RMPOPT(verify) 0x${page.toString(16)} ends`, `CF=${cf ? 1 : 0}`)
  stage.execute(1, { name: 'RMPOPT', rax: page, rcx: 1 })
  stage.execute(4, share)
}
