import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { resolveScenario, type ScenarioInput, scenarioInput } from '../lab/index.ts'
import { UserError } from '../workload/index.ts'
import { formatScenario, readScenario } from './index.ts'

const directory = mkdtempSync(join(tmpdir(), 'rmpopt-scenario-'))
afterAll(() => rmSync(directory, { recursive: true }))
mkdirSync(join(directory, 'folder'))

let files = 0
function file(content: string | Uint8Array): string {
  const path = join(directory, `${files++}.yaml`)
  writeFileSync(path, content)
  return path
}

/** The message of the error, which must be the user's and one line, without the path. */
async function problem(path: string): Promise<string> {
  const error = await readScenario(path).then(
    () => expect.fail('was read'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(UserError)
  const { message } = error as UserError
  expect(message).not.toMatch(/[\n\r]/)
  expect(message.startsWith(path)).toBe(true)
  return message.slice(path.length)
}

test('fields are read as they are written', async () => {
  const path = file('# comment\npolicy: none\nhost: { preset: tiny, coresPerSocket: 8 }\nsnpShare: 0.5\n')
  expect(await readScenario(path)).toEqual({ policy: 'none', host: { preset: 'tiny', coresPerSocket: 8 }, snpShare: 0.5 })
})

test.each(['', '# nothing but a comment\n', '---\n', 'null\n'])('%j is a scenario without wishes', async (content) => {
  expect(await readScenario(file(content))).toEqual({})
})

test('a relative trace is relative to the file, an absolute one is not', async () => {
  expect(await readScenario(file('trace: traces/a.csv'))).toEqual({ trace: join(directory, 'traces/a.csv') })
  expect(await readScenario(file('trace: /data/a.csv'))).toEqual({ trace: '/data/a.csv' })
})

test('a scenario that is written is read as the same', async () => {
  const input = scenarioInput(resolveScenario({ host: 'tiny', snpShare: 0.125, untilS: 90, placement: 'lowest' }))
  const read = await readScenario(file(formatScenario(input)))
  expect(resolveScenario(read)).toEqual(resolveScenario(input))
})

test.each([
  ['policy: v10\nhost:\n  preset: tiny\n  soket: 2\n', ':4: unknown field host.soket; did you mean sockets?'],
  ['seed: 1\npolicy: v11\n', ':2: policy: "v11" is not known; did you mean v1?'],
  [
    'seed: 1\npolicy: { name: a, when: teardown, what: nothing }\n',
    /^:2: policy\.what: "nothing" is not known; choose one of all, /,
  ],
  ['policy:\n  name: a\n  when:\n    at: teardown\n    delay: 3\n', ':5: unknown field policy.when.delay; did you mean delayS?'],
  ['policy:\n  name: a\n  when: init\n  what: dirty\n', /^:4: policy\.what: dirty does not go with when init, /],
  ['seed: 1\npolicy: 3\n', /^:2: policy: 3 is not a map of fields; /],
  ['seed: 1\nhost: tinny\n', ':2: host: "tinny" is not known; did you mean tiny?'],
  ['seed: 1\n\nsnpShare: 2\n', ':3: snpShare: 2 is too large; give at most 1'],
  ['snpShare: .nan\n', ':1: snpShare: NaN is not a number; give one'],
  ['hosts: 1.5\n', ':1: hosts: 1.5 is not valid; give auto or a whole number from 1 to 100000'],
  ['host:\n  threadsPerCore: 3\n', ':2: host.threadsPerCore: 3 is not known; choose one of 1, 2'],
  ['host:\n  sockets: 32\n', ':1: host.coresPerSocket: 16384 logical CPUs are more than a cpumask holds; have at most 8192'],
  [
    'host:\n  rmpSegmentBytes: 1073741824\n',
    ':2: host.rmpSegmentBytes: the segment table has 512 entries, too few to cover RAM; choose larger segments',
  ],
  ['seed: 1\ntrace: a.csv\ngenerate: { vms: 2 }\n', ':2: trace and generate contradict each other; give one of them'],
  ['policy: v10\npolicy: none\n', ':2:1: the field is there twice; keep one of them'],
  ['policy: v10\n---\npolicy: none\n', ':2:1: a second document begins; keep one scenario in a file'],
  ['- policy\n- host\n', ': holds no fields; write lines such as "policy: v10" (a trace is given by --trace)'],
  ['vm_id,batch_id\n1,2\n', ': holds no fields; write lines such as "policy: v10" (a trace is given by --trace)'],
  ['seed: *nothing\n', ': is not YAML (Unresolved alias (the anchor must be set before the alias): nothing); correct it'],
])('%j is wrong, and the message says where', async (content, message) => {
  expect(await problem(file(content))).toEqual(typeof message === 'string' ? message : expect.stringMatching(message))
})

test.each<ScenarioInput['policy']>([
  'bitmap',
  { name: 'mine', when: 'never' },
  { name: 'mine', when: { at: 'by-hand', atS: [1, 2.5] } },
  {
    name: 'mine',
    summary: 'a: "b", #c',
    when: { at: 'conversion', delayS: 0.5, after: 'first' },
    what: 'emptied',
    who: 'idle-only',
  },
  { name: 'mine', when: 'teardown', who: { leads: true, reach: 'groups', groupCores: 8, batch: 4 }, base: 'node' },
])('a policy that is written is read as the same: %j', async (policy) => {
  const scenario = resolveScenario({ policy })
  expect(resolveScenario(await readScenario(file(formatScenario(scenarioInput(scenario))))).policy).toEqual(scenario.policy)
})

test('a policy may be a file beside the scenario, and what is wrong there is told of that file', async () => {
  writeFileSync(join(directory, 'folder/mine.yaml'), 'name: mine\nwhen: teardown\n')
  writeFileSync(join(directory, 'folder/wrong.yaml'), 'name: mine\nwhen: soon\n')
  writeFileSync(join(directory, 'folder/driver.mjs'), `export default { name: 'driver', *setup() {} }`)
  const beside = (policy: string) => {
    writeFileSync(join(directory, 'folder/scenario.yaml'), `policy: ${policy}\n`)
    return readScenario(join(directory, 'folder/scenario.yaml'))
  }
  expect(await beside('mine.yaml')).toMatchObject({ policy: { name: 'mine', when: { at: 'teardown' } } })
  expect(await beside('driver.mjs')).toMatchObject({ policy: { name: 'driver', path: join(directory, 'folder/driver.mjs') } })
  await expect(beside('wrong.yaml')).rejects.toThrow(`${join(directory, 'folder/wrong.yaml')}:2: when: "soon" is not known`)
  await expect(beside('gone.mjs')).rejects.toThrow(`${join(directory, 'folder/gone.mjs')}: there is no such file`)
})

test('a syntax error has line and column', async () => {
  expect(await problem(file('policy: v10\nhost: [1\nseed: }'))).toMatch(/^:\d+:\d+: is not YAML \(.*\); correct it$/)
})

test('what is no file of text is told apart', async () => {
  expect(await problem(join(directory, 'folder'))).toBe(': is a directory; name a file in it')
  expect(await problem(join(directory, 'missing.yaml'))).toBe(': there is no such file; check the name')
  expect(await problem(file(Uint8Array.of(0xff, 0xfe, 0)))).toContain('is not UTF-8 text')
  expect(await problem(file(`# ${'x'.repeat(2 ** 20)}`))).toContain('is too large for a scenario')
})
