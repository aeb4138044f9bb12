/**
 * A check that cannot fail is no check: every mutant of hardware and kernel is caught, by the properties that are said to see it and no
 * others. docs/mutants.md shows what the verdicts are; `npx vitest run docs/mutants.test.ts -u` writes it.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import {
  breadthFirst,
  checkKernel,
  HARDWARE_PROPERTIES,
  KERNEL_QUESTIONS,
  type KernelVerdict,
  parseLitmus,
  runLitmus,
  type Verdict,
} from '../src/check/index.ts'
import { readLitmus } from '../src/files/index.ts'
import { modelOf } from '../src/testing/hardware.ts'
import type { HardwareMutant } from '../src/testing/hardware-mutant.ts'
import { HARDWARE_MUTANTS } from '../src/testing/hardware-mutants.ts'
import { KERNEL_MUTANTS, type KernelMutant, V10 } from '../src/testing/kernel-mutants.ts'
import { ORDER_MUTANTS } from '../src/testing/kernel-mutants-order.ts'

const PAGE = fileURLToPath(new URL('mutants.md', import.meta.url))
const ALL_KERNEL_MUTANTS: Readonly<Record<string, KernelMutant>> = { ...KERNEL_MUTANTS, ...ORDER_MUTANTS }

/** Of each property that fails the steps of the shortest run that breaks it; of others what else is to be said of them. */
type Failures = ReadonlyMap<string, number | Mark>

/** Fails with what is right, too; not all states were seen. */
type Mark = '†' | '?'

interface Row {
  readonly mutant: string
  readonly shown: string
  readonly failures: Failures
  readonly about: string | undefined
  /** Names of the litmus files that fail on it. */
  readonly litmus?: readonly string[]
}

const corpus = (await readLitmus([])).map(({ path, text }) => ({
  name: path.replace(/^.*\/|\.litmus$/g, ''),
  file: parseLitmus(text),
}))
const hardwareRows: Row[] = []
const kernelRows: Row[] = []

function ofHardware(verdicts: readonly Verdict[]): Failures {
  return new Map(
    verdicts.flatMap((verdict) => (verdict.kind === 'fails' ? [[verdict.property, verdict.path.steps.length] as const] : [])),
  )
}

function ofKernel(verdicts: readonly KernelVerdict[]): Failures {
  return new Map(verdicts.flatMap(({ property, trace }) => (trace === undefined ? [] : [[property, trace.length] as const])))
}

/** Files that are played to their end on the wrong hardware, and say that it is wrong. */
function litmusAgainst({ mutate, steps }: HardwareMutant): string[] {
  const isBroken = ({ file }: (typeof corpus)[number]) => {
    try {
      return runLitmus(file, { prepare: mutate, steps }).conditions.some(({ holds }) => !holds)
    } catch {
      return false // it did not get as far as its program
    }
  }
  return corpus.filter(isBroken).map(({ name }) => name)
}

describe('mutants of the hardware', () => {
  it.each(Object.entries(HARDWARE_MUTANTS))('%s', (mutant, wrong) => {
    const { scene, mutate, steps, caughtBy, shown } = wrong
    expect([...ofHardware(breadthFirst(modelOf(scene)).verdicts).keys()], 'right hardware').toEqual([])
    const machine = scene.machine()
    mutate?.(machine)
    const { verdicts, because } = breadthFirst(modelOf(scene, { machine, steps }))
    expect(because).toBeUndefined()
    const failures = ofHardware(verdicts)
    const litmus = litmusAgainst(wrong)
    hardwareRows.push({ mutant, shown, failures, about: caughtBy[0], litmus })
    expect([...failures.keys()].sort()).toEqual([...caughtBy].sort())
    expect(litmus, 'litmus files that see it').not.toEqual([])
  })

  it('every litmus file fails on some of them: none is there for nothing', () => {
    const seeing = new Set(hardwareRows.flatMap(({ litmus }) => litmus ?? []))
    expect(corpus.map(({ name }) => name).filter((name) => !seeing.has(name))).toEqual([])
  })

  it('every property is about some of them: none is there for nothing', () => {
    const about = new Set(Object.values(HARDWARE_MUTANTS).flatMap(({ caughtBy }) => caughtBy.slice(0, 1)))
    expect([...about].sort()).toEqual(HARDWARE_PROPERTIES.map(({ name }) => name).sort())
  })
})

describe('mutants of the kernel', () => {
  it.each(Object.entries(ALL_KERNEL_MUTANTS))('%s', (mutant, how) => {
    const { scenario, right = V10, wrong = right, mutate, instructions = 'whole', caughtBy, harmlessBecause } = how
    const known = ofKernel(checkKernel({ scenario, driver: right, instructions }))
    const verdicts = checkKernel({ scenario, driver: wrong, mutate, instructions }, { statesMax: 30_000 })
    const caught = new Map([...ofKernel(verdicts)].filter(([property]) => !known.has(property)))
    const unseen = verdicts.flatMap(({ property, verdict }) => (verdict === 'unfinished' ? [[property, '?'] as const] : []))
    const failures = new Map<string, number | Mark>([
      ...unseen,
      ...[...known.keys()].map((property) => [property, '†'] as const),
      ...caught,
    ])
    kernelRows.push({ mutant, shown: scenario.name, failures, about: caughtBy[0] })
    expect([...caught.keys()].sort()).toEqual([...caughtBy].sort())
    expect(harmlessBecause === undefined, 'caught, or harmless').toBe(caughtBy.length > 0)
    if (harmlessBecause !== undefined) expect(unseen, 'harmless in all states').toEqual([])
  })

  it('every property is about some of them: none is there for nothing', () => {
    const about = new Set(Object.values(ALL_KERNEL_MUTANTS).flatMap(({ caughtBy }) => caughtBy.slice(0, 1)))
    expect([...about].sort()).toEqual(KERNEL_QUESTIONS.map(({ name }) => name).sort())
  })
})

it('docs/mutants.md shows what was found', async () => {
  const whole = Object.keys(HARDWARE_MUTANTS).length + Object.keys(ALL_KERNEL_MUTANTS).length
  expect(hardwareRows.length + kernelRows.length, 'run with all the others').toBe(whole)
  const page = readFileSync(PAGE, 'utf8')
  const hardware = table(hardwareRows, HARDWARE_PROPERTIES)
  const kernel = `${table(kernelRows, KERNEL_QUESTIONS)}\n\n${harmless()}`
  const fresh = between(between(page, 'hardware', hardware), 'kernel', kernel)
  await expect(fresh).toMatchFileSnapshot(PAGE)
})

function between(page: string, name: string, content: string): string {
  return page.replace(new RegExp(`(?<=<!-- ${name} -->\n)[^]*(?=\n<!-- /${name} -->)`), () => `\n${content}\n`)
}

function table(rows: readonly Row[], properties: readonly { readonly name: string }[]): string {
  const hasLitmus = rows.some(({ litmus }) => litmus !== undefined)
  const cells = rows.map(({ mutant, shown, failures, about, litmus }) => [
    mutant,
    shown,
    ...properties.map(({ name }) => cell(failures.get(name), name === about)),
    ...(litmus === undefined ? [] : [files(litmus)]),
  ])
  const head = ['what is wrong', 'shown in', ...properties.map(({ name }) => name), ...(hasLitmus ? ['litmus files'] : [])]
  const aligned = head.map((_, at) => (at < 2 || (hasLitmus && at === head.length - 1) ? '---' : ':-:'))
  return [head, aligned, ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

function cell(steps: number | Mark | undefined, isAboutIt: boolean): string {
  if (steps === undefined) return ''
  return isAboutIt ? `**${steps}**` : String(steps)
}

function files([first, ...others]: readonly string[]): string {
  return `[${first}](../litmus/${first}.litmus)${others.length > 0 ? ` and ${others.length} more` : ''}`
}

function harmless(): string {
  const why = Object.entries(ALL_KERNEL_MUTANTS).flatMap(([mutant, { harmlessBecause }]) =>
    harmlessBecause === undefined ? [] : [`- *${mutant}*: ${harmlessBecause}`],
  )
  return `Nobody catches these, and why:\n\n${why.join('\n')}`
}
