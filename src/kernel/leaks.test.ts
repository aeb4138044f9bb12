/** What goes wrong in the life of a guest, one thing at a time and many at once: nothing is lost but what is leaked, and said to be. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FAIL_OVERLAP, FAIL_PERMISSION, type Pfn } from '../arch/index.ts'
import { type Action, isCommand } from '../testing/actions.ts'
import { PAGE, stateOf } from '../testing/instructions.ts'
import { bootSmall, launch, launched, type TestKernel, type TestKernelSpec } from '../testing/kernels.ts'
import { type Guest, kvmConvertToShared, kvmDestroyVm, kvmGmemPopulate, type LaunchFailure, type Routine } from './index.ts'

/** Whether an action changes something, so that its failure would matter. */
const changes = ({ name }: Action) => name === 'RMPUPDATE' || name === 'PSMASH' || name.startsWith('SNP_')

/** How a failed action is answered. */
const failure = (action: Action) => (isCommand(action) ? 'INVALID_PARAM' : { kind: 'done', eax: FAIL_PERMISSION })

/** A guest from its launch to its end, with memory of every kind. @returns it, or why there was none */
function* life(test: TestKernel): Routine<Guest | LaunchFailure> {
  const guest = yield* launch(test, { pages: 8, imagePages: 3, vcpus: 2 })
  if ('failed' in guest) return guest
  yield* kvmGmemPopulate(test.kernel, guest, 8)
  yield* kvmConvertToShared(test.kernel, guest, 1)
  yield* kvmConvertToShared(test.kernel, guest, 6)
  yield* kvmDestroyVm(test.kernel, guest)
  return guest
}

interface Trial extends TestKernel {
  /** Pages that were free before. */
  readonly total: number
  /** What was done, and what of it failed. */
  readonly done: Action[]
  readonly failed: Action[]
  readonly result: Guest | LaunchFailure
}

/** One life in which every action fails that `fails` says, counted from 0; afterwards all is well again. */
function trial(fails: (action: Action, n: number) => boolean, spec: TestKernelSpec = {}): Trial {
  const test = bootSmall({ asidMax: 2 }, spec)
  const total = test.kernel.memory.freePages
  const done: Action[] = []
  const failed: Action[] = []
  test.drive.instead = (action) => {
    if (!changes(action)) return undefined
    done.push(action)
    if (!fails(action, done.length - 1)) return undefined
    failed.push(action)
    return failure(action)
  }
  const result = test.drive.call(life(test))
  test.drive.instead = () => undefined
  return { ...test, total, done, failed, result }
}

const PLAIN = trial(() => false)

/** Memory of the guest in `life`: the lowest pages. Behind it the kernel's own pages lie. */
const GUEST_END = 8

/** What is wrong after a trial, in words. */
function wrong({ kernel, machine, told, total, failed, drive }: Trial): string[] {
  const problems: string[] = []
  const leaked = told.leaks.flatMap(({ pfn, pages }) => Array.from({ length: pages }, (_, i) => pfn + i))
  const isLeaked = new Set(leaked)
  if (isLeaked.size !== leaked.length) problems.push(`pages leaked twice: ${leaked}`)
  if (kernel.leakedPages !== leaked.length) problems.push(`${kernel.leakedPages} pages counted, ${leaked.length} leaked`)
  const lines = told.lines.filter((line) => /^SEV-SNP: Leaking PFN range 0x[0-9a-f]+-0x[0-9a-f]+$/.test(line))
  if (lines.length !== told.leaks.length) problems.push(`${lines.length} lines for ${told.leaks.length} leaks`)

  const end = (machine.layout?.base ?? 0) / PAGE
  for (let pfn = 0; pfn < end; pfn++) {
    if (machine.rmp.entry(pfn).assigned && !isLeaked.has(pfn))
      problems.push(`page ${pfn} is ${stateOf(machine, pfn)}, not leaked`)
  }
  // A page of a guest takes its folio with it, a kernel page goes alone.
  const away = new Set(leaked.flatMap((pfn) => (pfn < GUEST_END ? [pfn - (pfn % 2), pfn - (pfn % 2) + 1] : [pfn])))
  const { freePages } = kernel.memory
  if (freePages + away.size !== total) problems.push(`${freePages} free and ${[...away]} away of ${total}`)

  const isDecommissioned = !failed.some(({ name }) => name === 'SNP_DECOMMISSION')
  if (isDecommissioned && machine.firmware.guests.size > 0) problems.push('the firmware still has a guest')
  const locks = [kernel.asids.lock, kernel.rmpopt.mutex, kernel.hotplugLock, kernel.firmwareMutex]
  for (const lock of locks) if (lock.isHeld) problems.push(`${lock.name} is held`)

  const guests = [0, 1].map((id) => drive.call(launch({ kernel }, { id, pages: 2, vcpus: 1 })))
  const count = guests.filter((guest) => !('failed' in guest)).length
  if (count !== (isDecommissioned ? 2 : 1)) problems.push(`${count} guests can be launched afterwards: ${JSON.stringify(guests)}`)
  for (const pfn of allMemory({ kernel })) {
    if (isLeaked.has(pfn) || machine.rmp.entry(pfn).assigned) problems.push(`page ${pfn} is handed out, ${stateOf(machine, pfn)}`)
  }
  return problems
}

/** Takes all memory that there is. */
function allMemory({ kernel }: Pick<TestKernel, 'kernel'>): Pfn[] {
  const pages: Pfn[] = []
  for (;;) {
    const page = kernel.memory.allocateKernelPage('snp')
    if (page === undefined) break
    pages.push(page)
  }
  return pages
}

const nameOf = (action: Action) => ('page' in action ? `${action.name} ${action.page / PAGE}` : action.name)

describe('one failure in the life of a guest (§7) [K]', () => {
  it('leaves nothing behind but leaked pages, wherever it happens; these are logged (§9), counted, and never used again', () => {
    expect(PLAIN.done.length).toBeGreaterThan(25)
    for (let k = 0; k < PLAIN.done.length; k++) {
      const one = trial((_, n) => n === k)
      expect(wrong(one), `${nameOf(PLAIN.done[k])}, number ${k}`).toEqual([])
    }
  })

  it('does the same when the backing is 4K', () => {
    const { done } = trial(() => false, { backing: '4k' })
    for (let k = 0; k < done.length; k++) {
      expect(wrong(trial((_, n) => n === k, { backing: '4k' })), `${nameOf(done[k])}, number ${k}`).toEqual([])
    }
  })

  const launching = PLAIN.done.findIndex(({ name }) => name === 'SNP_LAUNCH_FINISH') + 1
  const isOfImage = (action: Action) =>
    (action.name === 'RMPUPDATE' && action.rax < GUEST_END * PAGE) ||
    (action.name === 'SNP_LAUNCH_UPDATE' && action.page < GUEST_END * PAGE)

  /** Numbers of the launch's actions that concern the image, or that do not. */
  const phases = (image: boolean) => [...PLAIN.done.keys()].filter((k) => k < launching && isOfImage(PLAIN.done[k]) === image)

  it('fails the launch in which it happens: context, ASID, VMSAs, finish', () => {
    expect(phases(false)).toHaveLength(8)
    for (const k of phases(false)) {
      expect(trial((_, n) => n === k).result, `${nameOf(PLAIN.done[k])}, number ${k}`).toHaveProperty('failed')
    }
  })

  it('fails the launch in which it happens: image pages, which are handed to the firmware like all others', () => {
    expect(phases(true)).toHaveLength(6)
    for (const k of phases(true)) {
      expect(trial((_, n) => n === k).result, `${nameOf(PLAIN.done[k])}, number ${k}`).toHaveProperty('failed')
    }
  })

  it('leaks nothing when the launch fails where all pages can be taken back', () => {
    for (const k of phases(false)) {
      const { kernel, total } = trial((_, n) => n === k)
      expect([kernel.leakedPages, kernel.memory.freePages], `${nameOf(PLAIN.done[k])}, number ${k}`).toEqual([0, total])
    }
  })

  it('leaks nothing when the firmware refuses an image page: PAGE_RECLAIM takes a Pre-Guest page back (§4) [APM]', () => {
    for (const k of phases(true)) {
      const { kernel, total } = trial((_, n) => n === k)
      expect([kernel.leakedPages, kernel.memory.freePages], `${nameOf(PLAIN.done[k])}, number ${k}`).toEqual([0, total])
    }
  })

  it('is no failure when RMPUPDATE says FAIL_OVERLAP: Linux retries on this one (§2)', () => {
    const test = bootSmall()
    let overlaps = 0
    let last = ''
    test.drive.instead = (action) => {
      const isRun = action.name === 'RMPUPDATE' && action.rax < GUEST_END * PAGE && action.input.size === '4K'
      if (action.name !== 'RMPUPDATE' || isRun || JSON.stringify(action) === last) return undefined
      last = JSON.stringify(action)
      overlaps++
      return { kind: 'done', eax: FAIL_OVERLAP }
    }
    const { freePages } = test.kernel.memory
    expect(test.drive.call(life(test))).not.toHaveProperty('failed')
    expect(overlaps).toBeGreaterThan(5)
    expect([test.kernel.leakedPages, test.kernel.memory.freePages]).toEqual([0, freePages])
  })
})

describe('failures that last', () => {
  const lasting: [string, (action: Action) => boolean, Pfn[]][] = [
    ['SNP_PAGE_RECLAIM: the context leaks', ({ name }) => name === 'SNP_PAGE_RECLAIM', [8]],
    ['SNP_DECOMMISSION: the context leaks, and the ASID with it', ({ name }) => name === 'SNP_DECOMMISSION', [8]],
    ['PSMASH: the huge page that was to be split is given back whole', ({ name }) => name === 'PSMASH', []],
    ['SNP_GCTX_CREATE: there is no guest', ({ name }) => name === 'SNP_GCTX_CREATE', []],
    [
      'RMPUPDATE to shared: all of the guest leaks',
      (action) => action.name === 'RMPUPDATE' && !action.input.assigned,
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    ],
    [
      'RMPUPDATE of one page: that page leaks',
      (action) => action.name === 'RMPUPDATE' && action.rax === 2 * PAGE && !action.input.assigned,
      [2],
    ],
  ]
  it.each(lasting)('%s', (_, fails, pages) => {
    const one = trial(fails)
    const leaked = one.told.leaks.flatMap(({ pfn, pages }) => Array.from({ length: pages }, (_, i) => pfn + i))
    expect(leaked.sort((a, b) => a - b)).toEqual(pages)
    expect(wrong(one)).toEqual([])
  })

  it('are logged byte for byte, one line a range (§9)', () => {
    const { told } = trial((action) => action.name === 'SNP_DECOMMISSION')
    expect(told.lines.at(-1)).toMatch(/^SEV-SNP: Leaking PFN range 0x0*8-0x0*[89]$/)
  })

  it('of a decommission keep the guest’s other memory from nobody', () => {
    const { kernel, total } = trial((action) => action.name === 'SNP_DECOMMISSION')
    expect(kernel.memory.freePages).toBe(total - 1)
  })

  it('in any number and place leave nothing behind but leaked pages', () => {
    const runs = fc.property(
      fc.infiniteStream(fc.nat(9)),
      fc.constantFrom('4k', '2m'),
      fc.integer({ min: 1, max: 9 }),
      (...args) => {
        const [dice, backing, rate] = args
        expect(wrong(trial(() => (dice.next().value as number) < rate / 2, { backing }))).toEqual([])
      },
    )
    fc.assert(runs, { numRuns: 300 })
  })
})

describe('a leaked page of a guest', () => {
  it('keeps the folio that it lies in away, and nothing else', () => {
    const test = bootSmall()
    const { total } = { total: test.kernel.memory.freePages }
    const guest = launched(test, { pages: 8, imagePages: 8 })
    test.drive.instead = (action) => (action.name === 'RMPUPDATE' && action.rax === 5 * PAGE ? failure(action) : undefined)
    test.drive.call(kvmDestroyVm(test.kernel, guest))
    expect([test.kernel.leakedPages, total - test.kernel.memory.freePages]).toEqual([1, 2])
    expect(test.told.returned).toEqual([
      [
        { pfn: 0, pages: 4 },
        { pfn: 6, pages: 2 },
      ],
    ])
  })

  it.each([
    ['1 GiB backing', { backing: '1g' }],
    ['hugetlb', { placement: 'hugetlb' }],
  ] as const)('keeps its 1 GiB folio away where folios are that large: %s', (_, spec) => {
    const test = bootSmall({}, spec)
    const total = test.kernel.memory.freePages
    const guest = launched(test, { pages: 8, imagePages: 8 })
    const page = guest.pfnOf(5) * PAGE
    test.drive.instead = (action) => (action.name === 'RMPUPDATE' && action.rax === page ? failure(action) : undefined)
    test.drive.call(kvmDestroyVm(test.kernel, guest))
    expect([test.kernel.leakedPages, total - test.kernel.memory.freePages]).toEqual([1, 4])
  })

  it('stays assigned, and keeps its region from being optimised for good (§4)', () => {
    const test = bootSmall()
    const guest = launched(test, { pages: 8, imagePages: 8 })
    test.drive.instead = (action) => (action.name === 'RMPUPDATE' && action.rax === 5 * PAGE ? failure(action) : undefined)
    test.drive.call(kvmDestroyVm(test.kernel, guest))
    test.drive.instead = () => undefined
    test.drive.advance(100e9)
    const { machine } = test
    expect([0, 1, 2].map((region) => machine.optimisedOn(region).size)).toEqual([2, 0, 2])
  })
})

describe('memory that a guest is not given', () => {
  it('fails the launch when there is no page for the context, and the caller keeps the memory', () => {
    const test = bootSmall()
    const { memory } = test.kernel
    const all = memory.allocateGuest(memory.freePages - 2, 'ordinary')
    expect(test.drive.call(launch(test, { pages: 2 }))).toMatchObject({ failed: 'no context page', memoryIsUntouched: true })
    expect(memory.freePages).toBe(2)
    memory.freeGuest(all!)
    expect(test.drive.call(life(test))).not.toHaveProperty('failed')
  })

  it('fails the launch when there is no page for a VMSA, and all that was given comes back', () => {
    const test = bootSmall()
    const { memory } = test.kernel
    memory.allocateGuest(memory.freePages - 4, 'ordinary')
    expect(test.drive.call(launch(test, { pages: 2, vcpus: 2 }))).toMatchObject({ failed: 'no memory for a VMSA' })
    expect(memory.freePages).toBe(4)
    expect([test.kernel.leakedPages, test.machine.firmware.guests.size]).toEqual([0, 0])
    expect(test.drive.call(launch(test, { pages: 2, vcpus: 1 }))).not.toHaveProperty('failed')
  })
})
