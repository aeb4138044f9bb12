import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { compareScenario, generateTrace, type PolicyRef, resolveScenario } from '../lab/index.ts'
import { readPolicy } from './index.ts'

const directory = mkdtempSync(join(tmpdir(), 'rmpopt-policy-'))
afterAll(() => rmSync(directory, { recursive: true }))

let files = 0
function file(ending: string, content: string): string {
  const path = join(directory, `${files++}${ending}`)
  writeFileSync(path, content)
  return path
}

/** The message of the user's error, one line, without the path. */
async function problem(path: string, work: () => Promise<unknown> = () => readPolicy(path)): Promise<string> {
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

const scenario = resolveScenario({ host: 'tiny', hosts: 1, generate: { vms: 10, durationS: 300 }, rejectOversized: true })
const trying = (policy: PolicyRef) => compareScenario(scenario, ({ generate }) => generateTrace(generate), { policies: [policy] })

const AXES = 'never, init, by-hand, teardown, conversion, freed-folio, periodic'

describe('a policy in YAML', () => {
  test('is a point of the space, every field but name and when filled in', async () => {
    expect(await readPolicy(file('.yaml', 'name: mine\nwhen: teardown\n'))).toMatchObject({
      name: 'mine',
      when: { at: 'teardown', delayS: 10, after: 'last' },
      what: 'all',
      who: { leads: true, follow: 'all', reach: 'broadcast' },
      base: 'lowest',
    })
  })

  test.each([
    ['name: a\nwhen: init\nwhat: dirty\n', ':3: what: dirty does not go with when init, which sees nothing happen; choose all'],
    ['name: a\nwhen: teardown\nwho: { follow: successes, leads: false }\n', /^:3: who: follow successes needs a leader; /],
    ['name: a\nwhen:\n  at: teardown\n  delay: 1\n', ':4: unknown field when.delay; did you mean delayS?'],
    ['name: a\nwhen: { at: teardown, delayS: soon }\n', ':2: when.delayS: "soon" is not a number; give one'],
    ['name: a\nwhen: { at: periodic, everyS: 0 }\n', ':2: when.everyS: 0 is too small; give at least 1'],
    ['name: a\nwhen: { at: teardwn }\n', ':2: when.at: "teardwn" is not known; did you mean teardown?'],
    ['name: a\nwhen: { delayS: 1 }\n', `:2: when.at: is missing; choose one of ${AXES}`],
    ['name: a\nwhen: by-hand\n', ':2: when.atS: is missing; give a list'],
    ['name: a\nwhen: { at: by-hand, atS: [] }\n', ':2: when.atS: is empty; give at least 1'],
    ['name: a\nwhen: constructor\n', `:2: when: "constructor" is not known; choose one of ${AXES}`],
    ['name: a\nwhen: 3\n', `:2: when: 3 is neither a name nor a map of fields; choose one of ${AXES}`],
    ['name: a\n', `: when: is missing; choose one of ${AXES}`],
    ['name: a\nwen: teardown\n', ':2: unknown field wen; did you mean when?'],
    [
      'name: a\nwhen: teardown\nwhat: everything\n',
      ':3: what: "everything" is not known; choose one of all, dirty, guest, emptied',
    ],
    [
      'name: a\nwhen: teardown\nwho: leader-follower\n',
      ':3: who: "leader-follower" is not known; did you mean leader-followers?',
    ],
    ['name: a\nwhen: teardown\nwho: { leeds: true }\n', ':3: unknown field who.leeds; did you mean leads?'],
    ['name: a\nwhen: teardown\nwho: { follow: sucesses }\n', ':3: who.follow: "sucesses" is not known; did you mean successes?'],
    ['name: a\nwhen: teardown\nkeptBytes: 3\n', /^:3: unknown field keptBytes; /],
    ['when: teardown\n', ': name: is missing; give text'],
    ['when: teardown\nname: a b\n', ':2: name: "a b" is not a name of letters, digits, dots and dashes; choose a short one'],
    ['name: v10\nwhen: teardown\n', ':1: name: v10 is a policy that there is already; choose another name'],
    ['', ': holds no policy; write lines such as "name: mine" and "when: teardown"'],
    ['v10\n', ': holds no policy; write lines such as "name: mine" and "when: teardown"'],
    ['name: a\nname: b\n', ':2:1: the field is there twice; keep one of them'],
    ['name: [a\n', /^:2:1: is not YAML \(.*\); correct it$/],
  ])('%j is wrong, and the message says where', async (content, message) => {
    expect(await problem(file('.yaml', content))).toEqual(typeof message === 'string' ? message : expect.stringMatching(message))
  })
})

describe('a policy in a module', () => {
  test('may be a point of the space, too', async () => {
    const path = file('.mjs', `export default { name: 'point', when: 'teardown', who: 'leader-only' }`)
    expect(await readPolicy(path)).toMatchObject({ name: 'point', when: '10 s after the last teardown', path })
  })

  test('may be an instance of a class', async () => {
    const path = file(
      '.mjs',
      `class P { name = 'class'; *setup(kernel) { yield { op: 'cond-resched' } } }; export default new P()`,
    )
    expect((await trying(await readPolicy(path))).policies).toMatchObject([{ name: 'class', passes: 0, keptBytes: 0 }])
  })

  test.each([
    ['export const a = 1', ': has no policy as its default export; write export default { name, setup, … }'],
    ['export default 3', ': has no policy as its default export; write export default { name, setup, … }'],
    ['export default () => {}', ': has no policy as its default export; write export default { name, setup, … }'],
    ['export default {}', ': name: is missing; give text'],
    [`export default { name: 'a' }`, `: when: is missing; choose one of ${AXES}`],
    ['export default { *setup() {} }', ': name: is missing; give the policy one'],
    [`export default { name: 'a,b', *setup() {} }`, /^: name: "a,b" is not a name of letters, digits, dots and dashes; /],
    [`export default { name: 'v10', *setup() {} }`, ': name: v10 is a policy that there is already; choose another name'],
    [`export default { name: 'a', setup: 3 }`, ': setup: is not a function; write a generator function'],
    [`export default { name: 'a', keptBytes: 3, *setup() {} }`, ': keptBytes: is not a function; write one'],
    [`export default { name: 'a', keptBytes: () => 3 }`, /^: setup: is missing; write at least one of booted, setup, work, /],
    [`export default { name: 'a', summary: 3, *setup() {} }`, ': summary: is not text; write some words'],
    [
      `export default { name: 'a', hotplug: 'never', *setup() {} }`,
      /^: hotplug: "never" is not known; choose one of snp-en-callback, /,
    ],
    [
      `export default { name: 'a', *setup() {}, *vmDestoryed() {} }`,
      ': vmDestoryed: is no part of a policy; did you mean vmDestroyed?',
    ],
    [`export default { name: 'a', *setup() {}, helper() {} }`, /^: helper: is no part of a policy; keep it outside /],
    ['syntax error', /^: cannot be loaded \(.+\); give a module that Node .+ can import$/],
    [`throw new Error('first\\nsecond')`, /^: cannot be loaded \(first\); /],
    [`import 'no-such-package-anywhere'`, /^: cannot be loaded \(.*no-such-package-anywhere.*\); /],
  ])('%s is wrong', async (content, message) => {
    const path = file('.mjs', content)
    expect(await problem(path)).toEqual(typeof message === 'string' ? message : expect.stringMatching(message))
  })

  test.each([
    [`setup() {}`, ': setup: is not a generator function; write *setup(kernel) { … }'],
    [
      `*setup() { yield { op: 'cond-reshed' } }`,
      ': setup: yields {"op":"cond-reshed"}, which is no operation; did you mean cond-resched?',
    ],
    [`*setup() { yield }`, /^: setup: yields undefined, which is no operation; yield such as /],
    [`*setup() { yield { op: 'lock' } }`, /^:(\d+:)? fails while it is simulated \(.+\); correct it$/],
    [`*setup() { throw new Error('ouch') }`, /^:(\d+:)? fails while it is simulated \(ouch\); correct it$/],
    [
      `*setup() {}, keptBytes() { return undefinedThing }`,
      /^:(\d+:)? fails while it is simulated \(undefinedThing is not defined\); /,
    ],
  ])('that fails while it is simulated has an author: %s', async (part, message) => {
    const path = file('.mjs', `export default { name: 'a', ${part} }`)
    const policy = await readPolicy(path)
    expect(await problem(path, () => trying(policy))).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    )
  })

  test('must be there', async () => {
    expect(await problem(join(directory, 'gone.mjs'))).toBe(': there is no such file; check the name')
    expect(await problem(join(directory, 'gone.yaml'))).toBe(': there is no such file; check the name')
  })
})

test.each(['mine.yaml', 'by-volume.mjs'])('docs/examples/%s is a policy that does what it says', async (name) => {
  const policy = await readPolicy(fileURLToPath(new URL(`../../docs/examples/${name}`, import.meta.url)))
  const busy = resolveScenario({
    host: 'tiny',
    hosts: 1,
    generate: { vms: 60, durationS: 900 },
    snpShare: 1,
    rejectOversized: true,
  })
  const { policies } = await compareScenario(busy, ({ generate }) => generateTrace(generate), { policies: ['none', policy] })
  expect(policies[1].name).toBe(name.split('.')[0])
  expect(policies[1].coverageMean).toBeGreaterThan(policies[0].coverageMean)
})
