/** What the trees of the revisions do about SNP_EN and CPUs that come and go. */
import { describe, expect, it } from 'vitest'
import { cpuDown, cpuUp, sevSnpInit, sevSnpShutdown } from '../../kernel/index.ts'
import type { Policy } from '../../policy/policy.ts'
import { booted, doneBy, idle, optimised, passes } from '../../testing/drivers.ts'
import { enableSnp, tinyMachine } from '../../testing/machines.ts'
import { V1 } from './v1.ts'
import { V2 } from './v2.ts'
import { V3, V4 } from './v3.ts'
import { V5 } from './v5.ts'
import { V6, V7 } from './v6.ts'
import { V8 } from './v8.ts'
import { V9, V10 } from './v10.ts'

/** How often hotplug is disabled (counted) after: boot, init, legacy shutdown, init, full shutdown, init. */
function story(policy: Policy, kexec = false): number[] {
  const machine = tinyMachine()
  const test = booted(policy, kexec ? enableSnp(machine, { init: false, rmpoptBase: undefined }) : machine)
  const { drive, kernel } = test
  const counts = [kernel.hotplugDisabled]
  const then = (ok: boolean) => counts.push(ok ? kernel.hotplugDisabled : Number.NaN)
  then(drive.call(sevSnpInit(kernel)))
  then(drive.call(sevSnpShutdown(kernel, 'legacy')))
  then(drive.call(sevSnpInit(kernel)))
  then(drive.call(sevSnpShutdown(kernel, 'full')))
  then(drive.call(sevSnpInit(kernel)))
  return counts
}

describe('CPU hotplug (§7)', () => {
  it.each([V1, V2, V3, V4, V5, V6, V7])('is never disabled: $name [L v9]', (policy) => {
    expect([story(policy), story(policy, true)]).toEqual([Array(6).fill(0), Array(6).fill(0)])
  })

  it('is disabled after each SNP_INIT_EX that succeeded, counted each time: v8 [L v8]', () => {
    expect(story(V8).slice(0, 4)).toEqual([0, 1, 1, 2])
    expect(story(V8, true).slice(0, 4)).toEqual([0, 1, 1, 2])
  })

  it('is disabled once after SNP_INIT_EX, and re-enabled only by a full shutdown: v9 [L v9]', () => {
    expect(story(V9)).toEqual([0, 1, 1, 1, 0, 1])
    expect(story(V9, true)).toEqual([0, 1, 1, 1, 0, 1])
  })

  it('is disabled once before SNP_EN, as a kexec target boots if SNP_EN is set, until a full shutdown: v10 [L v10]', () => {
    expect(story(V10)).toEqual([0, 1, 1, 1, 0, 1])
    expect(story(V10, true)).toEqual([1, 1, 1, 1, 0, 1])
  })

  it.each([
    [V8, 0],
    [V9, 0],
    [V10, 1],
  ])('after a SNP_INIT_EX that failed is disabled only in v10, SNP_EN being set: $0.name [L v8–v10]', (policy, disabled) => {
    const { drive, kernel, machine } = booted(policy)
    drive.instead = (action) => (action.name === 'SNP_INIT_EX' ? 'INVALID_CONFIG' : undefined)
    expect(drive.call(sevSnpInit(kernel))).toBe(false)
    expect([machine.cpus.every(({ snpEn }) => snpEn), kernel.hotplugDisabled]).toEqual([true, disabled])
    expect(drive.call(cpuDown(kernel, 1))).toBe(disabled ? 'EBUSY' : 'done')
  })

  it.each([
    [V8, 'done'],
    [V9, 'done'],
    [V10, 'EBUSY'],
  ] as const)('between SNP_EN and SNP_INIT_EX leaves a window in v8 and v9 that v10 closes: $0.name', (policy, expected) => {
    const { drive, kernel } = booted(policy)
    const init = drive.spawn(sevSnpInit(kernel))
    drive.until(init, (op) => op.op === 'firmware')
    expect(drive.call(cpuDown(kernel, 1))).toBe(expected)
  })

  it.each([V8, V9, V10])('is as before when snp_prepare refuses because a present CPU is offline: $name', (policy) => {
    const machine = tinyMachine({ cores: 3 })
    const { drive, kernel } = booted(policy, machine, { online: machine.topology.cpuSets.of([0, 2]) })
    expect(drive.call(sevSnpInit(kernel))).toBe(false)
    expect([kernel.hotplugDisabled, machine.cpus.some(({ snpEn }) => snpEn)]).toEqual([0, false])
    expect(drive.call(cpuUp(kernel, 1))).toBe('done')
    expect(drive.call(sevSnpInit(kernel))).toBe(true)
    expect(drive.call(cpuDown(kernel, 1))).toBe('EBUSY')
  })

  it('is disabled before the first CPU gets SNP_EN: v10', () => {
    const test = booted(V10)
    const init = test.drive.spawn(sevSnpInit(test.kernel))
    for (; init.state === 'ready'; test.drive.step(init)) {
      if (test.machine.cpus.some(({ snpEn }) => snpEn)) expect(test.kernel.hotplugDisabled).toBe(1)
    }
    const done = doneBy(test, init)
    expect(done.indexOf('lock cpu_add_remove_lock')).toBeLessThan(done.indexOf('msr_set_bit on 0,1'))
  })

  it('is enabled again by a full shutdown however many attempts it took to set SNP_EN everywhere: v10', () => {
    const { drive, kernel, machine } = booted(V10)
    machine.cpus[1].memEncrypt = false // it does not take SNP_EN
    for (let attempt = 0; attempt < 2; attempt++) expect(drive.call(sevSnpInit(kernel), 1)).toBe(false)
    machine.cpus[1].memEncrypt = true
    expect(drive.call(sevSnpInit(kernel), 1)).toBe(true)
    expect(drive.call(sevSnpShutdown(kernel, 'full'))).toBe(true)
    expect([machine.cpus.some(({ snpEn }) => snpEn), drive.call(cpuDown(kernel, 1))]).toEqual([false, 'done'])
  })

  it('is disabled before setup programs a table: v8, v9', () => {
    for (const policy of [V8, V9]) {
      const test = booted(policy)
      test.drive.call(sevSnpInit(test.kernel))
      const done = doneBy(test, test.drive.threads[1])
      expect(done.indexOf('lock cpu_add_remove_lock')).toBeGreaterThan(done.indexOf('SNP_INIT_EX'))
      expect(done.indexOf('lock cpu_add_remove_lock')).toBeLessThan(done.indexOf('WRMSR on 0,1'))
    }
  })
})

describe('SNP_EN (§7)', () => {
  const atBoot = (policy: Policy) => booted(policy).machine.cpus.map(({ snpEn }) => snpEn)

  it.each([V1, V2])('is set as the host boots: $name [K]', (policy) => {
    expect(atBoot(policy)).toEqual([true, true])
  })

  it.each([V3, V4, V5, V6, V7, V8, V9, V10])('is set just before SNP_INIT_EX, on all CPUs: $name [L v9]', (policy) => {
    expect(atBoot(policy)).toEqual([false, false])
    expect(idle(policy).machine.cpus.map(({ snpEn }) => snpEn)).toEqual([true, true])
  })

  it.each([V1, V2])('is set by a callback on a CPU that comes online later: $name [K]', (policy) => {
    const machine = tinyMachine({ cores: 3 })
    const { drive, kernel } = booted(policy, machine, { online: machine.topology.cpuSets.of([0]) })
    drive.call(cpuUp(kernel, 2))
    expect(machine.cpus.map(({ snpEn }) => snpEn)).toEqual([true, false, true])
  })

  it.each([V3, V4, V5, V6, V7, V8, V9, V10])('is not set on a CPU that comes online later: $name [L v9]', (policy) => {
    const machine = enableSnp(tinyMachine({ cores: 3 }), { init: false, rmpoptBase: undefined, cpus: [0, 1] })
    const { drive, kernel } = booted(policy, machine, { online: machine.topology.cpuSets.of([0, 1]) })
    expect(drive.call(cpuUp(kernel, 2))).toBe(policy === V10 ? 'EBUSY' : 'done')
    expect(machine.cpus[2].snpEn).toBe(false)
    expect(drive.call(sevSnpInit(kernel))).toBe(false) // a present CPU has no SNP_EN
  })

  it('set already lets the first pass come all the same: every revision', () => {
    for (const policy of [V1, V2, V3, V4, V5, V6, V7, V8, V9, V10]) {
      const test = idle(policy, enableSnp(tinyMachine(), { init: false, rmpoptBase: undefined }))
      expect([policy.name, passes(test) > 0, optimised(test), test.told.faults]).toEqual([
        policy.name,
        true,
        [[0, 1], [0, 1], []],
        [],
      ])
    }
  })
})
