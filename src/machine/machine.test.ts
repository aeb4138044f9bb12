import { describe, expect, it } from 'vitest'
import { GIB, MIB, planSegmented } from '../arch/index.ts'
import { assign, PAGE, report, verify } from '../testing/instructions.ts'
import { ALL_FEATURES, enableSnp, smallMachine, tinyMachine } from '../testing/machines.ts'
import { access, DEFAULT_MACHINE_OPTIONS, Machine, MachineListener, MachineRecorder, machineAssumptions } from './index.ts'

describe('Machine', () => {
  it('comes up with everything off: no SNP, no RMPOPT, an empty RMP (§1) [seed]', () => {
    const machine = tinyMachine()
    expect(machine.cpus.map(({ snpEn, mfdm, vmplEn }) => [snpEn, mfdm, vmplEn])).toEqual([
      [false, false, false],
      [false, false, false],
    ])
    expect([...machine.rmp.assignedPages]).toEqual([0, 0, 0])
    expect(machine.firmware.initialised).toBe(false)
    expect(machine.execute(0, verify(machine, 0))).toEqual({ kind: 'fault', fault: { vector: '#UD' } })
  })

  it('knows which memory has RMP entries (§3) [K]', () => {
    const ram = [
      { start: 0, end: 2 * GIB, node: 0 },
      { start: 4 * GIB, end: 5 * GIB, node: 0 },
    ]
    const layout = planSegmented({ ram, segmentShift: 31, base: GIB, place: (segment) => GIB + MIB + segment * 8 * MIB })
    const topology = { sockets: 1, coresPerSocket: 1, threadsPerCore: 1, nodesPerSocket: 1 }
    const machine = new Machine({ topology, ram, layout, features: ALL_FEATURES })
    expect([0, 1, 2, 3, 4, 5].map((region) => machine.isRegionCovered(region))).toEqual([true, true, false, false, true, false])
    enableSnp(machine)
    expect([0, 1, 2, 4, 5].map((region) => machine.execute(0, verify(machine, region)))).toMatchObject([
      { cf: true },
      { cf: false }, // the RMP is here
      { cf: false }, // no RAM, no RMP
      { cf: true },
      { cf: false },
    ])
  })

  it('calls a region free when it is covered and no page of it assigned', () => {
    const machine = enableSnp(smallMachine())
    expect([0, 1, 2, 3, 4].map((region) => machine.isFree(region))).toEqual([true, true, false, false, false])
    machine.execute(0, assign(5))
    expect([0, 1].map((region) => machine.isFree(region))).toEqual([true, false])
  })

  it('tells every listener, in the order they came, what happens', () => {
    const machine = enableSnp(smallMachine())
    const order: string[] = []
    class Named extends MachineListener {
      readonly name: string
      constructor(name: string) {
        super()
        this.name = name
      }
      override instruction() {
        order.push(this.name)
      }
    }
    const recorder = new MachineRecorder()
    for (const listener of [new Named('first'), new Named('second'), recorder]) machine.listen(listener)
    const instruction = verify(machine, 0)
    const outcome = machine.execute(1, instruction)
    expect(order).toEqual(['first', 'second'])
    expect(recorder.take()).toMatchObject([
      { type: 'optimised', region: 0, before: { size: 0 }, after: { size: 1 } },
      { type: 'instruction', cpu: 1, instruction, outcome, times: 1 },
    ])
  })

  it('tells of an optimisation when it changes, not when it is repeated', () => {
    const machine = enableSnp(smallMachine())
    const recorder = new MachineRecorder()
    machine.execute(0, verify(machine, 0))
    machine.listen(recorder)
    machine.execute(0, verify(machine, 0))
    machine.execute(0, assign(5))
    expect(recorder.take().filter(({ type }) => type === 'optimised')).toEqual([])
  })

  it('lets what-if hardware grant optimisations, which count only where a core’s table reaches (§6.2)', () => {
    const machine = enableSnp(tinyMachine(), { rmpoptBase: GIB })
    for (const region of [0, 1]) machine.tables.grant(region)
    const how = (region: number) => access(machine, 0, { who: 'hypervisor', spa: region * GIB, write: true, mapping: PAGE })
    expect([how(0), how(1)]).toMatchObject([{ how: 'checked' }, { how: 'skipped' }])
    expect([0, 1].map((region) => machine.execute(0, report(machine, region)))).toMatchObject([{ cf: false }, { cf: true }])
  })
})

describe('what the machine assumes', () => {
  it('is listed: every option by its name and value, every assumption with a reason and a source', () => {
    const options = { ...DEFAULT_MACHINE_OPTIONS, outOfReach: 'unspecified' } as const
    const list = machineAssumptions(options)
    for (const [name, value] of Object.entries(options)) {
      expect(list).toContainEqual(expect.objectContaining({ name, value: String(value), option: true }))
    }
    expect(new Set(list.map(({ name }) => name)).size).toBe(list.length)
    for (const { why, source } of list) {
      expect(why).not.toBe('')
      expect(source).toMatch(/\[(A|K|APM|L|seed)/)
    }
  })

  it('includes what §6 marks as assumed', () => {
    const sources = machineAssumptions(DEFAULT_MACHINE_OPTIONS)
      .map(({ source }) => source)
      .join(' ')
    for (const section of ['§6.3', '§6.4', '§6.7', '§6.11', '§6.13']) expect(sources).toContain(section)
  })
})
