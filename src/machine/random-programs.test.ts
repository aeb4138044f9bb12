/** Random programs, on the machine and on a plain one that rescans everything: both must say the same, always. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeRmpoptBase, GIB, geometry, MSR_RMPOPT_BASE, type PageSize } from '../arch/index.ts'
import { assign, coresWith, guestOf, PAGE, psmash, report, share, verify } from '../testing/instructions.ts'
import { enableSnp, initSnp, SMALL, smallMachine, tinyMachine } from '../testing/machines.ts'
import { PlainMachine } from '../testing/plain-machine.ts'
import { access, type FirmwareCommand, firmwareCommand, type Machine, type Outcome } from './index.ts'

interface Both {
  readonly machine: Machine
  readonly plain: PlainMachine
}
/** Does one thing to both. @returns what each answered, in the same form */
type Op = (both: Both) => { machine: unknown; plain: unknown }

/** CF and EAX of an outcome, a fault as `undefined`. */
function registers(outcome: Outcome): unknown {
  if (outcome.kind !== 'done') return undefined
  return { ...('eax' in outcome && { eax: outcome.eax }), ...('cf' in outcome && { cf: outcome.cf }) }
}

/** Where to act: which CPUs, pages, regions. */
interface Places {
  readonly cpu: fc.Arbitrary<number>
  readonly pfn: fc.Arbitrary<number>
  readonly region: fc.Arbitrary<number>
}

const size = fc.constantFrom<PageSize>('4K', '4K', '2M')
const asid = fc.constantFrom(1, 1, 1, 2)
const describeOp = (name: string, op: Op): Op => Object.assign(op, { toString: () => name, [fc.toStringMethod]: () => name })

function instructionOps({ cpu, pfn, region }: Places): fc.Arbitrary<Op>[] {
  const rmpopt = fc.tuple(cpu, region, fc.boolean()).map(([c, r, isVerify]) =>
    describeOp(`RMPOPT ${isVerify ? 'verify' : 'report'} ${r} on ${c}`, ({ machine, plain }) => {
      const outcome = machine.execute(c, isVerify ? verify(machine, r) : report(machine, r))
      return {
        machine: outcome.kind === 'done' ? { cf: outcome.cf, summaries: outcome.summaries } : undefined,
        plain: plain.rmpopt(machine.coreOf(c), r, isVerify),
      }
    }),
  )
  const rmpupdate = fc
    .record({ c: cpu, p: pfn, size, asid: fc.constantFrom(0, 1, 1, 2), immutable: maybe(4), moved: maybe(4), back: maybe(3) })
    .map(({ c, p: anyPfn, size, asid, immutable, moved, back }) => {
      const at = (machine: Machine) => (size === '2M' && !moved ? anyPfn - (anyPfn % machine.geometry.hugePages) : anyPfn)
      return describeOp(
        `RMPUPDATE ${anyPfn} ${size} ${back ? 'shared' : `asid ${asid}${immutable ? ' immutable' : ''}${moved ? ' moved' : ''}`} on ${c}`,
        ({ machine, plain }) => {
          const p = at(machine)
          const gpa = asid === 0 ? 0 : (p + (moved ? machine.geometry.hugePages : 0)) * PAGE
          const instruction = back ? share(p, size) : assign(p, { asid, gpa, size, immutable })
          return { machine: registers(machine.execute(c, instruction)), plain: { eax: plain.rmpupdate(p, instruction.input) } }
        },
      )
    })
  const smash = fc.tuple(cpu, pfn, maybe(5)).map(([c, anyPfn, unaligned]) =>
    describeOp(`PSMASH ${anyPfn}${unaligned ? '' : ' rounded down'} on ${c}`, ({ machine, plain }) => {
      const p = unaligned ? anyPfn : anyPfn - (anyPfn % machine.geometry.hugePages)
      return { machine: registers(machine.execute(c, psmash(p))), plain: { eax: plain.psmash(p) } }
    }),
  )
  const pvalidate = fc
    .record({ c: cpu, p: pfn, size, asid, mapping: size, validate: maybe(4), moved: maybe(4) })
    .map(({ c, p, size, asid, mapping, validate, moved }) =>
      describeOp(`PVALIDATE ${p} ${size} as ${asid} on ${c}`, ({ machine, plain }) => {
        const pages = size === '2M' ? machine.geometry.hugePages : 1
        const first = p - (p % pages)
        const guest = guestOf(first, { asid, mapping, ...(moved && { gpa: (first + machine.geometry.hugePages) * PAGE }) })
        const instruction = { name: 'PVALIDATE', guest, size, validate: !validate } as const
        return { machine: registers(machine.execute(c, instruction)), plain: plain.pvalidate(guest, size, !validate) }
      }),
    )
  const write = fc
    .record({ c: cpu, p: pfn, mapping: fc.constantFrom('page', 'huge', 'region'), ordinary: fc.boolean() })
    .map(({ c, p, mapping, ordinary }) =>
      describeOp(`write ${p} through ${mapping} on ${c}`, ({ machine, plain }) => {
        const { pageBytes, hugeBytes, regionBytes, hugePages, regionPages } = machine.geometry
        const bytes = { page: pageBytes, huge: hugeBytes, region: regionBytes }[mapping]
        const pages = { page: 1, huge: hugePages, region: regionPages }[mapping]
        const who = ordinary ? 'ordinary guest' : 'hypervisor'
        const outcome = access(machine, c, { who, spa: p * PAGE, write: true, mapping: bytes })
        const isEarlier = outcome.kind === 'passed' && outcome.how === 'cached translation' // made through some mapping of this page
        return { machine: outcome.kind === 'passed', plain: plain.mayWrite(p, isEarlier ? 1 : pages) }
      }),
    )
  return [rmpopt, rmpopt, rmpupdate, rmpupdate, rmpupdate, smash, pvalidate, pvalidate, write]
}

function maybe(oneIn: number): fc.Arbitrary<boolean> {
  return fc.nat(oneIn - 1).map((n) => n === 0)
}

/** Commands of the firmware, and how a plain machine takes them. ASIDs: nobody flushes here, so each is used once. */
function firmwareOps({ pfn }: Places): fc.Arbitrary<Op>[] {
  const ok = (machine: Machine, command: FirmwareCommand) => firmwareCommand(machine, command) === 'SUCCESS'
  const create = pfn.map((p) =>
    describeOp(`GCTX_CREATE ${p}`, ({ machine, plain }) => {
      if (plain.entries[p].size === '2M') return { machine: false, plain: false } // see disagreements.test.ts
      const took = plain.firmware(
        p,
        ['Firmware'],
        () => !plain.guests.has(p),
        (entry) => entry,
      )
      if (took) plain.guests.set(p, { asid: 0, state: 'init' })
      return { machine: ok(machine, { name: 'SNP_GCTX_CREATE', context: p * PAGE }), plain: took }
    }),
  )
  const activate = fc.tuple(pfn, asid).map(([p, asid]) =>
    describeOp(`ACTIVATE ${p} as ${asid}`, ({ machine, plain }) => {
      const guest = plain.guests.get(p)
      const free = ![...plain.guests.values()].some((other) => other.asid === asid)
      const took = guest?.state === 'init' && free
      if (guest && took) Object.assign(guest, { asid, state: 'launching' })
      firmwareCommand(machine, { name: 'SNP_DF_FLUSH' })
      return { machine: ok(machine, { name: 'SNP_ACTIVATE', context: p * PAGE, asid }), plain: took }
    }),
  )
  const launch = fc.tuple(pfn, pfn, fc.boolean()).map(([context, p, vmsa]) =>
    describeOp(`LAUNCH_UPDATE ${p} of ${context}`, ({ machine, plain }) => {
      const guest = plain.guests.get(context)
      const took =
        guest?.state === 'launching' &&
        plain.firmware(
          p,
          ['Pre-Guest'],
          (e) => e.asid === guest.asid && e.gpa === p * PAGE,
          (e) => ({ ...e, immutable: false, validated: true, vmsa }),
        )
      const command: FirmwareCommand = { name: 'SNP_LAUNCH_UPDATE', context: context * PAGE, page: p * PAGE, gpa: p * PAGE, vmsa }
      return { machine: ok(machine, command), plain: took }
    }),
  )
  const finish = pfn.map((p) =>
    describeOp(`LAUNCH_FINISH ${p}`, ({ machine, plain }) => {
      const guest = plain.guests.get(p)
      const took = guest?.state === 'launching'
      if (guest && took) guest.state = 'running'
      return { machine: ok(machine, { name: 'SNP_LAUNCH_FINISH', context: p * PAGE }), plain: took }
    }),
  )
  const decommission = pfn.map((p) =>
    describeOp(`DECOMMISSION ${p}`, ({ machine, plain }) => ({
      machine: ok(machine, { name: 'SNP_DECOMMISSION', context: p * PAGE }),
      plain: plain.guests.delete(p),
    })),
  )
  const reclaim = fc.tuple(pfn, size).map(([p, size]) =>
    describeOp(`PAGE_RECLAIM ${p} ${size}`, ({ machine, plain }) => ({
      machine: ok(machine, { name: 'SNP_PAGE_RECLAIM', page: p * PAGE, size }),
      plain: plain.firmware(
        p,
        ['Firmware', 'Pre-Guest', 'Pre-Swap'],
        () => !plain.guests.has(p),
        (e) => ({ ...e, immutable: false }),
        size,
      ),
    })),
  )
  const cycle = fc.constant(
    describeOp('legacy shutdown, init', ({ machine, plain }) => {
      const took = plain.guests.size === 0
      if (took) plain.clearAll()
      const shut = ok(machine, { name: 'SNP_SHUTDOWN_EX', x86SnpShutdown: false })
      if (shut) initSnp(machine)
      return { machine: shut, plain: took }
    }),
  )
  return [create, create, activate, launch, launch, finish, decommission, reclaim, cycle]
}

function baseOp({ cpu }: Places): fc.Arbitrary<Op> {
  return fc.tuple(cpu, fc.constantFrom(0, GIB), maybe(4)).map(([c, base, disabled]) =>
    describeOp(`RMPOPT_BASE ${base / GIB} GiB ${disabled ? 'disabled' : 'enabled'} on ${c}`, ({ machine, plain }) => {
      const next = { enabled: !disabled, base }
      plain.setBase(machine.coreOf(c), next)
      return {
        machine: machine.execute(c, { name: 'WRMSR', msr: MSR_RMPOPT_BASE, value: encodeRmpoptBase(next) }).kind,
        plain: 'done',
      }
    }),
  )
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

describe('random programs of instructions and firmware commands against a plain machine (§3–§6)', () => {
  const geometries = { 'two huge pages of two pages': SMALL, 'three huge pages of four pages': geometry(PAGE, 4, 3) }
  for (const [name, g] of Object.entries(geometries)) {
    it(`agree on every page, count, table, CF and EAX: regions of ${name}`, () => {
      const places: Places = { cpu: fc.nat(3), pfn: fc.nat(2 * g.regionPages), region: fc.nat(4) }
      const op = fc.oneof(...instructionOps(places), ...firmwareOps(places))
      fc.assert(
        fc.property(fc.array(op, { maxLength: 60, size: 'max' }), (program) => {
          const machine = enableSnp(smallMachine({ geometry: g, cores: 2, threadsPerCore: 2 }))
          const both = { machine, plain: new PlainMachine(machine) }
          for (const step of program) {
            const answers = step(both)
            expect(answers.machine, String(step)).toEqual(answers.plain)
            expect(
              both.plain.entries.map((_, pfn) => machine.rmp.entry(pfn)),
              String(step),
            ).toEqual(both.plain.entries)
            expectSameTables(both)
            expectSameCounts(both)
            expectSound(both)
          }
        }),
        { numRuns: 300 },
      )
    })
  }

  it('agree on real pages and regions, where programs are short', () => {
    const pfns = [0, 1, 511, 512, 513, 1023, 262143, 262144, 262145, 262144 + 511, 523776, 524287]
    const places: Places = { cpu: fc.nat(3), pfn: fc.constantFrom(...pfns), region: fc.nat(3) }
    const op = fc.oneof(...instructionOps(places), ...firmwareOps(places), baseOp(places))
    fc.assert(
      fc.property(fc.array(op, { maxLength: 20, size: 'max' }), (program) => {
        const machine = enableSnp(tinyMachine({ cores: 2, threadsPerCore: 2, reachBytes: 2 * GIB }))
        const both = { machine, plain: new PlainMachine(machine) }
        const touched = pfns.flatMap((pfn) => [pfn, pfn - (pfn % 512), pfn - (pfn % 512) + 511, pfn - (pfn % 512) + 100])
        for (const step of program) {
          const answers = step(both)
          expect(answers.machine, String(step)).toEqual(answers.plain)
          expect(
            touched.map((pfn) => machine.rmp.entry(pfn)),
            String(step),
          ).toEqual(touched.map((pfn) => both.plain.entries[pfn]))
          expectSameTables(both)
          expectSound(both)
        }
        expectSameCounts(both)
      }),
      { numRuns: 40 },
    )
  })

  it('are programs in which things happen: the interesting answers all come up', () => {
    const places: Places = { cpu: fc.nat(3), pfn: fc.nat(7), region: fc.nat(1) }
    const op = fc.oneof(...instructionOps(places), ...firmwareOps(places))
    const seen = new Map<string, number>()
    for (const program of fc.sample(fc.array(op, { minLength: 40, maxLength: 60, size: 'max' }), { numRuns: 200, seed: 1 })) {
      const machine = enableSnp(smallMachine({ cores: 2, threadsPerCore: 2 }))
      const both = { machine, plain: new PlainMachine(machine) }
      for (const step of program) {
        const key = `${String(step).split(' ')[0]} ${JSON.stringify(step(both).machine)}`
        seen.set(key, (seen.get(key) ?? 0) + 1)
      }
    }
    const rare = (prefix: string) => [...seen.keys()].filter((key) => key.startsWith(prefix))
    for (const eax of [0, 1, 2, 4]) expect(seen.get(`RMPUPDATE {"eax":${eax}}`) ?? 0, `RMPUPDATE ${eax}`).toBeGreaterThan(20)
    expect(seen.get('PSMASH {"eax":0}') ?? 0).toBeGreaterThan(20)
    expect(seen.get('PVALIDATE {"eax":0,"cf":false}') ?? 0).toBeGreaterThan(20)
    expect(seen.get('PVALIDATE {"eax":0,"cf":true}') ?? 0).toBeGreaterThan(5)
    expect(seen.get('PVALIDATE {"eax":6,"cf":false}') ?? 0).toBeGreaterThan(5)
    expect(rare('RMPOPT').length).toBeGreaterThanOrEqual(5) // yes scanned, yes cached, no after 1, no after 2, report
    for (const answer of [true, false]) {
      for (const name of [
        'write',
        'GCTX_CREATE',
        'ACTIVATE',
        'LAUNCH_UPDATE',
        'LAUNCH_FINISH',
        'DECOMMISSION',
        'PAGE_RECLAIM',
        'legacy',
      ]) {
        expect(seen.get(`${name} ${answer}`) ?? 0, `${name} ${answer}`).toBeGreaterThan(0)
      }
    }
  })
})
