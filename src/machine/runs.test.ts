/** The fast ways against the slow one: many instructions at once must do what they do one after the other. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { geometry, type RmpUpdateInput } from '../arch/index.ts'
import { assign, coresWith, PAGE, psmash, pvalidate, share, verify } from '../testing/instructions.ts'
import { enableSnp, smallMachine } from '../testing/machines.ts'
import {
  access,
  type FirmwareCommand,
  firmwareCommand,
  type Instruction,
  isPlainHuge,
  launchUpdateRun,
  type Machine,
  MachineRecorder,
  rmpupdateRun,
} from './index.ts'

const GEOMETRY = geometry(PAGE, 4, 2)
const CONTEXT = 15

type Rmpupdate = Extract<Instruction, { name: 'RMPUPDATE' }>
type LaunchUpdate = Extract<FirmwareCommand, { name: 'SNP_LAUNCH_UPDATE' }>

/** Two machines that have been through the same. */
function twins(setUp: readonly ((machine: Machine) => unknown)[]): [Machine, Machine] {
  return [0, 1].map(() => {
    const machine = enableSnp(smallMachine({ geometry: GEOMETRY, cores: 2 }))
    machine.execute(0, assign(CONTEXT, { asid: 0, immutable: true }))
    firmwareCommand(machine, { name: 'SNP_GCTX_CREATE', context: CONTEXT * PAGE })
    firmwareCommand(machine, { name: 'SNP_ACTIVATE', context: CONTEXT * PAGE, asid: 1 })
    for (const step of setUp) step(machine)
    return machine
  }) as [Machine, Machine]
}

/** Everything that can be seen of a machine. */
function visible(machine: Machine) {
  const { rmp, tables, tlb } = machine
  const regions = [...Array(rmp.regions).keys()]
  return {
    entries: Array.from({ length: rmp.pages }, (_, pfn) => rmp.entry(pfn)),
    slots: Array.from({ length: rmp.pages }, (_, pfn) => rmp.slot(pfn)),
    rights: Array.from({ length: rmp.pages }, (_, pfn) => rmp.permissions(pfn, 1)),
    counts: [...rmp.assignedPages],
    first: regions.map((region) => rmp.firstAssignedHuge(region)),
    optimised: regions.map((region) => coresWith(machine, region)),
    cached: [...tables.cached],
    translations: tlb.translations,
    locks: machine.locks.size,
  }
}

/** What was told, summed up: how often each instruction had which outcome, where counts and bits ended. */
function told(recorder: MachineRecorder) {
  const sums = new Map<string, number>()
  const add = (key: string, times: number) => times > 0 && sums.set(key, (sums.get(key) ?? 0) + times)
  for (const event of recorder.take()) {
    if (event.type === 'instruction') add(`${event.cpu} ${event.instruction.name} ${JSON.stringify(event.outcome)}`, event.times)
    if (event.type === 'firmware') add(`${event.command.name} ${event.status}`, event.times)
    if (event.type === 'shot-down') add('shot down', event.count)
    if (event.type === 'assigned') add(`assigned ${event.region}`, event.after - event.before + 1000)
  }
  for (const key of sums.keys()) if (key.startsWith('assigned')) sums.set(key, (sums.get(key) ?? 0) % 1000)
  return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function expectSame([fast, slow]: [Machine, Machine], run: (m: Machine) => unknown, oneByOne: (m: Machine) => unknown): void {
  const recorders = [new MachineRecorder(), new MachineRecorder()]
  fast.listen(recorders[0])
  slow.listen(recorders[1])
  expect(run(fast)).toEqual(oneByOne(slow))
  expect(visible(fast)).toEqual(visible(slow))
  expect(told(recorders[0])).toEqual(told(recorders[1]))
}

function rmpupdates(machine: Machine, cpu: number, first: Rmpupdate, pages: number): number {
  let succeeded = 0
  for (let i = 0; i < pages; i++) {
    const gpa = first.input.assigned ? first.input.gpa + i * PAGE : first.input.gpa
    const outcome = machine.execute(cpu, { ...first, rax: first.rax + i * PAGE, input: { ...first.input, gpa } })
    if (outcome.kind === 'done' && outcome.eax === 0) succeeded++
  }
  return succeeded
}

function launchUpdates(machine: Machine, first: LaunchUpdate, pages: number): string {
  const statuses = Array.from({ length: pages }, (_, i) =>
    firmwareCommand(machine, { ...first, page: first.page + i * PAGE, gpa: first.gpa + i * PAGE }),
  )
  return statuses.find((status) => status !== 'SUCCESS') ?? 'SUCCESS'
}

/** What a huge page, number 1, may have been through. */
const histories: Record<string, (machine: Machine) => unknown> = {
  assign: (m) => rmpupdates(m, 0, assign(4), 4),
  'assign one': (m) => m.execute(0, assign(6)),
  'assign immutable': (m) => rmpupdates(m, 0, assign(4, { immutable: true }), 4),
  'assign one immutable': (m) => m.execute(0, assign(5, { immutable: true })),
  'assign elsewhere': (m) => rmpupdates(m, 0, assign(4, { gpa: 8 * PAGE }), 4),
  'assign to another': (m) => rmpupdates(m, 0, assign(4, { asid: 2 }), 4),
  'assign large': (m) => m.execute(0, assign(4, { size: '2M' })),
  'assign large immutable': (m) => m.execute(0, assign(4, { size: '2M', immutable: true })),
  validate: (m) => [4, 5, 6, 7].map((pfn) => m.execute(0, pvalidate(pfn))),
  split: (m) => m.execute(0, psmash(4)),
  share: (m) => rmpupdates(m, 0, share(4), 4),
  'share one': (m) => m.execute(0, share(7)),
  firmware: (m) => rmpupdates(m, 0, assign(4, { asid: 0 }), 4),
  optimise: (m) => [0, 1].map((cpu) => [0, 1].map((region) => m.execute(cpu, verify(m, region)))),
  write: (m) => [4, 7, 9].map((pfn) => access(m, 1, { who: 'hypervisor', spa: pfn * PAGE, write: true, mapping: PAGE })),
  rights: (m) =>
    m.execute(0, {
      name: 'RMPADJUST',
      guest: { asid: 1, vmpl: 0, gpa: 4 * PAGE, spa: 4 * PAGE, mapping: '4K' },
      size: '4K',
      targetVmpl: 1,
      permissions: 3,
      vmsa: false,
    }),
}
const history = fc
  .array(fc.constantFrom(...Object.keys(histories)), { maxLength: 5 })
  .map((names) => names.map((name) => histories[name]))

describe('rmpupdateRun', () => {
  it('does what the RMPUPDATEs do one by one, whatever the pages have been through', () => {
    const inputs: RmpUpdateInput[] = [
      share(4).input,
      assign(4).input,
      assign(4, { immutable: true }).input,
      assign(4, { asid: 2, gpa: 12 * PAGE }).input,
      assign(4, { asid: 0 }).input,
      assign(4, { asid: 0, immutable: true }).input,
    ]
    let isFast = 0
    fc.assert(
      fc.property(
        history,
        fc.constantFrom(...inputs),
        fc.constantFrom([4, 4], [4, 3], [5, 3], [8, 4]),
        (setUp, input, [pfn, pages]) => {
          const first: Rmpupdate = { name: 'RMPUPDATE', rax: pfn * PAGE, input }
          const machines = twins(setUp)
          if (pages === 4 && isPlainHuge(machines[0], 1, pfn / 4)) isFast++
          expectSame(
            machines,
            (machine) => rmpupdateRun(machine, 1, first, pages),
            (machine) => rmpupdates(machine, 1, first, pages),
          )
        },
      ),
      { numRuns: 1000 },
    )
    expect(isFast).toBeGreaterThan(50)
  })

  const wrong: Record<string, (machine: Machine) => Rmpupdate> = {
    'at CPL > 0': () => ({ ...assign(4), cpl: 3 }),
    'with an ASID that does not exist': ({ asidMax }) => assign(4, { asid: asidMax + 1 }),
    'that would make HV-Fixed pages': () => ({ ...share(4), input: { ...share(4).input, immutable: true } }),
    'of shared pages with an owner': () => ({ ...share(4), input: { ...share(4).input, asid: 1 } }),
  }
  const alsoWrong: typeof wrong = {
    'at an SPA that is not a page’s': () => ({ ...assign(4), rax: 4 * PAGE + 8 }),
    'with a guest address that is not a page’s': () => assign(4, { gpa: 5 }),
  }
  function expectSameRefusal(first: (machine: Machine) => Rmpupdate): void {
    for (const pages of [4, 3]) {
      expectSame(
        twins([]),
        (machine) => rmpupdateRun(machine, 1, first(machine), pages),
        (machine) => rmpupdates(machine, 1, first(machine), pages),
      )
    }
  }
  for (const [what, first] of Object.entries(wrong)) {
    it(`refuses what RMPUPDATE refuses: ${what} (§2, §4)`, () => expectSameRefusal(first))
  }
  // The fast way does not look at these: expected to fail until it does, then plain `it`s as above.
  for (const [what, first] of Object.entries(alsoWrong)) {
    it(`refuses what RMPUPDATE refuses: ${what} (§2) [APM]`, () => expectSameRefusal(first))
  }

  it('faults where RMPUPDATE faults: a CPU without SNP_EN (§2)', () => {
    const machine = enableSnp(smallMachine({ geometry: GEOMETRY }), { cpus: [0], init: false })
    expect(rmpupdateRun(machine, 1, assign(4), 4)).toBe(0)
    expect(machine.rmp.assignedPages[0]).toBe(0)
  })
})

describe('launchUpdateRun', () => {
  it('does what the commands do one by one, whatever the pages have been through', () => {
    const wanted = fc.record({
      vmsa: fc.boolean(),
      gpa: fc.constantFrom(4, 4, 4, 8),
      context: fc.constantFrom(CONTEXT, CONTEXT, 3),
      where: fc.constantFrom([4, 4], [4, 4], [4, 2], [5, 3]),
    })
    const statuses = new Map<string, number>()
    fc.assert(
      fc.property(history, fc.boolean(), wanted, (setUp, isReady, { vmsa, gpa, context, where: [pfn, pages] }) => {
        const ready = isReady ? [histories['share'], histories['assign immutable']] : []
        const first: LaunchUpdate = {
          name: 'SNP_LAUNCH_UPDATE',
          context: context * PAGE,
          page: pfn * PAGE,
          gpa: (gpa + pfn - 4) * PAGE,
          vmsa,
        }
        expectSame(
          twins([...setUp, ...ready]),
          (machine) => {
            const status = launchUpdateRun(machine, first, pages)
            statuses.set(status, (statuses.get(status) ?? 0) + 1)
            return status
          },
          (machine) => launchUpdates(machine, first, pages),
        )
      }),
      { numRuns: 1000 },
    )
    expect(Math.min(statuses.get('SUCCESS') ?? 0, statuses.get('INVALID_PAGE_STATE') ?? 0)).toBeGreaterThan(50)
  })
})
