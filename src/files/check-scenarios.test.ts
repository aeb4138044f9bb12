import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { check } from '../lab/index.ts'
import { readCheckScenarios, readPolicy } from './index.ts'

const directory = mkdtempSync(join(tmpdir(), 'rmpopt-scenario-'))
afterAll(() => rmSync(directory, { recursive: true }))

let files = 0
function file(content: string, ending = '.mjs'): string {
  const path = join(directory, `${files++}${ending}`)
  writeFileSync(path, content)
  return path
}

/** A module of a scenario on one core where nothing happens, but for what is given. */
const scenario = (fields: string) =>
  `export default { name: 'mine', sentence: 'S.', machine: { cores: 1, regions: 1 }, events: [{ name: 'e', *routine() {} }], ${fields} }`

/** The same where this happens. */
const happens = (routine: string) => scenario(`events: [{ name: 'e', ${routine} }]`)

/** The message of the user's error, one line, without the path. */
async function problem(path: string, work: () => Promise<unknown> = () => readCheckScenarios(path)): Promise<string> {
  const error: unknown = await work().then(
    () => expect.fail('nothing is wrong'),
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ name: 'UserError' })
  const { message } = error as Error
  expect(message).not.toMatch(/[\n\r]/)
  expect(message.startsWith(path)).toBe(true)
  return message.slice(path.length)
}

const says = (message: string | RegExp) => (typeof message === 'string' ? message : expect.stringMatching(message))

describe('scenarios of a module', () => {
  test('are one, or a list', async () => {
    const one = file(scenario(''))
    expect(await readCheckScenarios(one)).toMatchObject([{ name: 'mine', path: one }])
    const two = file(
      `${scenario('').replace('default', 'const a =').replace('default', '')}; export default [a, { ...a, name: 'b' }]`,
    )
    expect((await readCheckScenarios(two)).map(({ name }) => name)).toEqual(['mine', 'b'])
  })

  test.each([
    ['export const a = 1', ': has no scenario as its default export; write export default { name, sentence, machine, events }'],
    ['export default []', ': its default export is an empty list; put a scenario into it'],
    ['export default [3]', ': has no scenario at 0; write export default { name, sentence, machine, events }'],
    ['export default [{ name: 3 }]', ': 0.name: 3 is not text; give one'],
    ['export default {}', ': name: is missing; give text'],
    [scenario(`name: 'a b'`), ': name: "a b" is not a name of letters, digits, dots and dashes; choose a short one'],
    [scenario(`name: 'kexec'`), ': name: kexec is a scenario that there is already; choose another name'],
    [scenario(`sentence: ''`), ': sentence: "" is not a sentence; say what happens in one'],
    [scenario('evnts: []'), ': unknown field evnts; did you mean events?'],
    [scenario('machine: { cores: 1 }'), ': machine.regions: is missing; give a number'],
    [scenario('machine: { cores: 99, regions: 1 }'), ': machine.cores: 99 is too large; give at most 8'],
    [scenario('machine: { cores: 1, region: 1 }'), ': unknown field machine.region; did you mean regions?'],
    [
      scenario('machine: { cores: 1, regions: 1, options: { resultCash: true } }'),
      ': unknown field machine.options.resultCash; did you mean resultCache?',
    ],
    [scenario('online: [0, 1]'), ': online: there is no CPU 1; give 0 to 0'],
    [scenario('online: [0, 0]'), ': online: a CPU is there twice; name each once'],
    [scenario('found: 3'), ': found: is not a function; write one'],
    [scenario('before: [3]'), ': before.0: is not a function; write one'],
    [scenario(`instructions: 'all'`), ': instructions: "all" is not known; choose one of micro-steps, whole'],
    [scenario('writes: [{ cpu: 2, page: 0 }]'), ': writes.0.cpu: there is no CPU 2; give 0 to 0'],
    [scenario('writes: [{ cpu: 0, page: 6 }]'), ': writes.0.page: there is no page 6; give 0 to 5'],
    [scenario('events: []'), ': events: is empty; give at least 1'],
    [scenario(`events: [{ name: 'e' }]`), ': events.0.routine: is not a function; write one'],
    [scenario(`events: [{ name: 'a: b', *routine() {} }]`), /^: events\.0\.name: "a: b" is not a word or two without a colon; /],
    [
      scenario(`events: [{ name: 'worker', *routine() {} }]`),
      ': events: "worker" is there twice; give each event a name of its own',
    ],
    [`const a = ${scenario('').slice('export default '.length)}; export default [a, a]`, /^: mine is there twice; /],
    ['syntax error', /^: cannot be loaded \(.+\); give a module that Node .+ can import$/],
    [`throw 'up'`, /^: cannot be loaded \(up\); /],
  ])('%s is wrong', async (content, message) => {
    expect(await problem(file(content))).toEqual(says(message))
  })

  test.each([
    [
      happens('*routine(kernel) { kernel.nothing.here() }'),
      /^:(\d+:)? fails while it is checked \(Cannot read .*'here'.*\); correct it, and /,
    ],
    [happens(`*routine() { throw new Error('ouch') }`), /^:(\d+:)? fails while it is checked \(ouch\); /],
    [scenario(`found() { throw new Error('ouch') }`), /^:(\d+:)? fails while it is checked \(ouch\); /],
    [scenario(`before: [function* () { yield { op: 'lock' } }]`), /^:.* fails while it is checked \(.+\); /],
    [scenario('before: [() => 3]'), /^: before\.0: is not a generator function; /],
    [happens('routine: () => 3'), ': events.0.routine: is not a generator function; write *routine(kernel, guests) { … }'],
    [
      happens(`*routine() { yield { op: 'cond-reshed' } }`),
      ': events.0.routine: yields {"op":"cond-reshed"}, which is no operation; did you mean cond-resched?',
    ],
    [
      happens(`*routine() { for (;;) yield { op: 'cond-resched' } }`),
      ': v10 in mine: e does not end: it has asked for 1000 operations; let it end, or ask for fewer',
    ],
    [
      scenario(`before: [function* () { for (;;) yield { op: 'cond-resched' } }]`),
      /^: v10 in mine: what happened before does not end: /,
    ],
  ])('that goes wrong while it is checked has an author: %s', async (content, message) => {
    const path = file(content)
    const scenarios = await readCheckScenarios(path)
    expect(await problem(path, () => check({ scenarios }))).toEqual(says(message))
  })

  test('is not blamed for a policy of a module that goes wrong in it', async () => {
    const up = `import { UP } from 'rmpopt/check'\n${scenario('before: UP')}`
    const scenarios = await readCheckScenarios(
      file(up.replace('rmpopt/check', new URL('../check/index.ts', import.meta.url).href)),
    )
    const failing = file(`export default { name: 'mine',\n*setup() { throw new Error('ouch') } }`)
    const policies = [await readPolicy(failing)]
    expect(await problem(failing, () => check({ policies, scenarios }))).toMatch(/^:(\d+:)? fails while it is checked \(ouch\); /)
    const endless = file(`export default { name: 'mine', *setup() { for (;;) yield { op: 'cond-resched' } } }`)
    const others = [await readPolicy(endless)]
    expect(await problem(endless, () => check({ policies: others, scenarios: ['hotplug-around-init'] }))).toBe(
      ': mine in hotplug-around-init: init does not end: it has asked for 1000 operations; let it end, or ask for fewer',
    )
  })

  test('must be there, and be a module', async () => {
    expect(await problem(join(directory, 'gone.mjs'))).toBe(': there is no such file; check the name')
    expect(await problem(file('', '.yaml'))).toBe(': is no module; a scenario is code: give a file that ends in .js, .mjs or .ts')
  })
})

test('docs/examples/replaced-guest.mjs is a scenario in which v10 leaves memory behind', async () => {
  const path = fileURLToPath(new URL('../../docs/examples/replaced-guest.mjs', import.meta.url))
  const { results } = await check({ scenarios: await readCheckScenarios(path) })
  expect(results.filter(({ verdict }) => verdict === 'fails').map(({ property }) => property)).toEqual(['late memory'])
})
