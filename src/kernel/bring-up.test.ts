import { describe, expect, it } from 'vitest'
import { AMD64 } from '../arch/geometry.ts'
import {
  GIB,
  MIB,
  MSR_SYSCFG,
  planContiguous,
  planSegmented,
  type RmpLayout,
  SYSCFG_MFDM,
  SYSCFG_SNP_EN,
  SYSCFG_VMPL_EN,
} from '../arch/index.ts'
import { Machine, MachineRecorder, type MachineSpec } from '../machine/index.ts'
import { PAGE, put, stateOf } from '../testing/instructions.ts'
import { type TestKernel, type TestKernelSpec, testKernel } from '../testing/kernels.ts'
import { ALL_FEATURES, enableSnp, tinyMachine } from '../testing/machines.ts'
import { cpuDown, cpuUp, sevSnpInit, sevSnpShutdown, snpPrepare, snpRmptableInit } from './index.ts'

const RAM = [{ start: 0, end: 3 * GIB, node: 0 }]
const SEGMENTED = planSegmented({ ram: RAM, segmentShift: 30, base: 2 * GIB, place: (i) => 2 * GIB + (1 + 4 * i) * MIB })

/** 3 GiB, an RMP for all of it, two cores of two threads. */
function machineWith(
  layout: RmpLayout | undefined,
  features: Partial<typeof ALL_FEATURES> = {},
  over: Partial<MachineSpec> = {},
) {
  const topology = { sockets: 1, coresPerSocket: 2, threadsPerCore: 2, nodesPerSocket: 1 }
  return new Machine({ geometry: AMD64, topology, ram: RAM, layout, features: { ...ALL_FEATURES, ...features }, ...over })
}

/** Boots, and says whether the host may run SNP. */
function boot(machine: Machine, spec: TestKernelSpec = {}): TestKernel & { mayRunSnp: boolean } {
  const test = testKernel(machine, spec)
  return { ...test, mayRunSnp: test.drive.call(snpRmptableInit(test.kernel)) }
}

const snpEn = (machine: Machine) => machine.cpus.map((cpu) => cpu.snpEn)

describe('snp_rmptable_init (§7) [K]', () => {
  it('logs a segmented RMP: its base table, the size of its segments, each segment (§9)', () => {
    const { told, mayRunSnp } = boot(machineWith(SEGMENTED))
    expect(mayRunSnp).toBe(true)
    expect(told.lines).toEqual([
      'SEV-SNP: Segmented RMP base table physical range [0x0000000080000000 - 0x0000000080004fff]',
      'SEV-SNP: Segmented RMP using 1GB segments',
      'SEV-SNP: RMP segment 0 physical address [0x0000000080100000 - 0x00000000804fffff] covering [0x0000000000000000 - 0x000000003fffffff]',
      'SEV-SNP: RMP segment 1 physical address [0x0000000080500000 - 0x00000000808fffff] covering [0x0000000040000000 - 0x000000007fffffff]',
      'SEV-SNP: RMP segment 2 physical address [0x0000000080900000 - 0x0000000080cfffff] covering [0x0000000080000000 - 0x00000000bfffffff]',
    ])
  })

  it('says nothing of a segment that is not mapped, and clamps one that says more than it can hold (§3, §9)', () => {
    const segments = [
      { mappedGib: 1000, address: 66 * GIB },
      { mappedGib: 0, address: 0 },
      { mappedGib: 1, address: 67 * GIB },
    ]
    const ram = [
      { start: 0, end: 64 * GIB, node: 0 },
      { start: 128 * GIB, end: 129 * GIB, node: 0 },
    ]
    const layout: RmpLayout = { kind: 'segmented', base: 65 * GIB, segmentShift: 36, segments }
    const { told, mayRunSnp } = boot(machineWith(layout, {}, { ram }))
    expect(mayRunSnp).toBe(true)
    expect(told.lines.slice(1)).toEqual([
      'SEV-SNP: Segmented RMP using 64GB segments',
      'SEV-SNP: RMP segment 0 physical address [0x0000001080000000 - 0x000000108fffffff] covering [0x0000000000000000 - 0x0000000fffffffff]',
      'SEV-SNP: RMP segment 2 physical address [0x00000010c0000000 - 0x00000010c03fffff] covering [0x0000002000000000 - 0x000000203fffffff]',
    ])
  })

  it('logs a contiguous RMP by its range, and runs SNP on it (§3, §9)', () => {
    const { told, mayRunSnp, kernel } = boot(machineWith(planContiguous(3 * GIB, 2 * GIB)))
    expect(mayRunSnp).toBe(true)
    expect(kernel.rmpIsSegmented).toBe(false)
    expect(told.lines).toEqual(['SEV-SNP: RMP table physical range [0x0000000080000000 - 0x0000000080cfffff]'])
  })

  it('reads RMP_END, not RMP_CFG, on a CPU that knows no segmented RMP (§2)', () => {
    const { mayRunSnp, told } = boot(machineWith(planContiguous(3 * GIB, 2 * GIB), { segmentedRmp: false }))
    expect(mayRunSnp).toBe(true)
    expect(told.lines).toHaveLength(1)
  })

  const refused: [string, Machine][] = [
    ['the CPU has no SNP', machineWith(SEGMENTED, { snp: false })],
    ['RMP_BASE reads 0: the BIOS reserved no RMP', machineWith(undefined)],
    ['a segment is smaller than CPUID 8000_0025 allows', machineWith(SEGMENTED, { minSegmentShift: 31 })],
    ['a segment is larger than CPUID 8000_0025 allows', machineWith({ ...SEGMENTED, segmentShift: 36 }, { maxSegmentShift: 35 })],
    ['the RMP ends before RAM does', machineWith(planContiguous(2 * GIB, GIB))],
    ['a segment with RAM is not mapped', machineWith({ ...SEGMENTED, segments: SEGMENTED.segments.slice(0, 2) })],
    ['a segment is mapped less far than its RAM', machineWith({ ...SEGMENTED, segmentShift: 36 })],
    ['the RMP is not 8 KiB aligned (§3)', machineWith({ kind: 'contiguous', base: 2 * GIB + 4096, end: 2 * GIB + 13 * MIB - 1 })],
    ['its end is not 8 KiB aligned (§3)', machineWith({ kind: 'contiguous', base: 2 * GIB, end: 2 * GIB + 13 * MIB })],
  ]
  it.each(refused)('refuses SNP when %s', (_, machine) => {
    const { mayRunSnp, kernel, drive } = boot(machine)
    expect(mayRunSnp).toBe(false)
    expect(kernel.hostSnp).toBe(false)
    expect(drive.call(sevSnpInit(kernel))).toBe(false)
    expect(snpEn(machine)).not.toContain(true)
  })

  it('says why it refuses, on a CPU that has SNP', () => {
    for (const [why, machine] of refused.slice(1)) expect(boot(machine).told.lines, why).not.toEqual([])
    expect(boot(refused[0][1]).told.lines).toEqual([])
  })

  it('accepts the smallest and the largest segments that CPUID 8000_0025 allows', () => {
    expect(boot(machineWith(SEGMENTED, { minSegmentShift: 30, maxSegmentShift: 30 })).mayRunSnp).toBe(true)
  })

  it('refuses more segments than a CPU takes that says their number is a hard limit (§2, CPUID 8000_0025 EBX bit 10) [K]', () => {
    expect(boot(machineWith(SEGMENTED, { cacheableSegments: 3, segmentCountIsHard: true })).mayRunSnp).toBe(true)
    expect(boot(machineWith(SEGMENTED, { cacheableSegments: 2, segmentCountIsHard: false })).mayRunSnp).toBe(true)
    expect(boot(machineWith(SEGMENTED, { cacheableSegments: 2, segmentCountIsHard: true })).mayRunSnp).toBe(false)
  })

  it('changes nothing in the machine', () => {
    const machine = machineWith(SEGMENTED)
    put(machine, 0, 'Guest-Valid')
    const { kernel } = boot(machine)
    expect([snpEn(machine), stateOf(machine, 0), kernel.hotplugDisabled]).toEqual([
      [false, false, false, false],
      'Guest-Valid',
      0,
    ])
  })
})

/** What happens to a machine that matters for the order of snp_prepare, told in few words. */
function story(recorder: MachineRecorder): string[] {
  const words = recorder.take().flatMap((event) => {
    if (event.type === 'assigned') return event.after === 0 ? [`region ${event.region} zeroed`] : []
    if (event.type === 'firmware') return [event.command.name]
    if (event.type !== 'instruction') return []
    const { instruction: i, cpu } = event
    if (i.name === 'WBINVD') return [`WBINVD ${cpu}`]
    if (i.name !== 'WRMSR' || i.msr !== MSR_SYSCFG) return []
    const bits = [i.value & SYSCFG_MFDM && 'MFDM', i.value & SYSCFG_SNP_EN && 'SNP_EN', i.value & SYSCFG_VMPL_EN && 'VMPL_EN']
    return [`${bits.filter(Boolean).join(' ')} ${cpu}`]
  })
  return words
}

describe('snp_prepare (§7) [K, L v9, L v10]', () => {
  it('zeroes the RMP, writes back caches everywhere, sets MFDM everywhere, then SNP_EN and VMPL_EN everywhere, then SNP_INIT_EX', () => {
    const machine = machineWith(SEGMENTED)
    const recorder = new MachineRecorder()
    put(machine, 0, 'Guest-Valid')
    machine.listen(recorder)
    const { kernel, drive, told } = boot(machine)
    expect(drive.call(sevSnpInit(kernel))).toBe(true)
    const everywhere = (what: string) => [0, 1, 2, 3].map((cpu) => `${what} ${cpu}`)
    const happened = story(recorder)
    expect(happened.slice(0, 14)).toEqual([
      'region 0 zeroed',
      ...everywhere('WBINVD'),
      ...everywhere('MFDM'),
      ...everywhere('MFDM SNP_EN VMPL_EN'),
      'SNP_INIT_EX',
    ])
    expect(told.events[0]).toBe('SNP enabled')
  })

  it('refuses unless every present CPU is online, sets nothing then, and undoes the hotplug disable', () => {
    const machine = machineWith(SEGMENTED)
    const { kernel, drive, told } = boot(machine, { online: machine.topology.cpuSets.of([0, 1, 3]) })
    expect(drive.call(sevSnpInit(kernel))).toBe(false)
    expect(snpEn(machine)).toEqual([false, false, false, false])
    expect(machine.cpus.some(({ mfdm }) => mfdm)).toBe(false)
    expect(kernel.hotplugDisabled).toBe(0)
    expect(told.events).toEqual([])
    expect(drive.call(cpuUp(kernel, 2))).toBe('done')
    expect(drive.call(sevSnpInit(kernel))).toBe(true)
  })

  it('is skipped when SNP_EN is on already (kexec): the RMP is left, hotplug was disabled once, at boot [L v10]', () => {
    const machine = enableSnp(machineWith(SEGMENTED), { init: false, rmpoptBase: undefined })
    put(machine, 0, 'Guest-Valid')
    const { kernel, drive, mayRunSnp, told } = boot(machine)
    expect(mayRunSnp).toBe(true)
    expect(kernel.hotplugDisabled).toBe(1)
    expect(told.events).toEqual(['SNP enabled'])
    const recorder = new MachineRecorder()
    machine.listen(recorder)
    expect(drive.call(sevSnpInit(kernel))).toBe(true)
    expect(story(recorder)[0]).toBe('SNP_INIT_EX')
    expect([kernel.hotplugDisabled, stateOf(machine, 0)]).toEqual([1, 'Guest-Valid'])
    expect(told.events.filter((event) => event === 'SNP enabled')).toHaveLength(1)
  })

  it('holds cpus_read_lock around what it sets, and takes no outer lock under it [K]', () => {
    const { kernel, drive } = boot(machineWith(SEGMENTED))
    drive.call(snpPrepare(kernel))
    const locks = drive.trace.flatMap(({ op }) =>
      op.op === 'lock' || op.op === 'unlock' ? [`${op.op} ${op.lock.name} ${op.how}`] : op.op === 'on-each-cpu' ? ['IPI'] : [],
    )
    expect(locks).toEqual([
      'lock cpu_add_remove_lock exclusive',
      'unlock cpu_add_remove_lock exclusive',
      'lock cpu_hotplug_lock shared',
      'IPI',
      'IPI',
      'IPI',
      'unlock cpu_hotplug_lock shared',
    ])
  })

  it('is not fooled by a CPU that is just going offline: it waits for it to be gone, then refuses', () => {
    const { kernel, drive, machine } = boot(machineWith(SEGMENTED))
    const pinned = drive.spawn(
      (function* () {
        yield { op: 'migrate-disable' }
        yield { op: 'sleep-until', atNs: 100 }
        yield { op: 'migrate-enable' }
      })(),
      1,
    )
    drive.run()
    expect(pinned.state).toBe('waiting')
    const down = drive.spawn(cpuDown(kernel, 1))
    drive.run()
    const init = drive.spawn(sevSnpInit(kernel))
    drive.run()
    expect([down.state, init.state]).toEqual(['waiting', 'waiting'])
    drive.advance(100)
    expect([down.result, init.result, kernel.hotplugDisabled]).toEqual(['done', false, 0])
    expect(snpEn(machine)).not.toContain(true)
  })

  it('fails when a CPU does not take SNP_EN', () => {
    const { kernel, drive } = halfEnabled()
    expect(drive.call(sevSnpInit(kernel))).toBe(false)
    expect(kernel.snpInitialised).toBe(false)
  })

  it('keeps hotplug disabled when SNP_EN could be set on some CPUs only: it stays disabled while SNP_EN is set (§7) [L v10]', () => {
    const { kernel, drive, machine } = halfEnabled()
    drive.call(sevSnpInit(kernel))
    expect(snpEn(machine)).toEqual([true, false, true, true])
    expect(drive.call(cpuDown(kernel, 1))).toBe('EBUSY')
  })
})

/** A machine of which CPU 1 will not take SNP_EN, for want of memory encryption. */
function halfEnabled(): TestKernel {
  const machine = machineWith(SEGMENTED)
  machine.cpus[1].memEncrypt = false
  return boot(machine)
}

describe('SNP_INIT_EX, from the kernel (§7) [L v8–v10]', () => {
  it('makes the listed firmware ranges Firmware, the reserved ones HV-Fixed, the RMP’s own memory Firmware (§4)', () => {
    const range = (pfn: number) => [{ start: pfn * PAGE, end: (pfn + 1) * PAGE }]
    const machine = machineWith(SEGMENTED)
    const { kernel, drive } = boot(machine, { firmwareRanges: range(7), hvFixedRanges: range(9) })
    drive.call(sevSnpInit(kernel))
    expect([7, 8, 9, (2 * GIB) / PAGE].map((pfn) => stateOf(machine, pfn))).toEqual([
      'Firmware',
      'Hypervisor',
      'HV-Fixed',
      'Firmware',
    ])
  })

  it('when it fails leaves SNP_EN set and hotplug disabled; a second attempt works, and disables hotplug no second time', () => {
    const machine = machineWith(SEGMENTED)
    const { kernel, drive, told } = boot(machine)
    drive.instead = (action) => (action.name === 'SNP_INIT_EX' ? 'INVALID_CONFIG' : undefined)
    expect(drive.call(sevSnpInit(kernel))).toBe(false)
    expect([kernel.snpInitialised, kernel.hotplugDisabled, kernel.rmpopt.isConfigured]).toEqual([false, 1, false])
    expect(snpEn(machine)).not.toContain(false)
    expect(told.lines.at(-1)).toContain('INVALID_CONFIG')
    expect(drive.call(cpuDown(kernel, 1))).toBe('EBUSY')
    drive.instead = () => undefined
    expect(drive.call(sevSnpInit(kernel))).toBe(true)
    expect(kernel.hotplugDisabled).toBe(1)
    expect(drive.call(sevSnpShutdown(kernel, 'full'))).toBe(true)
    expect(drive.call(cpuDown(kernel, 1))).toBe('done')
  })

  it('is issued once: a kernel that has SNP initialised says so and does nothing', () => {
    const { kernel, drive } = boot(tinyMachine())
    drive.call(sevSnpInit(kernel))
    const { length } = drive.trace
    expect(drive.call(sevSnpInit(kernel))).toBe(true)
    expect(drive.trace.slice(length).map(({ op }) => op.op)).toEqual(['lock', 'unlock'])
  })

  it('is issued once, though two ask at the same time: the command mutex is held until SNP is up', () => {
    const { kernel, drive } = boot(tinyMachine())
    const first = drive.spawn(sevSnpInit(kernel))
    drive.until(first, (op) => op.op === 'firmware')
    const second = drive.spawn(sevSnpInit(kernel))
    drive.run()
    expect([first.result, second.result]).toEqual([true, true])
    const commands = drive.trace.flatMap(({ op }) => (op.op === 'firmware' ? [op.command.name] : []))
    expect(commands).toEqual(['SNP_INIT_EX', 'SNP_DF_FLUSH'])
  })
})
