import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CpuId, GIB, type Ns, SECOND } from '../arch/index.ts'
import { cpuDown, cpuTime, type Kernel, onEachCpuMask, type Routine, sleepUntil, smpProcessorId } from '../kernel/index.ts'
import { V10 } from '../policy/index.ts'
import { testKernel } from '../testing/kernels.ts'
import { smallMachine } from '../testing/machines.ts'
import { Clock } from './clock.ts'
import { COSTS } from './costs.ts'
import { HostSimulation } from './host.ts'
import type { HostSpec } from './host-spec.ts'
import { hostNamed } from './presets.ts'
import type { HostedVm } from './vm-life.ts'

/** Time of one `work` unit. */
const UNIT = COSTS.cpuWorkNs['clear 2M page']

interface Bench {
  readonly kernel: Kernel
  readonly clock: Clock
  /** What happened, with the time in units of work. */
  readonly log: string[]
  /** A thread that does `units` of work, one after the other, and writes down when each is done. */
  worker(name: string, units: number, cpu: CpuId, each?: number): void
}

function bench(): Bench {
  const { kernel } = testKernel(smallMachine({ cores: 4 }))
  const clock = new Clock(kernel, { costs: COSTS })
  const log: string[] = []
  function* work(name: string, units: number, each: number): Routine<void> {
    for (let unit = 0; unit < units; unit++) {
      yield* cpuTime('clear 2M page', each)
      log.push(`${name} ${clock.nowNs / UNIT}`)
    }
  }
  return { kernel, clock, log, worker: (name, units, cpu, each = 1) => clock.spawn(work(name, units, each), cpu) }
}

/** Interrupts CPUs from CPU 0. */
const interrupt = (kernel: Kernel, ...cpus: CpuId[]) =>
  onEachCpuMask(kernel.machine.topology.cpuSets.of(cpus), { name: 'WBINVD' })
const HANDLER = COSTS.irqNs + COSTS.instructionNs.WBINVD

describe('a CPU of the clock', () => {
  it('serves its tasks operation by operation, first come, first served', () => {
    const { clock, log, worker } = bench()
    worker('a', 3, 1)
    worker('b', 2, 1)
    worker('c', 1, 1, 2)
    clock.run(SECOND)
    expect(log).toEqual(['a 1', 'b 2', 'c 4', 'a 5', 'b 6', 'a 7'])
  })

  it('does not keep tasks on other CPUs waiting', () => {
    const { clock, log, worker } = bench()
    worker('a', 2, 1)
    worker('b', 2, 2)
    clock.run(SECOND)
    expect(log).toEqual(['a 1', 'b 1', 'a 2', 'b 2'])
  })

  it('is free while its task sleeps, or waits for the firmware', () => {
    const { clock, log, worker } = bench()
    clock.spawn(sleepUntil(SECOND), 1)
    clock.spawn(
      (function* () {
        yield { op: 'firmware', command: { name: 'SNP_DF_FLUSH' } } as const
        log.push('firmware')
      })(),
      1,
    )
    worker('a', 1, 1)
    clock.run(SECOND)
    expect(log).toEqual(['a 1', 'firmware'])
  })

  it('does what is due up to and including the end of a run, and no more', () => {
    const { clock, log, worker } = bench()
    worker('a', 3, 1)
    clock.run(2 * UNIT)
    expect([log, clock.nowNs]).toEqual([['a 1', 'a 2'], 2 * UNIT])
    clock.run(2.5 * UNIT)
    expect(clock.nowNs).toBe(2.5 * UNIT)
    clock.run(3 * UNIT)
    expect(log).toHaveLength(3)
  })

  it('has a broadcast wait its turn behind the task that it serves just now, which is not delayed (§7) [K]', () => {
    const { kernel, clock, log, worker } = bench()
    worker('a', 1, 0)
    clock.spawn(interrupt(kernel, 0), 0)
    clock.run(SECOND)
    expect(log).toEqual(['a 1'])
  })

  it('interrupts others when the turn of the task that broadcasts has come, not before', () => {
    const { kernel, clock, log, worker } = bench()
    worker('a', 1, 0)
    worker('b', 1, 1)
    clock.spawn(interrupt(kernel, 1), 0)
    clock.run(SECOND)
    expect(log).toEqual(['a 1', 'b 1'])
  })

  it('loses the time of one handler to one interrupt, however many tasks wait for it', () => {
    const { kernel, clock, log, worker } = bench()
    worker('a', 2, 1)
    worker('b', 1, 1)
    clock.spawn(interrupt(kernel, 1), 0)
    clock.run(SECOND)
    const late = HANDLER / UNIT
    expect(log).toEqual([`a ${1 + late}`, `b ${2 + late}`, `a ${3 + late}`])
  })
})

describe('where the clock puts a task', () => {
  const whereabouts = (clock: Clock, times: number): CpuId[] => {
    const cpus: CpuId[] = []
    function* where(): Routine<void> {
      cpus.push(yield* smpProcessorId())
    }
    for (let i = 0; i < times; i++) clock.spawn(where())
    clock.run(clock.nowNs + 1)
    return cpus
  }

  it('is the next CPU in turn', () => {
    expect(new Set(whereabouts(bench().clock, 4))).toEqual(new Set([0, 1, 2, 3]))
  })

  it('is no CPU that is offline', () => {
    const { kernel, clock } = bench()
    kernel.online = kernel.machine.topology.cpuSets.of([1, 3])
    expect(new Set(whereabouts(clock, 6))).toEqual(new Set([1, 3]))
    kernel.online = kernel.machine.topology.cpuSets.of([2])
    expect(new Set(whereabouts(clock, 3))).toEqual(new Set([2]))
  })

  it('is another CPU when its own went offline: nothing runs there any more (§7, kernel mechanisms) [K]', () => {
    const { kernel, clock } = bench()
    const seen: CpuId[] = []
    function* wanderer(): Routine<void> {
      seen.push(yield* smpProcessorId())
      yield* sleepUntil(100)
      seen.push(yield* smpProcessorId())
    }
    clock.spawn(wanderer(), 2)
    clock.spawn(cpuDown(kernel, 2), 0)
    clock.run(SECOND)
    expect(seen[0]).toBe(2)
    expect(seen[1]).not.toBe(2)
  })
})

describe('a CPU that goes offline, on the clock (§7, kernel mechanisms) [K]', () => {
  function* pinned(untilNs: Ns): Routine<void> {
    yield { op: 'migrate-disable' }
    yield* sleepUntil(untilNs)
    yield { op: 'migrate-enable' }
  }

  /** When CPU 2 has gone, if tasks are pinned to CPUs so long. */
  function goneNs(...pins: [CpuId, Ns][]): Ns {
    const { kernel, clock } = bench()
    for (const [cpu, untilNs] of pins) clock.spawn(pinned(untilNs), cpu)
    let gone = -1
    clock.spawn(
      (function* () {
        yield* sleepUntil(10)
        yield* cpuDown(kernel, 2)
        gone = clock.nowNs
      })(),
      0,
    )
    clock.run(SECOND)
    return gone
  }

  it('waits for the task that is pinned to it, for no other', () => {
    expect(goneNs()).toBe(10)
    expect(goneNs([2, 500], [1, 900])).toBe(500)
    expect(goneNs([2, 5])).toBe(10)
  })

  it('waits until no task with migration disabled is left on it', () => {
    expect(goneNs([2, 500], [2, 700], [2, 600])).toBe(700)
  })
})

describe('a run in pieces', () => {
  const host: HostSpec = { ...(hostNamed('tiny') as HostSpec), threadsPerCore: 1 }
  const vm = (id: number, createdS: number, deletedS: number, gib: number, isSnp = true): HostedVm => ({
    id,
    createdNs: createdS * SECOND,
    deletedNs: deletedS * SECOND,
    vcpus: 2,
    memoryBytes: gib * GIB,
    isSnp,
  })
  const VMS = [vm(0, 0, 20, 2), vm(1, 1, 20.1, 1.5), vm(2, 5, 31.15, 1), vm(3, 5, 60, 2, false), vm(4, 30, 70, 3)]

  /** All that there is to see of a host, having stopped at all these times. */
  function hostAfter(stops: readonly Ns[], players: boolean): unknown {
    const simulation = new HostSimulation({
      host,
      driver: V10,
      placement: 'buddy',
      backing: '2m',
      vms: VMS,
      endNs: 100 * SECOND,
      bins: 5,
      behaviour: { imageBytes: 2 ** 20, touchNs: 10 * SECOND, touchBursts: 3, sharedPagesPerVcpu: 1 },
      players,
    })
    for (const stop of stops) {
      simulation.run(stop)
      expect(simulation.clock.nowNs).toBe(Math.max(stop, simulation.readyNs))
    }
    simulation.run()
    simulation.finish()
    const { machine, kernel, clock, delays, blockers, coverage, vmCounts, log } = simulation
    return {
      tally: clock.tally,
      events: clock.tally.events,
      delays: delays.delaysNs,
      blocked: blockers.sum,
      final: coverage.current,
      assigned: [...machine.rmp.assignedPages],
      optimised: machine.tables.sets.map(({ id }) => id),
      free: kernel.memory.freePages,
      vmCounts,
      log,
    }
  }

  it.each([true, false])('equals one run at once, wherever it stops (players: %s)', (players) => {
    const once = hostAfter([], players)
    // Where something happens: the boot, launches, teardowns, the passes after them.
    const near = [0, 1, 2, 5, 10, 20, 30, 41.2].map((s) => s * SECOND)
    const stop = fc.oneof(
      fc.integer({ min: 1, max: 100 * SECOND }),
      fc.tuple(fc.constantFrom(...near), fc.integer({ min: 1, max: 1_000_000_000 })).map(([at, after]) => at + after),
    )
    const stopsOf = fc.array(stop, { maxLength: 200 }).map((stops) => stops.sort((a, b) => a - b))
    fc.assert(
      fc.property(stopsOf, (stops) => {
        expect(hostAfter(stops, players)).toEqual(once)
      }),
      { numRuns: players ? 20 : 5 },
    )
  })
})
