import { describe, expect, it } from 'vitest'
import type { Thread } from '../testing/drive.ts'
import { bootSmall, launch, launched, type TestKernel } from '../testing/kernels.ts'
import { Asids } from './asid.ts'
import { type Guest, kvmDestroyVm, type LaunchFailure, type Op } from './index.ts'

const isFlush = (op: Op) => op.op === 'firmware' && op.command.name === 'SNP_DF_FLUSH'
const isWbinvd = (op: Op) => op.op === 'on-each-cpu' && op.fn.name === 'WBINVD'

/** Launches a guest of two pages. @returns its ASID, or why there is none */
function tryLaunch(test: TestKernel): number | string {
  const guest = test.drive.call(launch(test, { pages: 2, imagePages: 1 }))
  return 'failed' in guest ? guest.failed : guest.asid
}

describe('ASIDs [K]', () => {
  it('are given out lowest first', () => {
    const asids = new Asids(4)
    expect([asids.take(), asids.take(), asids.take(), asids.take(), asids.take()]).toEqual([1, 2, 3, 4, undefined])
  })

  it('that are freed wait for a flush, and then are given out lowest first again', () => {
    const asids = new Asids(4)
    for (let i = 0; i < 3; i++) asids.take()
    asids.free(3)
    asids.free(1)
    expect([asids.isWorthFlushing, asids.take(), asids.take()]).toEqual([true, 4, undefined])
    asids.recycle()
    expect([asids.isWorthFlushing, asids.take(), asids.take(), asids.take()]).toEqual([false, 1, 3, undefined])
  })

  it('are worth no flush when none was freed', () => {
    expect(new Asids(1).isWorthFlushing).toBe(false)
  })
})

describe('the ASID of a guest [K]', () => {
  it('is used again only after caches were written back everywhere and the data fabric flushed', () => {
    const test = bootSmall({ asidMax: 2 })
    const { drive, kernel } = test
    const first = launched(test, { pages: 2 })
    drive.call(kvmDestroyVm(kernel, first))
    const { length } = drive.trace
    const second = launched(test, { pages: 2 })
    expect([first.asid, second.asid]).toEqual([1, 2])
    expect(drive.trace.slice(length).some(({ op }) => isFlush(op))).toBe(false)
    const third = drive.spawn(launch(test, { pages: 2 }))
    drive.run()
    expect((third.result as Guest).asid).toBe(1)
    const flushing = drive.trace.slice(length).flatMap(({ op }) => (isWbinvd(op) ? ['WBINVD'] : isFlush(op) ? ['DF_FLUSH'] : []))
    expect(flushing).toEqual(['WBINVD', 'DF_FLUSH'])
  })

  it('when there is none fails the launch without a flush; the guest’s memory is still the caller’s', () => {
    const test = bootSmall({ asidMax: 1 })
    launched(test, { pages: 2 })
    const { freePages } = test.kernel.memory
    const { length } = test.drive.trace
    const memory = test.kernel.memory.allocateGuest(2, 'snp')!
    const failed = test.drive.call(launch(test, { pages: 2 })) as LaunchFailure
    expect(failed).toEqual({ failed: 'no free ASID', memoryIsUntouched: true })
    expect(test.drive.trace.slice(length).map(({ op }) => op.op)).toEqual(['lock', 'unlock'])
    test.kernel.memory.freeGuest(memory)
    expect(test.kernel.memory.freePages).toBe(freePages)
  })

  it('is not lost by launches that fail', () => {
    const test = bootSmall({ asidMax: 3 })
    for (const name of ['SNP_GCTX_CREATE', 'SNP_ACTIVATE', 'SNP_LAUNCH_FINISH'] as const) {
      test.drive.instead = (action) => (action.name === name ? 'INVALID_PARAM' : undefined)
      for (let times = 0; times < 4; times++) expect(tryLaunch(test)).not.toBeTypeOf('number')
    }
    test.drive.instead = () => undefined
    expect([1, 2, 3].map(() => tryLaunch(test)).sort()).toEqual([1, 2, 3])
  })

  it('leaks when its guest cannot be decommissioned', () => {
    const test = bootSmall({ asidMax: 2 })
    const guest = launched(test, { pages: 2 })
    test.drive.instead = (action) => (action.name === 'SNP_DECOMMISSION' ? 'INVALID_PARAM' : undefined)
    test.drive.call(kvmDestroyVm(test.kernel, guest))
    test.drive.instead = () => undefined
    expect([tryLaunch(test), tryLaunch(test)]).toEqual([2, 'no free ASID'])
  })

  it('serves any number of guests, one after the other', () => {
    const test = bootSmall({ asidMax: 3 })
    const asids = new Set<number>()
    for (let i = 0; i < 20; i++) {
      const guest = launched(test, { pages: 2 })
      asids.add(guest.asid)
      test.drive.call(kvmDestroyVm(test.kernel, guest))
    }
    expect([...asids]).toEqual([1, 2, 3])
  })

  it('is taken and freed under a lock that is held through the flush: what is freed meanwhile waits for the next one', () => {
    const test = bootSmall({ asidMax: 2 })
    const { drive, kernel } = test
    const [first, second] = [launched(test, { pages: 2 }), launched(test, { pages: 2 })]
    drive.call(kvmDestroyVm(kernel, first))

    const flushing = drive.spawn(launch(test, { pages: 2 }))
    drive.until(flushing, isFlush)
    expect(kernel.asids.lock.isHeld).toBe(true)
    const freeing = drive.spawn(kvmDestroyVm(kernel, second))
    stepAsFarAsItGoes(freeing, test)
    expect(freeing.next).toMatchObject({ op: 'lock', lock: kernel.asids.lock })
    const other = drive.spawn(launch(test, { pages: 2 }))
    stepAsFarAsItGoes(other, test)
    expect(other.next).toMatchObject({ op: 'lock', lock: kernel.asids.lock })

    drive.until(flushing, (op) => op.op === 'execute')
    drive.until(freeing, () => false)
    const { length } = drive.trace
    drive.run()
    expect([(flushing.result as Guest).asid, (other.result as Guest).asid]).toEqual([1, 2])
    expect(drive.trace.slice(length).filter(({ op }) => isFlush(op))).toHaveLength(1) // for the one freed meanwhile
  })

  it('is not used again when the flush failed: no guest comes of it, none is spoilt, and a later flush frees them all', () => {
    const test = bootSmall({ asidMax: 2 })
    for (const guest of [launched(test, { pages: 2 }), launched(test, { pages: 2 })])
      test.drive.call(kvmDestroyVm(test.kernel, guest))
    test.drive.instead = (action) => (action.name === 'SNP_DF_FLUSH' ? 'INVALID_PLATFORM_STATE' : undefined)
    expect(tryLaunch(test)).not.toBeTypeOf('number')
    test.drive.instead = () => undefined
    expect([tryLaunch(test), tryLaunch(test)]).toEqual([1, 2])
  })
})

function stepAsFarAsItGoes(thread: Thread, { drive }: TestKernel): void {
  while (thread.state === 'ready') drive.step(thread)
}
