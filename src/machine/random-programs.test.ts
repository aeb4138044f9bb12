/** Random programs, on the machine and on a plain one that rescans everything: both must say the same, always. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeRmpoptBase, GIB, geometry, MSR_RMPOPT_BASE, type PageSize, type Pfn } from '../arch/index.ts'
import { type Assignment, assign, coresWith, PAGE, psmash, pvalidate, report, share, verify } from '../testing/instructions.ts'
import { enableSnp, initSnp, SMALL, smallMachine, tinyMachine } from '../testing/machines.ts'
import { PlainMachine } from '../testing/plain-machine.ts'
import {
  access,
  type FirmwareCommand,
  firmwareCommand,
  type Instruction,
  type Machine,
  type MachineOptions,
  type Outcome,
} from './index.ts'

interface Both {
  readonly machine: Machine
  readonly plain: PlainMachine
}

/** Does one thing to both machines. */
interface Op {
  readonly name: string
  /** @returns what each answered, in the same form */
  readonly run: (both: Both) => { machine: unknown; plain: unknown }
}

/** CF and EAX of an outcome, a fault as `undefined`. */
function registers(outcome: Outcome): unknown {
  if (outcome.kind !== 'done') return undefined
  return { ...('eax' in outcome && { eax: outcome.eax }), ...('cf' in outcome && { cf: outcome.cf }) }
}

function op(name: string, run: Op['run']): Op {
  return { name, run }
}

const rmpopt = (cpu: number, region: number, isVerify: boolean): Op =>
  op(`RMPOPT ${isVerify ? 'verify' : 'report'} ${region} on ${cpu}`, ({ machine, plain }) => {
    const outcome = machine.execute(cpu, isVerify ? verify(machine, region) : report(machine, region))
    return {
      machine: outcome.kind === 'done' ? { cf: outcome.cf, summaries: outcome.summaries } : undefined,
      plain: plain.rmpopt(machine.coreOf(cpu), region, isVerify),
    }
  })

const rmpupdate = (cpu: number, i: Extract<Instruction, { name: 'RMPUPDATE' }>): Op =>
  op(`RMPUPDATE ${i.rax / PAGE} ${JSON.stringify(i.input)} on ${cpu}`, ({ machine, plain }) => ({
    machine: registers(machine.execute(cpu, i)),
    plain: { eax: plain.rmpupdate(i.rax / PAGE, i.input) },
  }))

const smash = (cpu: number, pfn: Pfn): Op =>
  op(`PSMASH ${pfn} on ${cpu}`, ({ machine, plain }) => ({
    machine: registers(machine.execute(cpu, psmash(pfn))),
    plain: { eax: plain.psmash(pfn) },
  }))

const accept = (cpu: number, i: Extract<Instruction, { name: 'PVALIDATE' }>): Op =>
  op(`PVALIDATE ${JSON.stringify(i)} on ${cpu}`, ({ machine, plain }) => ({
    machine: registers(machine.execute(cpu, i)),
    plain: plain.pvalidate(i.guest, i.size, i.validate),
  }))

const write = (cpu: number, pfn: Pfn, mapping: 'page' | 'huge' | 'region', who: 'hypervisor' | 'ordinary guest'): Op =>
  op(`write ${pfn} through ${mapping} on ${cpu}`, ({ machine, plain }) => {
    const { pageBytes, hugeBytes, regionBytes, hugePages, regionPages } = machine.geometry
    const bytes = { page: pageBytes, huge: hugeBytes, region: regionBytes }[mapping]
    const pages = { page: 1, huge: hugePages, region: regionPages }[mapping]
    const outcome = access(machine, cpu, { who, spa: pfn * PAGE, write: true, mapping: bytes })
    // An earlier translation was made through some mapping of this page, perhaps a smaller one.
    const isEarlier = outcome.kind === 'passed' && outcome.how === 'cached translation'
    return { machine: outcome.kind === 'passed', plain: plain.mayWrite(pfn, isEarlier ? 1 : pages) }
  })

const base = (cpu: number, spa: number, enabled: boolean): Op =>
  op(`RMPOPT_BASE ${spa} ${enabled ? 'enabled' : 'disabled'} on ${cpu}`, ({ machine, plain }) => {
    const next = { enabled, base: spa }
    plain.setBase(machine.coreOf(cpu), next)
    const { kind } = machine.execute(cpu, { name: 'WRMSR', msr: MSR_RMPOPT_BASE, value: encodeRmpoptBase(next) })
    return { machine: kind, plain: 'done' }
  })

/** A firmware command, and whether a plain machine takes it. */
const firmware = (command: FirmwareCommand, take: (plain: PlainMachine) => boolean): Op =>
  op(`${command.name} ${JSON.stringify(command)}`, ({ machine, plain }) => ({
    machine: firmwareCommand(machine, command) === 'SUCCESS',
    plain: take(plain),
  }))

const create = (pfn: Pfn): Op =>
  firmware({ name: 'SNP_GCTX_CREATE', context: pfn * PAGE }, (plain) => {
    const took = plain.firmware(pfn, ['Firmware'], { may: () => !plain.guests.has(pfn) })
    if (took) plain.guests.set(pfn, { asid: 0, state: 'init' })
    return took
  })

const activate = (pfn: Pfn, asid: number): Op =>
  firmware({ name: 'SNP_ACTIVATE', context: pfn * PAGE, asid }, (plain) => {
    const guest = plain.guests.get(pfn)
    const isUsed = plain.dirtyAsids.has(asid) || [...plain.guests.values()].some((other) => other.asid === asid)
    if (guest?.state !== 'init' || isUsed) return false
    Object.assign(guest, { asid, state: 'launching' })
    return true
  })

const launch = (context: Pfn, pfn: Pfn, vmsa: boolean): Op =>
  firmware({ name: 'SNP_LAUNCH_UPDATE', context: context * PAGE, page: pfn * PAGE, gpa: pfn * PAGE, vmsa }, (plain) => {
    const guest = plain.guests.get(context)
    if (guest?.state !== 'launching') return false
    const may = (entry: { asid: number; gpa: number }) => entry.asid === guest.asid && entry.gpa === pfn * PAGE
    return plain.firmware(pfn, ['Pre-Guest'], { may, change: { immutable: false, validated: true, vmsa } })
  })

const finish = (pfn: Pfn): Op =>
  firmware({ name: 'SNP_LAUNCH_FINISH', context: pfn * PAGE }, (plain) => {
    const guest = plain.guests.get(pfn)
    if (guest?.state !== 'launching') return false
    guest.state = 'running'
    return true
  })

const decommission = (pfn: Pfn): Op =>
  firmware({ name: 'SNP_DECOMMISSION', context: pfn * PAGE }, (plain) => {
    const guest = plain.guests.get(pfn)
    if (guest !== undefined && guest.asid !== 0) plain.dirtyAsids.add(guest.asid)
    return plain.guests.delete(pfn)
  })

const reclaim = (pfn: Pfn, size: PageSize): Op =>
  firmware({ name: 'SNP_PAGE_RECLAIM', page: pfn * PAGE, size }, (plain) => {
    const may = () => !plain.guests.has(pfn)
    return plain.firmware(pfn, ['Firmware', 'Pre-Guest', 'Pre-Swap'], { size, may, change: { immutable: false } })
  })

const flush = firmware({ name: 'SNP_DF_FLUSH' }, (plain) => {
  plain.dirtyAsids.clear()
  return true
})

const legacyCycle = op('legacy shutdown and init', ({ machine, plain }) => {
  const isFree = plain.guests.size === 0
  if (isFree) plain.clearAll()
  const shut = firmwareCommand(machine, { name: 'SNP_SHUTDOWN_EX', x86SnpShutdown: false }) === 'SUCCESS'
  if (shut) initSnp(machine)
  return { machine: shut, plain: isFree }
})

/** Where programs act. */
interface Places {
  readonly hugePages: number
  readonly pfns: fc.Arbitrary<Pfn>
  readonly contexts: fc.Arbitrary<Pfn>
  readonly regions: fc.Arbitrary<number>
  readonly extra?: fc.Arbitrary<Op[]>
}

const cpus = fc.nat(3)
const sizes = fc.constantFrom<PageSize>('4K', '4K', '2M')
const oneIn = (n: number) => fc.nat(n - 1).map((i) => i === 0)

/** As KVM does it, page by page (§7). */
function launchPage(cpu: number, context: Pfn, pfn: Pfn, asid: number, vmsa: boolean): Op[] {
  return [rmpupdate(cpu, share(pfn)), rmpupdate(cpu, assign(pfn, { asid, immutable: true })), launch(context, pfn, vmsa)]
}

/** Mostly sensible sequences, so that things happen; each also cut short or with an operand that is off. */
function steps({ hugePages, pfns, contexts, regions, extra }: Places): fc.Arbitrary<Op[]> {
  const first = (pfn: Pfn, size: PageSize, isOff: boolean) => (size === '2M' && !isOff ? pfn - (pfn % hugePages) : pfn)
  const some = fc.record({
    cpu: cpus,
    pfn: pfns,
    context: contexts,
    region: regions,
    size: sizes,
    mapping: sizes,
    asid: fc.constantFrom(1, 1, 1, 2),
    isOff: oneIn(8),
    flag: fc.boolean(),
    immutable: oneIn(6),
    length: fc.constantFrom(1, 20, 20),
  })
  type Some = typeof some extends fc.Arbitrary<infer T> ? T : never
  const elsewhere = ({ pfn, isOff }: Some): Assignment => (isOff ? { gpa: (pfn - (pfn % hugePages) + hugePages) * PAGE } : {})
  const sequences: ((s: Some) => Op[])[] = [
    ({ cpu, region, flag }) => [rmpopt(cpu, region, flag)],
    ({ cpu, region }) => [rmpopt(cpu, region, true)],
    ({ cpu, pfn, size, isOff }) => [rmpupdate(cpu, share(first(pfn, size, isOff), size))],
    (s) => [
      rmpupdate(
        s.cpu,
        assign(first(s.pfn, s.size, s.isOff), { asid: s.asid, size: s.size, immutable: s.immutable, ...elsewhere(s) }),
      ),
      accept(s.cpu, pvalidate(first(s.pfn, s.size, false), s.flag, s.size, { asid: s.asid })),
    ],
    (s) => [
      accept(s.cpu, pvalidate(first(s.pfn, s.size, s.isOff), s.flag, s.size, { asid: s.asid, mapping: s.mapping })),
      rmpupdate(s.cpu, share(s.pfn)),
    ],
    ({ cpu, pfn, isOff }) => [smash(cpu, first(pfn, '2M', isOff)), rmpupdate(cpu, share(pfn))],
    ({ cpu, pfn, asid, mapping, immutable }) => {
      const huge = first(pfn, '2M', false)
      return [
        ...Array.from({ length: hugePages }, (_, i) => rmpupdate(cpu, share(huge + i))),
        rmpupdate(cpu, assign(huge, { size: '2M', asid, immutable })),
        accept(cpu, pvalidate(huge, true, '2M', { asid, mapping })),
        smash(cpu, huge),
        rmpupdate(cpu, share(pfn)),
      ]
    },
    ({ cpu, pfn, size, flag }) => [
      write(cpu, pfn, size === '2M' ? 'huge' : flag ? 'page' : 'region', flag ? 'hypervisor' : 'ordinary guest'),
    ],
    ({ cpu, context, asid, pfn, flag, immutable: alsoFinish }) => [
      rmpupdate(cpu, share(context)),
      rmpupdate(cpu, assign(context, { asid: 0, immutable: true })),
      create(context),
      activate(context, asid),
      ...launchPage(cpu, context, pfn, asid, flag),
      ...(alsoFinish ? [finish(context)] : []),
    ],
    ({ cpu, context, pfn, asid, flag }) => launchPage(cpu, context, pfn, asid, flag),
    ({ context, isOff, pfn }) => [finish(isOff ? pfn : context)],
    ({ cpu, context }) => [decommission(context), reclaim(context, '4K'), rmpupdate(cpu, share(context)), flush],
    ({ pfn, size }) => [reclaim(pfn, size)],
    ({ pfn, context, isOff }) => [isOff ? create(pfn) : legacyCycle, decommission(context), legacyCycle],
  ]
  const sequence = fc.tuple(fc.nat(sequences.length - 1), some).map(([which, s]) => sequences[which](s).slice(0, s.length))
  return extra === undefined ? sequence : fc.oneof({ weight: 8, arbitrary: sequence }, { weight: 1, arbitrary: extra })
}

function programs(places: Places, maxLength: number): fc.Arbitrary<Op[]> {
  return fc.array(steps(places), { maxLength, size: 'max' }).map((sequences) => sequences.flat())
}

/** Runs one step on both, expects the same answer. */
function expectSameAnswer(both: Both, { name, run }: Op): void {
  const { machine, plain } = run(both)
  expect(machine, name).toEqual(plain)
}

/** What the tables say, region by region. */
function expectSameTables({ machine, plain }: Both): void {
  const regions = [...plain.optimised.keys()]
  expect(regions.map((region) => coresWith(machine, region))).toEqual(plain.optimised.map((cores) => [...cores].sort()))
  expect(regions.filter((region) => machine.tables.cached[region])).toEqual([...plain.cached].sort())
}

function expectSameCounts({ machine, plain }: Both): void {
  const { hugePages } = machine.geometry
  for (const region of plain.optimised.keys()) {
    const first = plain.firstAssigned(region)
    expect([machine.rmp.assignedPages[region], machine.rmp.firstAssignedHuge(region)]).toEqual([
      plain.assignedPages(region),
      first < 0 ? -1 : Math.floor(first / hugePages),
    ])
  }
}

/** §6.5, §6.9 at rest: nobody skips checks of a region that has an assigned page. */
function expectSound({ machine }: Both): void {
  for (let region = 0; region < machine.rmp.regions; region++) {
    if (machine.rmp.assignedPages[region] > 0)
      expect([coresWith(machine, region), machine.tables.cached[region]]).toEqual([[], 0])
  }
}

function placesIn({ regionPages, hugePages }: typeof SMALL): Places {
  const end = 2 * regionPages
  return { hugePages, pfns: fc.nat(end), contexts: fc.constantFrom(end - 1, end - 2), regions: fc.nat(4) }
}

describe('random programs of instructions and firmware commands against a plain machine (§3–§6)', () => {
  const geometries = { 'two huge pages of two pages': SMALL, 'three huge pages of four pages': geometry(PAGE, 4, 3) }
  for (const [name, g] of Object.entries(geometries)) {
    it(`agree on every page, count, table, CF and EAX: regions of ${name}`, () => {
      fc.assert(
        fc.property(programs(placesIn(g), 30), (program) => {
          const machine = enableSnp(smallMachine({ geometry: g, cores: 2, threadsPerCore: 2 }))
          const both = { machine, plain: new PlainMachine(machine) }
          for (const step of program) {
            expectSameAnswer(both, step)
            const entries = both.plain.entries.map((_, pfn) => machine.rmp.entry(pfn))
            expect(entries, step.name).toEqual(both.plain.entries)
            expectSameTables(both)
            expectSameCounts(both)
            expectSound(both)
          }
        }),
        { numRuns: 200 },
      )
    })
  }

  it('agree on real pages and regions, where programs are short', () => {
    const pfns = [0, 1, 511, 512, 513, 1023, 262143, 262144, 262145, 262144 + 511, 523776, 524287]
    const places: Places = {
      hugePages: 512,
      pfns: fc.constantFrom(...pfns),
      contexts: fc.constantFrom(1024, 400_000),
      regions: fc.nat(3),
      extra: fc.tuple(cpus, fc.constantFrom(0, GIB), oneIn(4)).map(([cpu, spa, isOff]) => [base(cpu, spa, !isOff)]),
    }
    const touched = [...pfns, 1024, 400_000].flatMap((pfn) => [0, 100, 511].map((at) => pfn - (pfn % 512) + at).concat(pfn))
    fc.assert(
      fc.property(programs(places, 12), (program) => {
        const machine = enableSnp(tinyMachine({ cores: 2, threadsPerCore: 2, reachBytes: 2 * GIB }))
        const both = { machine, plain: new PlainMachine(machine) }
        for (const step of program) {
          expectSameAnswer(both, step)
          const entries = touched.map((pfn) => machine.rmp.entry(pfn))
          expect(entries, step.name).toEqual(touched.map((pfn) => both.plain.entries[pfn]))
          expectSameTables(both)
          expectSound(both)
        }
        expectSameCounts(both)
      }),
      { numRuns: 40 },
    )
  })

  it('are programs in which things happen: every answer comes up often enough', () => {
    const seen = new Map<string, number>()
    for (const program of fc.sample(programs(placesIn(SMALL), 40), { numRuns: 300, seed: 1 })) {
      const machine = enableSnp(smallMachine({ cores: 2, threadsPerCore: 2 }))
      const both = { machine, plain: new PlainMachine(machine) }
      for (const { name, run } of program) {
        const key = `${name.split(' ')[0]} ${JSON.stringify(run(both).machine)}`
        seen.set(key, (seen.get(key) ?? 0) + 1)
      }
    }
    const expected = [
      ...['{"cf":true,"summaries":0}', '{"cf":true,"summaries":2}'].map((answer) => `RMPOPT ${answer}`),
      ...[0, 1, 2].map((summaries) => `RMPOPT {"cf":false,"summaries":${summaries}}`),
      ...[0, 1, 2, 4].map((eax) => `RMPUPDATE {"eax":${eax}}`),
      ...[0, 1, 2].map((eax) => `PSMASH {"eax":${eax}}`),
      ...['{"eax":0,"cf":false}', '{"eax":0,"cf":true}', '{"eax":6,"cf":false}', undefined].map(
        (answer) => `PVALIDATE ${answer}`,
      ),
      ...['write', 'legacy'].flatMap((name) => [`${name} true`, `${name} false`]),
      ...['GCTX_CREATE', 'ACTIVATE', 'LAUNCH_UPDATE', 'LAUNCH_FINISH', 'DECOMMISSION', 'PAGE_RECLAIM'].flatMap((name) =>
        [true, false].map((answer) => `SNP_${name} ${answer}`),
      ),
    ]
    expect(expected.filter((key) => (seen.get(key) ?? 0) < 10).map((key) => `${key}: ${seen.get(key)}`)).toEqual([])
  })

  it('would be told apart from a machine that forgets to clear, or to notice a page: the comparison can fail', () => {
    const forgetful: Record<string, { options?: Partial<MachineOptions>; forget?: (machine: Machine) => void }> = {
      'the clear': { forget: ({ tables }) => void (tables.clear = () => {}) },
      'the cached result': { options: { rmpupdateDropsCachedResult: false } },
      'an assigned huge page': { forget: ({ rmp }) => void (rmp.hugeAssigned = () => 0) },
      'the shoot-down': { forget: ({ tlb }) => void (tlb.shootDown = () => 0) },
    }
    for (const [what, { options, forget }] of Object.entries(forgetful)) {
      const compare = fc.property(programs(placesIn(SMALL), 30), (program) => {
        const machine = enableSnp(smallMachine({ cores: 2, threadsPerCore: 2, options }))
        forget?.(machine)
        const both = { machine, plain: new PlainMachine(machine) }
        for (const step of program) {
          expectSameAnswer(both, step)
          expectSameTables(both)
        }
      })
      expect(fc.check(compare, { numRuns: 300, seed: 1, endOnFailure: true }).failed, what).toBe(true)
    }
  })
})
