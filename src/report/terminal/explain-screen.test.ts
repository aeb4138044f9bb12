import { expect, test } from 'vitest'
import type { ExplainResult, ExplainStep } from '../../lab/index.ts'
import { explainScreen } from './explain-screen.ts'

const regions = (...states: [assignedPages: number, optimisedCores: number][]) =>
  states.map(([assignedPages, optimisedCores]) => ({ assignedPages, optimisedCores }))

const STEP: ExplainStep = {
  number: 3,
  title: 'The guest starts',
  text: 'A page of the second region is assigned. The optimisation of that region is gone on every core, before the instruction is complete.',
  atNs: 1.71e9,
  operations: [
    { who: 'CPU 5', what: 'RMPUPDATE 2M to ASID 1', result: 'SUCCESS', times: 766 },
    { who: 'firmware', what: 'SNP_LAUNCH_FINISH', result: '', times: 1 },
    {
      who: 'CPU 3',
      what: 'hypervisor writes 0x40000000 (region 1), mapped by 1 GiB',
      result: 'passes, after a look at the RMP',
      times: 1,
    },
  ],
  log: ['SEV-SNP: something was said'],
  before: regions([9, 0], [0, 4], [0, 1], [0, 0]),
  after: regions([9, 0], [1, 0], [0, 1], [0, 0]),
}
const RESULT: ExplainResult = {
  schema: 'rmpopt.explain/1',
  host: { name: 'tiny', memoryBytes: 2 ** 34, cores: 4, logicalCpus: 8 },
  steps: [STEP],
}

test('a step tells what happened, to what, and what the kernel said', () => {
  expect(explainScreen(RESULT, { width: 80, colour: false })).toBe(`\
RMPOPT step by step, on a simulated host tiny: 16 GiB, 4 cores, 8 CPUs.
A region is 1 GiB: █ holds assigned pages, · holds none, not optimised, ◐
optimised on some cores, ● on all.

 3 The guest starts                                                    at 1.71 s
   A page of the second region is assigned. The optimisation of that region is
   gone on every core, before the instruction is complete.
   CPU 5     RMPUPDATE 2M to ASID 1 × 766  → SUCCESS
   firmware  SNP_LAUNCH_FINISH
   CPU 3     hypervisor writes 0x40000000 (region 1), mapped by 1 GiB
                 → passes, after a look at the RMP
   before   █●◐·
   after    ██◐·
   SEV-SNP: something was said
`)
})

test('regions that did not change are shown once', () => {
  const screen = explainScreen({ ...RESULT, steps: [{ ...STEP, before: STEP.after }] }, { width: 80, colour: false })
  expect(screen).toContain('regions  ██◐·')
  expect(screen).not.toContain('before  ')
})

test('many regions take several lines', () => {
  const after = regions(...Array.from({ length: 150 }, (): [number, number] => [0, 4]))
  const screen = explainScreen({ ...RESULT, steps: [{ ...STEP, before: after, after }] }, { width: 80, colour: false })
  expect(screen.match(/●/g)).toHaveLength(151)
  for (const line of screen.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})

test('a step in which nothing was done has no operations', () => {
  const screen = explainScreen({ ...RESULT, steps: [{ ...STEP, operations: [], log: [] }] }, { width: 80, colour: false })
  expect(screen).not.toContain('→')
})
