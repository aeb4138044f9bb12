import { describe, expect, it } from 'vitest'
import { GIB, MIB, MSR_RMPOPT_BASE, planContiguous, planSegmented, SECOND, TIB } from '../arch/index.ts'
import { Machine, MachineRecorder, members } from '../machine/index.ts'
import type { Drive, Thread } from '../testing/drive.ts'
import { coresWith, put } from '../testing/instructions.ts'
import { bootSmall, launched, type TestKernel, testKernel } from '../testing/kernels.ts'
import { ALL_FEATURES, enableSnp, smallMachine, tinyMachine } from '../testing/machines.ts'
import {
  cpuDown,
  cpuUp,
  hotplugEnable,
  kvmDestroyVm,
  type Op,
  rmpoptCleanup,
  sevSnpInit,
  snpRmpoptAllPhysmem,
  snpRmptableInit,
  snpSetupRmpopt,
} from './index.ts'

/** Boots a machine of real size the whole way. */
function boot(machine: Machine): TestKernel {
  const test = testKernel(machine)
  test.drive.call(snpRmptableInit(test.kernel))
  test.drive.call(sevSnpInit(test.kernel))
  return test
}

/** What was written to RMPOPT_BASE, and where. */
function baseWrites(recorder: MachineRecorder): string[] {
  return recorder.take().flatMap((event) => {
    if (event.type !== 'instruction' || event.instruction.name !== 'WRMSR' || event.instruction.msr !== MSR_RMPOPT_BASE) return []
    return [`CPU ${event.cpu}: 0x${event.instruction.value.toString(16)}`]
  })
}

/** Of each region the cores that have it optimised. */
const optimised = ({ machine }: TestKernel) =>
  Array.from({ length: machine.rmp.regions }, (_, region) => coresWith(machine, region))

const workerOf = ({ threads }: Drive): Thread => threads.findLast(({ work }) => work !== undefined) as Thread

describe('snp_setup_rmpopt (§7) [L v1–v10]', () => {
  it('programs RMPOPT_BASE once per core, on its first thread: siblings share it (§6.1)', () => {
    const machine = smallMachine({ cores: 3, threadsPerCore: 2 })
    const recorder = new MachineRecorder()
    machine.listen(recorder)
    const { kernel, drive } = testKernel(machine)
    Object.assign(kernel, { hostSnp: true, rmpIsSegmented: true })
    drive.call(sevSnpInit(kernel))
    expect(baseWrites(recorder)).toEqual(['CPU 0: 0x1', 'CPU 1: 0x1', 'CPU 2: 0x1'])
  })

  it('queues the first pass at once', () => {
    const test = bootSmall()
    expect(test.kernel.rmpopt.work?.dueNs).toBe(0)
    test.drive.advance(0)
    expect(test.told.events.filter((event) => event.startsWith('pass'))).toEqual(['pass begins on 0: 0 to 10', 'pass ends'])
  })

  it('goes from the lowest page rounded down to 1 GiB to the highest rounded up, and says so (§9) [L v2]', () => {
    const ram = [{ start: 1.5 * GIB, end: 3.25 * GIB, node: 0 }]
    const layout = planSegmented({ ram, segmentShift: 36, base: 2 * GIB, place: () => 2.5 * GIB })
    const { told, machine } = boot(
      new Machine({
        topology: { sockets: 1, coresPerSocket: 1, threadsPerCore: 1, nodesPerSocket: 1 },
        ram,
        layout,
        features: ALL_FEATURES,
      }),
    )
    expect(told.lines.at(-1)).toMatch(
      /^SEV-SNP: Attempt RMP optimizations on physical address range @1GB alignment \[0x0000000040000000 - 0x0000000(0ffffffff|100000000)\]$/,
    )
    expect(machine.tables.bases).toEqual([{ enabled: true, base: GIB }])
  })

  it('logs when memory goes beyond the 2 TiB that a table reaches, from where on (§6.2, §9)', () => {
    const ram = [
      { start: 0, end: GIB, node: 0 },
      { start: 2 * TIB, end: 2 * TIB + GIB, node: 0 },
    ]
    const layout = planSegmented({ ram, segmentShift: 36, base: 16 * MIB, place: (i) => (32 + i) * MIB })
    const topology = { sockets: 1, coresPerSocket: 1, threadsPerCore: 1, nodesPerSocket: 1 }
    const { told, kernel } = boot(new Machine({ topology, ram, layout, features: ALL_FEATURES }))
    expect(told.lines.at(-1)).toBe('SEV-SNP: RMPOPT coverage limited to 2TB; memory above 0x0000020000000000 not optimized')
    expect(kernel.rmpopt.range).toEqual({ start: 0, end: 2 * TIB })
  })

  it('says nothing of a limit when memory just fits', () => {
    const within = (reachBytes: number) => boot(tinyMachine({ reachBytes })).told.lines.at(-1) // of 3 GiB
    expect(within(3 * GIB)).toContain('Attempt RMP optimizations')
    expect(within(2 * GIB)).toContain('coverage limited')
  })

  const without: [string, () => TestKernel][] = [
    ['RMPOPT in CPUID', () => bootSmall({ features: { rmpopt: false } })],
    ['a segmented RMP', () => boot(contiguousMachine())],
  ]
  it.each(without)('does nothing without %s', (_, make) => {
    const { kernel, machine, told, drive } = make()
    expect([kernel.snpInitialised, kernel.rmpopt.isConfigured]).toEqual([true, false])
    expect(machine.tables.bases.some(({ enabled }) => enabled)).toBe(false)
    expect(told.lines.join()).not.toContain('Attempt RMP')
    drive.advance(100 * SECOND)
    expect(told.events.join()).not.toContain('pass')
    expect(told.faults).toEqual([])
  })

  it('does nothing on a host that may not run SNP', () => {
    const { kernel, drive } = testKernel(smallMachine())
    kernel.rmpIsSegmented = true
    drive.call(snpSetupRmpopt(kernel))
    expect([kernel.rmpopt.isConfigured, drive.trace]).toEqual([false, []])
  })

  it('returns early when it is set up already, as after a legacy shutdown [L v5]', () => {
    const { kernel, drive, machine, told } = bootSmall()
    drive.advance(0)
    const recorder = new MachineRecorder()
    machine.listen(recorder)
    const { work } = kernel.rmpopt
    const lines = told.lines.length
    drive.call(snpSetupRmpopt(kernel))
    drive.advance(100 * SECOND)
    expect(recorder.events).toEqual([])
    expect(kernel.rmpopt.work).toBe(work)
    expect(told.lines).toHaveLength(lines)
  })
})

function contiguousMachine(): Machine {
  const topology = { sockets: 1, coresPerSocket: 2, threadsPerCore: 1, nodesPerSocket: 1 }
  const layout = planContiguous(3 * GIB, 2 * GIB)
  return new Machine({ topology, ram: [{ start: 0, end: 3 * GIB, node: 0 }], layout, features: ALL_FEATURES })
}

/** An operation in few words. */
function words(op: Op, regionBytes: number): string[] {
  if (op.op === 'play') return []
  if (op.op === 'execute' && op.instruction.name === 'RMPOPT') return [`RMPOPT ${op.instruction.rax / regionBytes}`]
  if (op.op === 'on-each-cpu' && op.fn.name === 'RMPOPT') return [`RMPOPT ${op.fn.rax / regionBytes} on ${[...members(op.mask)]}`]
  if (op.op === 'lock' || op.op === 'unlock') return [`${op.op} ${op.lock.name} ${op.how}`]
  return [op.op]
}

describe('rmpopt_work_handler, v10 (§7) [L v5, v9]', () => {
  it('leads on the CPU it runs on under migrate_disable, then broadcasts to the other cores under cpus_read_lock, region by region', () => {
    const { drive, machine } = bootSmall({ cores: 3, threadsPerCore: 2, freeRegions: 1 })
    drive.workerCpu = 4 // the second thread of core 1
    drive.advance(0)
    const regions = [0, 1, 2]
    const done = drive.trace
      .filter(({ thread }) => thread === workerOf(drive))
      .flatMap(({ op }) => words(op, machine.geometry.regionBytes))
    expect(done).toEqual([
      'migrate-disable',
      'smp-processor-id',
      ...regions.flatMap((region) => [`RMPOPT ${region}`, 'cond-resched']),
      'lock cpu_hotplug_lock shared',
      ...regions.flatMap((region) => [`RMPOPT ${region} on 0,2`, 'cond-resched']),
      'unlock cpu_hotplug_lock shared',
      'migrate-enable',
    ])
  })

  it.each([0, 1, 2, 3, 4, 5])('optimises every eligible region on every core, whoever leads: CPU %i', (cpu) => {
    const test = bootSmall({ cores: 3, threadsPerCore: 2, freeRegions: 3 })
    put(test.machine, 4, 'Guest-Valid') // a page of region 1
    test.drive.workerCpu = cpu
    test.drive.advance(0)
    expect(optimised(test)).toEqual([[0, 1, 2], [], [0, 1, 2], [], []]) // the last two hold the RMP itself
    expect(test.told.faults).toEqual([])
    expect(test.told.events).toContain(`pass begins on ${cpu}: 0 to 5`)
  })

  it('scans once: the leader reads the RMP, all followers find what it found (§6.11)', () => {
    const { drive, machine } = bootSmall({ cores: 3, freeRegions: 2 })
    const recorder = new MachineRecorder()
    machine.listen(recorder)
    drive.advance(0)
    const how = recorder.events.flatMap((event) =>
      event.type === 'instruction' && event.outcome.kind === 'done' && 'how' in event.outcome && event.outcome.cf
        ? [`${event.outcome.how} on ${event.cpu}`]
        : [],
    )
    expect(how).toEqual(['scanned on 0', 'scanned on 0', 'cached on 1', 'cached on 2', 'cached on 1', 'cached on 2'])
  })

  it('has no followers on a machine of one core, and sends no interrupt', () => {
    const test = bootSmall({ cores: 1, threadsPerCore: 2 })
    const { length } = test.drive.trace
    test.drive.workerCpu = 1
    test.drive.advance(0)
    expect(test.drive.trace.slice(length).filter(({ op }) => op.op === 'on-each-cpu')).toEqual([])
    expect(optimised(test)[0]).toEqual([0])
  })

  it('scans no further than a table reaches (§6.2)', () => {
    const { drive, told } = bootSmall({ freeRegions: 8, reachBytes: 3 * 16384 })
    drive.advance(0)
    expect(told.events).toContain('pass begins on 0: 0 to 3')
  })

  it('finds CPUs that are online only: hotplug is disabled from before SNP_EN until a full shutdown [L v10]', () => {
    const { drive, kernel } = bootSmall()
    const atEveryStep = new Set<unknown>()
    const worker = () => drive.threads.find(({ work, state }) => work && state === 'ready')
    drive.kernel.rmpopt.work?.fire()
    drive.kernel.rmpopt.work?.start()
    const thread = drive.spawn(kernel.rmpopt.work!.routine(), 0, kernel.rmpopt.work)
    for (; thread.state === 'ready'; drive.step(thread)) atEveryStep.add(drive.call(cpuDown(kernel, 1)))
    expect(worker()).toBeUndefined()
    expect([...atEveryStep]).toEqual(['EBUSY'])
  })
})

describe('a CPU that goes offline (§7, kernel mechanisms) [K]', () => {
  /** Passes of the handler while hotplug is enabled all the same, as no v10 kernel would have it. */
  function passBegun(cores: number, until: (op: Op) => boolean) {
    const test = bootSmall({ cores, threadsPerCore: 2 })
    test.drive.call(hotplugEnable(test.kernel))
    const { work } = test.kernel.rmpopt
    work!.fire()
    work!.start()
    const pass = test.drive.spawn(work!.routine(), 0, work)
    test.drive.until(pass, until)
    return { ...test, pass }
  }

  it('waits for the end of the follower loop: that holds cpus_read_lock [L v5]', () => {
    const { drive, kernel, pass } = passBegun(2, (op) => op.op === 'on-each-cpu')
    const down = drive.spawn(cpuDown(kernel, 3))
    while (down.state === 'ready') drive.step(down)
    drive.until(pass, (op) => op.op === 'unlock')
    expect(down.state).toBe('waiting')
    drive.run()
    expect([down.result, pass.state]).toEqual(['done', 'ended'])
  })

  it('goes at once during the leader loop, when the leader is on another CPU', () => {
    const { drive, kernel } = passBegun(2, (op) => op.op === 'cond-resched')
    expect(drive.call(cpuDown(kernel, 2))).toBe('done')
  })

  it('would wait for ever for its own leader, which waits for the hotplug lock: the deadlock that v10 rules out', () => {
    const { drive, kernel, pass } = passBegun(2, (op) => op.op === 'cond-resched')
    const down = drive.spawn(cpuDown(kernel, 0), 1)
    while (down.state === 'ready') drive.step(down)
    drive.run()
    expect([down.state, down.next?.op, pass.state, pass.next?.op]).toEqual(['waiting', 'wait-unpinned', 'waiting', 'lock'])
  })
})

describe('snp_rmpopt_all_physmem (§7) [L v8]', () => {
  /** A kernel that has made its first pass. */
  function idle(): TestKernel {
    const test = bootSmall()
    test.drive.advance(0)
    test.told.events.length = 0
    return test
  }
  const passes = ({ told }: TestKernel) => told.events.filter((event) => event === 'pass ends').length

  it('has a pass run 10 s later', () => {
    const test = idle()
    test.drive.call(snpRmpoptAllPhysmem(test.kernel))
    test.drive.advance(10 * SECOND - 1)
    expect(passes(test)).toBe(0)
    test.drive.advance(10 * SECOND)
    expect(passes(test)).toBe(1)
  })

  it('restarts the timer with every request', () => {
    const test = idle()
    for (const seconds of [0, 4, 9, 18]) {
      test.drive.advance(seconds * SECOND)
      test.drive.call(snpRmpoptAllPhysmem(test.kernel))
    }
    test.drive.advance(28 * SECOND - 1)
    expect(passes(test)).toBe(0)
    test.drive.advance(200 * SECOND)
    expect(passes(test)).toBe(1)
  })

  it('queues another pass when one is running', () => {
    const test = idle()
    const { drive, kernel } = test
    drive.call(snpRmpoptAllPhysmem(kernel))
    drive.nowNs = 10 * SECOND
    kernel.rmpopt.work!.fire()
    kernel.rmpopt.work!.start()
    const pass = drive.spawn(kernel.rmpopt.work!.routine(), 0, kernel.rmpopt.work)
    drive.until(pass, (op) => op.op === 'on-each-cpu')
    drive.call(snpRmpoptAllPhysmem(kernel))
    drive.advance(20 * SECOND - 1)
    expect(passes(test)).toBe(1)
    drive.advance(20 * SECOND)
    expect(passes(test)).toBe(2)
  })

  it('takes what was not optimised back in: memory that has come back since', () => {
    const test = idle()
    const guest = launched(test)
    const [region] = guest.memory.map(({ pfn }) => Math.floor(pfn / test.machine.geometry.regionPages))
    expect(optimised(test)[region]).toEqual([])
    test.drive.call(kvmDestroyVm(test.kernel, guest))
    expect(optimised(test)[region]).toEqual([])
    test.drive.advance(10 * SECOND)
    expect(optimised(test)[region]).toEqual([0, 1])
  })

  it('comes too early for memory that takes longer to come back: a later teardown’s pass picks it up [L v9]', () => {
    const test = idle()
    const { drive, kernel } = test
    const large = launched(test, { pages: 8, imagePages: 8 })
    const region = Math.floor(large.memory[0].pfn / test.machine.geometry.regionPages)
    const small = launched(test, { pages: 2 })
    const teardown = drive.spawn(kvmDestroyVm(kernel, large))
    drive.until(teardown, (op) => op.op === 'rmpupdate-run')
    teardown.state = 'waiting' // for its CPU
    drive.advance(10 * SECOND)
    expect(optimised(test)[region]).toEqual([])
    teardown.state = 'ready'
    drive.advance(1000 * SECOND)
    expect([passes(test), test.machine.isFree(region), optimised(test)[region]]).toEqual([1, true, []])
    drive.call(kvmDestroyVm(kernel, small))
    drive.advance(1010 * SECOND)
    expect([passes(test), optimised(test)[region]]).toEqual([2, [0, 1]])
  })

  it('does nothing before setup and after cleanup', () => {
    const { kernel, drive, told } = testKernel(smallMachine())
    drive.call(snpRmpoptAllPhysmem(kernel))
    const set = idle()
    set.drive.call(rmpoptCleanup(set.kernel))
    set.drive.call(snpRmpoptAllPhysmem(set.kernel))
    set.drive.advance(100 * SECOND)
    expect([told.events, set.told.events]).toEqual([[], []])
  })

  it('waits for the mutex that setup and cleanup hold [L v5]', () => {
    const { kernel, drive, told } = idle()
    const cleanup = drive.spawn(rmpoptCleanup(kernel))
    drive.until(cleanup, (op) => op.op === 'on-each-cpu')
    const request = drive.spawn(snpRmpoptAllPhysmem(kernel))
    drive.step(request)
    drive.step(request)
    expect(request.state).toBe('waiting')
    drive.run()
    expect([request.state, told.events]).toEqual(['ended', []])
  })
})

describe('a kexec target that brings up some CPUs only (§7, maxcpus=)', () => {
  it('sets up and interrupts the first threads that are online, no others', () => {
    const machine = enableSnp(smallMachine({ cores: 3, threadsPerCore: 2 }), { init: false, rmpoptBase: undefined })
    const { kernel, drive, told } = testKernel(machine, { online: machine.topology.cpuSets.of([0, 1, 3, 5]) })
    Object.assign(kernel, { hostSnp: true, rmpIsSegmented: true, hotplugDisabled: 1 })
    drive.call(sevSnpInit(kernel))
    drive.advance(0)
    expect(machine.tables.bases.map(({ enabled }) => enabled)).toEqual([true, true, false])
    expect(told.faults).toEqual([])
    expect(coresWith(machine, 0)).toEqual([0, 1])
    expect(drive.call(cpuUp(kernel, 2))).toBe('EBUSY')
  })

  it('takes #UD when the worker is on a core of which only the second thread is online: nobody has set it up (§6.4, §7)', () => {
    const machine = enableSnp(smallMachine({ cores: 3, threadsPerCore: 2 }), { init: false, rmpoptBase: undefined })
    const { kernel, drive, told } = testKernel(machine, { online: machine.topology.cpuSets.of([0, 1, 5]) })
    Object.assign(kernel, { hostSnp: true, rmpIsSegmented: true, hotplugDisabled: 1 })
    drive.call(sevSnpInit(kernel))
    drive.workerCpu = 5
    drive.advance(0)
    expect(told.faults).toHaveLength(machine.rmp.regions)
    expect(told.faults[0]).toEqual({ cpu: 5, doing: 'RMPOPT' })
  })
})
