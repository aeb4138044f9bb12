import { describe, expect, it } from 'vitest'
import { GIB, type PageState, type Pfn, SECOND } from '../arch/index.ts'
import { MachineRecorder } from '../machine/index.ts'
import type { Thread } from '../testing/drive.ts'
import { coresWith, PAGE, stateOf } from '../testing/instructions.ts'
import { bootSmall, launch, launched, type TestKernel, testKernel } from '../testing/kernels.ts'
import { tinyMachine } from '../testing/machines.ts'
import {
  type Backing,
  type Guest,
  kvmConvertToShared,
  kvmDestroyVm,
  kvmGmemPopulate,
  type Op,
  sevSnpInit,
  sevSnpLaunch,
  snpRmptableInit,
} from './index.ts'

/** Like a string of states, one a page, runs of equal ones together: `Guest-Valid 4K ×3`. */
function pagesOf({ machine }: TestKernel, from: Pfn, pages: number): string[] {
  const states = Array.from({ length: pages }, (_, i) => {
    const { size } = machine.rmp.entry(from + i)
    return `${stateOf(machine, from + i)} ${size}`
  })
  return states.reduce<string[]>((runs, state) => {
    const [last, times = '1'] = runs.at(-1)?.split(' ×') ?? []
    if (last === state) runs[runs.length - 1] = `${state} ×${Number(times) + 1}`
    else runs.push(state)
    return runs
  }, [])
}

/** What an operation is about, in few words; locks and the like are left out. */
function words(op: Op): string[] {
  switch (op.op) {
    case 'execute':
      return op.instruction.name === 'RMPUPDATE'
        ? [`RMPUPDATE ${op.instruction.rax / PAGE} ${op.instruction.input.assigned ? 'private' : 'shared'}`]
        : [op.instruction.name]
    case 'rmpupdate-run':
      return [`RMPUPDATE ${op.instruction.rax / PAGE} ×${op.pages} ${op.instruction.input.assigned ? 'private' : 'shared'}`]
    case 'launch-update-run':
      return [`SNP_LAUNCH_UPDATE ${op.command.page / PAGE} ×${op.pages}`]
    case 'firmware':
      return ['page' in op.command ? `${op.command.name} ${op.command.page / PAGE}` : op.command.name]
    case 'delay-work':
      return ['request']
    default:
      return []
  }
}

const wordsOf = ({ drive }: TestKernel, thread: Thread) =>
  drive.trace.filter((step) => step.thread === thread).flatMap(({ op }) => words(op))

const command =
  (name: string) =>
  (op: Op): boolean =>
    (op.op === 'firmware' || op.op === 'launch-update-run') && op.command.name === name

/** The RMP is as it was before any guest, and all memory is there. */
function expectAsBefore(test: TestKernel, freePages: number): void {
  const { kernel, machine } = test
  expect(kernel.memory.freePages).toBe(freePages)
  expect([...machine.rmp.assignedPages.slice(0, 8)]).toEqual(new Array(8).fill(0))
  expect(machine.firmware.guests.size).toBe(0)
  expect([kernel.leakedPages, test.told.leaks]).toEqual([0, []])
}

describe('the launch of a guest (§7) [K]', () => {
  it('makes a context page Firmware, then has the firmware make it the guest’s Context', () => {
    const test = bootSmall()
    const thread = test.drive.spawn(launch(test))
    test.drive.until(thread, command('SNP_GCTX_CREATE'))
    const { machine } = test
    expect(pagesOf(test, 0, 10)).toEqual(['Hypervisor 4K ×8', 'Firmware 4K', 'Hypervisor 4K']) // memory, then the context
    test.drive.until(thread, command('SNP_ACTIVATE'))
    expect(machine.firmware.guests.get(8 * PAGE)).toEqual({ asid: 0, state: 'init' })
  })

  it('makes the pages of its image private, 4K and immutable one by one, then hands them to the firmware', () => {
    const test = bootSmall()
    const thread = test.drive.spawn(launch(test, { imagePages: 2 }))
    test.drive.until(thread, command('SNP_LAUNCH_UPDATE'))
    expect(pagesOf(test, 0, 3)).toEqual(['Pre-Guest 4K ×2', 'Hypervisor 4K'])
    expect(test.machine.rmp.entry(1)).toMatchObject({ asid: 1, gpa: PAGE })
    test.drive.step(thread)
    expect(pagesOf(test, 0, 3)).toEqual(['Guest-Valid 4K ×2', 'Hypervisor 4K'])
  })

  it('does the same with a page for each vCPU: its VMSA', () => {
    const test = bootSmall()
    const thread = test.drive.spawn(launch(test, { imagePages: 0, vcpus: 2 }))
    test.drive.until(thread, command('SNP_LAUNCH_UPDATE'))
    expect(pagesOf(test, 9, 1)).toEqual(['Pre-Guest 4K'])
    test.drive.step(thread)
    expect(test.machine.rmp.entry(9)).toMatchObject({ validated: true, vmsa: true, immutable: false, asid: 1 })
    test.drive.run()
    const guest = thread.result as Guest
    expect(guest.vmsas).toEqual([9, 10])
    expect(guest.vmsas.every((pfn) => test.machine.rmp.entry(pfn).vmsa)).toBe(true)
  })

  it('goes context, ASID, image, VMSAs, finish: in this order', () => {
    const test = bootSmall()
    const thread = test.drive.spawn(launch(test, { id: 7 }))
    test.drive.run()
    expect(wordsOf(test, thread)).toEqual([
      'RMPUPDATE 8 private',
      'SNP_GCTX_CREATE',
      'SNP_ACTIVATE',
      'RMPUPDATE 0 ×2 private',
      'SNP_LAUNCH_UPDATE 0 ×2',
      'RMPUPDATE 2 ×1 private',
      'SNP_LAUNCH_UPDATE 2 ×1',
      'RMPUPDATE 9 private',
      'SNP_LAUNCH_UPDATE 9',
      'SNP_LAUNCH_FINISH',
    ])
    expect(test.machine.firmware.guests.get(8 * PAGE)).toEqual({ asid: 1, state: 'running' })
    expect(test.told.events.at(-1)).toBe('guest 7 launched')
  })

  it('follows the extents of its memory in guest order, wherever they lie', () => {
    const test = bootSmall()
    const memory = [
      { pfn: 20, pages: 2 },
      { pfn: 4, pages: 4 },
    ]
    const guest = test.drive.call(sevSnpLaunch(test.kernel, { id: 0, vcpus: 1, imagePages: 4, memory })) as Guest
    expect([20, 21, 4, 5, 6].map((pfn) => test.machine.rmp.entry(pfn).assigned)).toEqual([true, true, true, true, false])
    expect([20, 21, 4, 5].map((pfn) => test.machine.rmp.entry(pfn).gpa / PAGE)).toEqual([0, 1, 2, 3])
    test.drive.call(kvmGmemPopulate(test.kernel, guest, 6))
    expect(test.machine.rmp.entry(6)).toMatchObject({ assigned: true, size: '2M', gpa: 4 * PAGE })
  })

  it('launches no more image than the guest has memory', () => {
    const test = bootSmall()
    const guest = launched(test, { pages: 4, imagePages: 100 })
    expect(guest.populated).toBe(4)
    expect(pagesOf(test, 0, 4)).toEqual(['Guest-Valid 4K ×4'])
  })

  it('is refused before SNP is initialised, and its memory is still the caller’s', () => {
    const test = testKernel(tinyMachine())
    expect(test.drive.call(launch(test))).toMatchObject({ memoryIsUntouched: true })
    expect(test.drive.trace).toEqual([])
  })
})

describe('memory on demand (§7) [K]', () => {
  const populated = (backing: Backing, to: number, imagePages = 3): string[] => {
    const test = bootSmall({}, { backing })
    const guest = launched(test, { imagePages })
    test.drive.call(kvmGmemPopulate(test.kernel, guest, to))
    return pagesOf(test, 0, 8)
  }

  it('is assigned as 2M where backing and alignment allow, else as 4K, and is Guest-Invalid (§4)', () => {
    expect(populated('2m', 8)).toEqual(['Guest-Valid 4K ×3', 'Guest-Invalid 4K', 'Guest-Invalid 2M ×4'])
    expect(populated('1g', 8)).toEqual(['Guest-Valid 4K ×3', 'Guest-Invalid 4K', 'Guest-Invalid 2M ×4'])
    expect(populated('2m', 8, 0)).toEqual(['Guest-Invalid 2M ×8'])
  })

  it('is assigned as 4K when the backing is', () => {
    expect(populated('4k', 8)).toEqual(['Guest-Valid 4K ×3', 'Guest-Invalid 4K ×5'])
  })

  it('is assigned as far as it was touched, no further', () => {
    expect(populated('2m', 5)).toEqual(['Guest-Valid 4K ×3', 'Guest-Invalid 4K ×2', 'Hypervisor 4K ×3'])
    expect(populated('2m', 0)).toEqual(['Guest-Valid 4K ×3', 'Hypervisor 4K ×5'])
    expect(populated('2m', 100)).toHaveLength(3)
  })

  it('goes on where it stopped, in any pieces', () => {
    const test = bootSmall()
    const guest = launched(test)
    for (const to of [4, 5, 5, 2, 8]) test.drive.call(kvmGmemPopulate(test.kernel, guest, to))
    expect(pagesOf(test, 0, 8)).toEqual(['Guest-Valid 4K ×3', 'Guest-Invalid 4K ×3', 'Guest-Invalid 2M ×2'])
  })

  it('is the guest’s at its guest address, with its ASID', () => {
    const test = bootSmall()
    launched(test, { pages: 2 })
    const second = launched(test, { pages: 6, imagePages: 1 })
    test.drive.call(kvmGmemPopulate(test.kernel, second, 6))
    const [{ pfn }] = second.memory
    expect([1, 2, 5].map((page) => test.machine.rmp.entry(pfn + page))).toEqual([
      expect.objectContaining({ asid: 2, gpa: PAGE, size: '4K' }),
      expect.objectContaining({ asid: 2, gpa: 2 * PAGE, size: '2M' }),
      expect.objectContaining({ asid: 2, gpa: 4 * PAGE, size: '2M' }),
    ])
  })

  it('takes the optimisation from its regions on every core (§6.8)', () => {
    const test = bootSmall()
    test.drive.advance(0)
    const guest = launched(test, { imagePages: 0 })
    expect(coresWith(test.machine, 0)).toEqual([0, 1])
    test.drive.call(kvmGmemPopulate(test.kernel, guest, 8))
    expect([0, 1, 3].map((region) => coresWith(test.machine, region))).toEqual([[], [], [0, 1]])
  })

  it('is assigned as 4K where guest and system address are not aligned alike: alignment allows no 2M (§7) [K]', () => {
    const test = bootSmall()
    const memory = [
      { pfn: 9, pages: 1 },
      { pfn: 10, pages: 2 },
    ]
    const guest = test.drive.call(sevSnpLaunch(test.kernel, { id: 0, vcpus: 1, imagePages: 0, memory })) as Guest
    test.drive.call(kvmGmemPopulate(test.kernel, guest, 3))
    expect(pagesOf(test, 9, 3)).toEqual(['Guest-Invalid 4K ×3'])
  })
})

describe('a conversion to shared (§7) [K]', () => {
  it('of a 4K piece of a 2M entry runs PSMASH, and leaves the rest private', () => {
    const test = bootSmall()
    const guest = launched(test, { imagePages: 0 })
    test.drive.call(kvmGmemPopulate(test.kernel, guest, 8))
    const thread = test.drive.spawn(kvmConvertToShared(test.kernel, guest, 5))
    test.drive.run()
    expect(thread.result).toBe(true)
    expect(wordsOf(test, thread).filter((word) => word !== 'RMPREAD')).toEqual(['PSMASH', 'RMPUPDATE 5 shared'])
    expect(pagesOf(test, 0, 8)).toEqual(['Guest-Invalid 2M ×4', 'Guest-Invalid 4K', 'Hypervisor 4K', 'Guest-Invalid 2M ×2'])
  })

  it('of a 4K entry runs no PSMASH; of a shared page nothing at all', () => {
    const test = bootSmall({}, { backing: '4k' })
    const guest = launched(test, { imagePages: 8 })
    for (let times = 0; times < 2; times++) {
      const thread = test.drive.spawn(kvmConvertToShared(test.kernel, guest, 1))
      test.drive.run()
      expect(wordsOf(test, thread).filter((word) => word !== 'RMPREAD')).toEqual(times === 0 ? ['RMPUPDATE 1 shared'] : [])
      expect(thread.result).toBe(true)
    }
    expect(pagesOf(test, 0, 3)).toEqual(['Guest-Valid 4K', 'Hypervisor 4K', 'Guest-Valid 4K'])
  })

  it('does not ask for a pass: v10 does that at the end of a guest only (§7)', () => {
    const test = bootSmall()
    test.drive.advance(0)
    const guest = launched(test, { imagePages: 8 })
    for (let page = 0; page < 8; page++) test.drive.call(kvmConvertToShared(test.kernel, guest, page))
    expect(test.told.events).not.toContain('pass requested')
  })
})

describe('the end of a guest (§7) [K, L v5, L v9]', () => {
  it('frees its VMSAs, decommissions the context, frees that, asks for a pass; only then its memory comes back', () => {
    const test = bootSmall()
    const guest = launched(test, { pages: 4, imagePages: 1 })
    test.drive.call(kvmGmemPopulate(test.kernel, guest, 4))
    const thread = test.drive.spawn(kvmDestroyVm(test.kernel, guest))
    test.drive.run()
    expect(wordsOf(test, thread).filter((word) => word !== 'RMPREAD')).toEqual([
      'RMPUPDATE 5 shared',
      'SNP_DECOMMISSION',
      'SNP_PAGE_RECLAIM 4',
      'RMPUPDATE 4 shared',
      'request',
      'RMPUPDATE 0 ×2 shared',
      'RMPUPDATE 2 shared',
    ])
    expect(test.told.events.slice(-4)).toEqual([
      'guest 0 launched',
      'pass requested',
      'guest 0 destroyed',
      'guest 0 memory returned',
    ])
  })

  it('PSMASHes a 2M entry of which it gives back a part', () => {
    const test = bootSmall()
    const { machine, drive, kernel } = test
    const guest = launched(test, { pages: 4, imagePages: 0 })
    drive.call(kvmGmemPopulate(kernel, guest, 4))
    guest.populated = 3 // as if the file were truncated there
    const recorder = new MachineRecorder()
    machine.listen(recorder)
    const freed = watchFrees(test)
    drive.call(kvmDestroyVm(kernel, guest))
    expect(recorder.events.some((event) => event.type === 'instruction' && event.instruction.name === 'PSMASH')).toBe(true)
    expect(pagesOf(test, 0, 3)).toEqual(['Hypervisor 4K ×3'])
    expect(freed.wereAssigned).toEqual([3]) // the page that the test hid
  })

  it.each([
    ['untouched', 0, 0],
    ['as its image left it', 3, 0],
    ['touched in part', 3, 5],
    ['touched all over', 0, 8],
  ])('returns everything: memory %s', (_, imagePages, to) => {
    for (const backing of ['4k', '2m', '1g'] as const) {
      const test = bootSmall({}, { backing })
      const free = test.kernel.memory.freePages
      const guest = launched(test, { imagePages, vcpus: 3 })
      test.drive.call(kvmGmemPopulate(test.kernel, guest, to))
      if (guest.populated > 4) test.drive.call(kvmConvertToShared(test.kernel, guest, 4))
      const freed = watchFrees(test)
      test.drive.call(kvmDestroyVm(test.kernel, guest))
      expect(freed.wereAssigned).toEqual([])
      expectAsBefore(test, free)
    }
  })

  it('hands no page to the allocator that is still assigned, also where the guest has made holes', () => {
    const test = bootSmall()
    const guest = launched(test, { pages: 16, imagePages: 5 })
    test.drive.call(kvmGmemPopulate(test.kernel, guest, 16))
    for (const page of [0, 6, 7, 9, 12, 15]) test.drive.call(kvmConvertToShared(test.kernel, guest, page))
    const freed = watchFrees(test)
    test.drive.call(kvmDestroyVm(test.kernel, guest))
    expect([freed.wereAssigned, freed.pages]).toEqual([[], 16])
  })

  it('returns the memory of a large guest in chunks, and may be at it long after sev_vm_destroy returned', () => {
    const test = testKernel(tinyMachine({ freeRegions: 4 }))
    const { kernel, drive } = test
    drive.call(snpRmptableInit(kernel))
    drive.call(sevSnpInit(kernel))
    drive.advance(0)
    const guest = launched(test, { pages: (2.5 * GIB) / PAGE, imagePages: 2 })
    drive.call(kvmGmemPopulate(kernel, guest, guest.pages))
    const { freePages } = kernel.memory
    const teardown = drive.spawn(kvmDestroyVm(kernel, guest))
    const chunks: number[] = []
    let last = freePages
    while (teardown.state === 'ready') {
      drive.step(teardown)
      const now = kernel.memory.freePages
      if (now - last > 512) chunks.push(((now - last) * PAGE) / GIB)
      if (now !== last) last = now
    }
    expect(chunks).toEqual([1, 1, 0.5])
    expect(test.told.returned).toHaveLength(3)
    drive.advance(20 * SECOND)
    expect([0, 1, 2, 3].map((region) => coresWith(test.machine, region))).toEqual(new Array(4).fill([0, 1]))
  })

  it('gives each page of its memory back once: one told extent for each', () => {
    const test = bootSmall()
    const guest = launched(test)
    test.drive.call(kvmDestroyVm(test.kernel, guest))
    expect(test.told.returned.flat()).toEqual(guest.memory)
  })

  it('spends the time of freeing a folio once, not again at every page that was shared meanwhile', () => {
    const test = bootSmall({}, { backing: '4k' })
    const guest = launched(test, { pages: 8, imagePages: 8 })
    for (const page of [2, 3, 6]) test.drive.call(kvmConvertToShared(test.kernel, guest, page))
    const { length } = test.drive.trace
    test.drive.call(kvmDestroyVm(test.kernel, guest))
    const freed = test.drive.trace
      .slice(length)
      .reduce((sum, { op }) => sum + (op.op === 'cpu-time' && op.what === 'free 4K folio' ? op.times : 0), 0)
    expect(freed).toBe(8)
  })

  it('returns its memory to the hypervisor also on a CPU without RMPREAD: Linux reads the raw entry there (§3) [K]', () => {
    const test = bootSmall({ features: { rmpread: false } })
    const guest = launched(test)
    test.drive.call(kvmGmemPopulate(test.kernel, guest, 8))
    test.drive.call(kvmConvertToShared(test.kernel, guest, 1))
    const freed = watchFrees(test)
    test.drive.call(kvmDestroyVm(test.kernel, guest))
    expect(freed.wereAssigned).toEqual([])
  })
})

/** Writes down which pages go back to the allocator, and which of them still are assigned then. */
function watchFrees({ kernel, machine }: TestKernel): { wereAssigned: Pfn[]; pages: number } {
  const freed = { wereAssigned: [] as Pfn[], pages: 0 }
  const { memory } = kernel
  const free = memory.freeGuest.bind(memory)
  memory.freeGuest = (extents) => {
    for (const { pfn, pages } of extents) {
      for (let page = pfn; page < pfn + pages; page++) if (machine.rmp.entry(page).assigned) freed.wereAssigned.push(page)
      freed.pages += pages
    }
    free(extents)
  }
  return freed
}

describe('the states that the kernel makes', () => {
  it('are those of the table in §4, each at its place in the life of a guest', () => {
    const test = bootSmall()
    const { machine, drive, kernel } = test
    const seen = new Map<Pfn, PageState[]>()
    const look = () => {
      for (let pfn = 0; pfn < 10; pfn++) {
        const states = seen.get(pfn) ?? []
        const state = stateOf(machine, pfn)
        if (states.at(-1) !== state) seen.set(pfn, [...states, state])
      }
    }
    const stepThrough = <T>(thread: Thread<T>): T => {
      while (thread.state === 'ready') {
        drive.step(thread)
        look()
      }
      return thread.result as T
    }
    look()
    const guest = stepThrough(drive.spawn(launch(test, { pages: 8, imagePages: 2 }))) as Guest
    stepThrough(drive.spawn(kvmGmemPopulate(kernel, guest, 4)))
    stepThrough(drive.spawn(kvmDestroyVm(kernel, guest)))
    const image: PageState[] = ['Hypervisor', 'Pre-Guest', 'Guest-Valid', 'Hypervisor']
    expect(seen.get(0)).toEqual(image)
    expect(seen.get(1)).toEqual(image)
    expect(seen.get(2)).toEqual(['Hypervisor', 'Guest-Invalid', 'Hypervisor'])
    expect(seen.get(5)).toEqual(['Hypervisor'])
    expect(seen.get(8)).toEqual(['Hypervisor', 'Firmware', 'Reclaim', 'Hypervisor']) // the context
    expect(seen.get(9)).toEqual(image) // the VMSA
  })
})
