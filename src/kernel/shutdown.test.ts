import { describe, expect, it } from 'vitest'
import { SECOND } from '../arch/index.ts'
import { coresWith, PAGE, put, stateOf } from '../testing/instructions.ts'
import { bootSmall, launched, type TestKernel } from '../testing/kernels.ts'
import {
  cpuDown,
  firmware,
  kvmDestroyVm,
  type Lock,
  type Routine,
  sevSnpInit,
  sevSnpShutdown,
  snpRmpoptAllPhysmem,
} from './index.ts'

/** A kernel after its first pass: all 8 free regions are optimised on both cores. */
function optimised(): TestKernel {
  const test = bootSmall()
  test.drive.advance(0)
  expect(coresWith(test.machine, 7)).toEqual([0, 1])
  return test
}

/** The regions that all cores have optimised. */
const regionsOf = ({ machine }: TestKernel) =>
  Array.from({ length: 8 }, (_, r) => r).filter((r) => coresWith(machine, r).length === 2)

const ALL = [0, 1, 2, 3, 4, 5, 6, 7]
const passes = ({ told }: TestKernel) => told.events.filter((event) => event === 'pass ends').length

/** A pass in the middle of its leader loop. */
function passRunning(test: TestKernel) {
  const { drive, kernel } = test
  const { work } = kernel.rmpopt
  drive.call(snpRmpoptAllPhysmem(kernel))
  work!.fire()
  work!.start()
  const pass = drive.spawn(work!.routine(), 0, work)
  drive.until(pass, (op) => op.op === 'cond-resched')
  return pass
}

describe('a full shutdown (§7) [L v5, v9, v10]', () => {
  it('clears SNP_EN on all cores, disables the tables, and lets CPUs come and go again', () => {
    const test = optimised()
    const { drive, kernel, machine } = test
    expect(drive.call(cpuDown(kernel, 1))).toBe('EBUSY')
    expect(drive.call(sevSnpShutdown(kernel, 'full'))).toBe(true)
    expect(machine.cpus.some(({ snpEn }) => snpEn)).toBe(false)
    expect(machine.tables.bases.some(({ enabled }) => enabled)).toBe(false)
    expect(regionsOf(test)).toEqual([])
    expect([kernel.snpInitialised, kernel.rmpopt.isConfigured, kernel.hotplugDisabled]).toEqual([false, false, 0])
    expect(test.told.events.at(-1)).toBe('SNP disabled')
    expect(drive.call(cpuDown(kernel, 1))).toBe('done')
  })

  it('cancels a pass that waits for its timer', () => {
    const test = optimised()
    const { drive, kernel } = test
    drive.call(snpRmpoptAllPhysmem(kernel))
    drive.call(sevSnpShutdown(kernel, 'full'))
    drive.advance(100 * SECOND)
    expect(passes(test)).toBe(1)
    expect(test.told.faults).toEqual([])
  })

  it('waits for a running pass before it disables the tables, and does not let it run again, though it is queued', () => {
    const test = optimised()
    const { drive, kernel, machine } = test
    const pass = passRunning(test)
    drive.call(snpRmpoptAllPhysmem(kernel))
    kernel.rmpopt.work!.fire()
    const shutdown = drive.spawn(sevSnpShutdown(kernel, 'full'))
    while (shutdown.state === 'ready') drive.step(shutdown)
    expect(shutdown.next?.op).toBe('cancel-work-sync')
    expect(machine.tables.bases.every(({ enabled }) => enabled)).toBe(true)
    drive.until(pass, () => false)
    expect(machine.tables.bases.every(({ enabled }) => enabled)).toBe(true)
    drive.advance(100 * SECOND)
    expect([shutdown.result, passes(test)]).toEqual([true, 2])
    expect(machine.tables.bases.some(({ enabled }) => enabled)).toBe(false)
  })

  it('leaves a running pass to execute RMPOPT where the firmware has cleared SNP_EN already: #UD [A §6.4], told as faults', () => {
    const test = optimised()
    const pass = passRunning(test)
    const shutdown = test.drive.spawn(sevSnpShutdown(test.kernel, 'full'))
    while (shutdown.state === 'ready') test.drive.step(shutdown)
    test.drive.until(pass, () => false)
    test.drive.run()
    const { regions } = test.machine.rmp
    expect(test.told.faults.filter(({ cpu }) => cpu === 0)).toHaveLength(regions - 1)
    expect(test.told.faults.filter(({ cpu }) => cpu === 1)).toHaveLength(regions)
    expect(regionsOf(test)).toEqual([])
  })

  it('can be followed by another init: the RMP is zeroed, RMPOPT set up anew, and passes run again', () => {
    const test = optimised()
    const { drive, kernel, machine, told } = test
    drive.call(sevSnpShutdown(kernel, 'full'))
    put(machine, 0, 'Reclaim')
    expect(drive.call(sevSnpInit(kernel))).toBe(true)
    expect(stateOf(machine, 0)).toBe('Hypervisor')
    expect(kernel.hotplugDisabled).toBe(1)
    drive.advance(0)
    expect([passes(test), regionsOf(test), told.faults]).toEqual([2, ALL, []])
    const guest = launched(test)
    drive.call(kvmDestroyVm(kernel, guest))
    drive.advance(100 * SECOND)
    expect([passes(test), regionsOf(test)]).toEqual([3, ALL])
  })

  it('can be repeated any number of times, and hotplug is disabled and enabled in pairs', () => {
    const { drive, kernel } = optimised()
    for (let round = 0; round < 3; round++) {
      drive.call(sevSnpShutdown(kernel, 'full'))
      expect(kernel.hotplugDisabled).toBe(0)
      drive.call(sevSnpInit(kernel))
      expect(kernel.hotplugDisabled).toBe(1)
    }
  })
})

describe('a legacy shutdown (§7) [L v5, v9, v10]', () => {
  it('keeps SNP_EN, the tables, a pending pass, and hotplug disabled', () => {
    const test = optimised()
    const { drive, kernel, machine } = test
    drive.call(snpRmpoptAllPhysmem(kernel))
    expect(drive.call(sevSnpShutdown(kernel, 'legacy'))).toBe(true)
    expect([kernel.snpInitialised, kernel.rmpopt.isConfigured, kernel.hotplugDisabled]).toEqual([false, true, 1])
    expect(machine.cpus.every(({ snpEn }) => snpEn)).toBe(true)
    expect(regionsOf(test)).toEqual(ALL)
    expect(test.told.events).not.toContain('SNP disabled')
    expect(drive.call(cpuDown(kernel, 1))).toBe('EBUSY')
    drive.advance(100 * SECOND)
    expect([passes(test), test.told.faults]).toEqual([2, []])
  })

  it('can be followed by another init, which leaves SNP_EN alone and disables hotplug no second time', () => {
    const { drive, kernel, machine } = optimised()
    drive.call(sevSnpShutdown(kernel, 'legacy'))
    put(machine, 0, 'Reclaim')
    expect(drive.call(sevSnpInit(kernel))).toBe(true)
    expect(stateOf(machine, 0)).toBe('Reclaim') // not zeroed: snp_prepare was skipped
    expect(kernel.hotplugDisabled).toBe(1)
    drive.call(sevSnpShutdown(kernel, 'full'))
    expect(kernel.hotplugDisabled).toBe(0)
  })

  it('and init lose what was optimised until the next request: SNP_INIT_EX clears the tables (§6.13), setup returns early [L v5]', () => {
    const test = optimised()
    const { drive, kernel } = test
    drive.call(sevSnpShutdown(kernel, 'legacy'))
    drive.call(sevSnpInit(kernel))
    drive.advance(1000 * SECOND)
    expect([passes(test), regionsOf(test)]).toEqual([1, []])
    const guest = launched(test)
    drive.call(kvmDestroyVm(kernel, guest))
    drive.advance(2000 * SECOND)
    expect([passes(test), regionsOf(test), test.told.faults]).toEqual([2, ALL, []])
  })

  it('is what an ioctl ends with on a host that has SNP uninitialised: init, command, legacy shutdown, every time', () => {
    const { drive, kernel, told } = optimised()
    drive.call(sevSnpShutdown(kernel, 'legacy'))
    for (let times = 0; times < 3; times++) {
      const done = drive.call(ioctl())
      expect(done).toEqual([true, 'SUCCESS', true])
    }
    expect([kernel.snpInitialised, kernel.hotplugDisabled, told.faults]).toEqual([false, 1, []])

    function* ioctl(): Routine<unknown[]> {
      const init = yield* sevSnpInit(kernel)
      const status = yield* firmware({ name: 'SNP_DF_FLUSH' })
      return [init, status, yield* sevSnpShutdown(kernel, 'legacy')]
    }
  })
})

describe('a shutdown of either kind (§7) [L v5]', () => {
  it.each(['full', 'legacy'] as const)('fails while a guest is active, and changes nothing: %s', (kind) => {
    const test = optimised()
    const { drive, kernel, told, machine } = test
    const guest = launched(test)
    const before = regionsOf(test)
    expect(drive.call(sevSnpShutdown(kernel, kind))).toBe(false)
    expect([kernel.snpInitialised, kernel.rmpopt.isConfigured, kernel.hotplugDisabled]).toEqual([true, true, 1])
    expect(machine.cpus.every(({ snpEn }) => snpEn)).toBe(true)
    expect(regionsOf(test)).toEqual(before)
    expect(told.lines.at(-1)).toContain('ACTIVE')
    drive.call(kvmDestroyVm(kernel, guest))
    drive.advance(100 * SECOND)
    expect(regionsOf(test)).toEqual(ALL)
    expect(drive.call(sevSnpShutdown(kernel, kind))).toBe(true)
  })

  it.each(['full', 'legacy'] as const)('of a kernel that has SNP not initialised does nothing: %s', (kind) => {
    const { drive, kernel } = optimised()
    drive.call(sevSnpShutdown(kernel, kind))
    const { length } = drive.trace
    expect(drive.call(sevSnpShutdown(kernel, 'full'))).toBe(true)
    expect(drive.trace.slice(length).map(({ op }) => op.op)).toEqual(['lock', 'unlock'])
  })

  it.each(['full', 'legacy'] as const)('works with pages that leaked: no guest is active in them: %s', (kind) => {
    const test = optimised()
    const { drive, kernel } = test
    const guest = launched(test)
    const page = guest.memory[0].pfn * PAGE
    drive.instead = (action) => (action.name === 'RMPUPDATE' && action.rax === page ? { kind: 'done', eax: 2 } : undefined)
    drive.call(kvmDestroyVm(kernel, guest))
    expect(kernel.leakedPages).toBe(1)
    expect(drive.call(sevSnpShutdown(kernel, kind))).toBe(true)
    expect(drive.call(sevSnpInit(kernel))).toBe(true)
  })

  it('releases every lock, whatever came of it', () => {
    const test = optimised()
    const { kernel, drive } = test
    const guest = launched(test)
    drive.call(sevSnpShutdown(kernel, 'full'))
    drive.call(kvmDestroyVm(kernel, guest))
    drive.call(sevSnpShutdown(kernel, 'full'))
    const locks: Lock[] = [
      kernel.firmwareMutex,
      kernel.hotplugLock,
      kernel.hotplugOuterLock,
      kernel.rmpopt.mutex,
      kernel.asids.lock,
    ]
    expect(locks.filter(({ isHeld }) => isHeld)).toEqual([])
  })
})
