import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareScenario, generateTrace, type HostOutcome, type RunHooks, resolveScenario, runHost } from '../lab/index.ts'
import { Journal } from './index.ts'

const directory = mkdtempSync(join(tmpdir(), 'rmpopt-journal-'))
afterAll(() => rmSync(directory, { recursive: true }))
let files = 0
const fresh = () => join(directory, `${files++}.partial`)

type Simulate = NonNullable<RunHooks['simulate']>

const HOSTS = 3
const scenario = resolveScenario({
  host: 'tiny',
  hosts: HOSTS,
  generate: { vms: 60, durationS: 900 },
  snpShare: 0.5,
  rejectOversized: true,
})
const of = { options: 'these' }

/** A comparison, as the text that `--json` prints. */
async function compare(simulate: Simulate, seeds = 1): Promise<string> {
  const options = { policies: ['v1', 'v10'], seeds }
  return JSON.stringify(await compareScenario(scenario, ({ generate }) => generateTrace(generate), options, { simulate }))
}

/** Simulates hosts, says which, and is killed when `most` are done. */
function simulating(simulated: number[] = [], most = Number.POSITIVE_INFINITY): Simulate {
  return function* (jobs, job) {
    for (let index = 0; index < jobs; index++) {
      if (simulated.length === most) throw new Error('killed')
      simulated.push(job(index).vms.length)
      yield runHost(job(index))
    }
  }
}

/** A comparison that is killed after `most` hosts. */
async function interrupted(path: string, most: number, seeds = 1): Promise<void> {
  const journal = await Journal.open(path, of, false)
  await expect(compare(journal.keeping(simulating([], most)), seeds)).rejects.toThrow('killed')
}

/** @returns what the comparison gives when it is resumed, and how many hosts had to be simulated for it */
async function resumed(path: string, seeds = 1): Promise<{ text: string; hosts: number }> {
  const journal = await Journal.open(path, of, true)
  const simulated: number[] = []
  const text = await compare(journal.keeping(simulating(simulated)), seeds)
  journal.remove()
  return { text, hosts: simulated.length }
}

describe('a comparison that was interrupted', () => {
  let whole: string
  beforeAll(async () => {
    whole = await compare(simulating())
  })

  test.each([1, 2, 3])('gives the same bytes when it is resumed after host %i', async (most) => {
    const path = fresh()
    const journal = await Journal.open(path, of, false)
    if (most < HOSTS) await interrupted(path, most)
    else await compare(journal.keeping(simulating()))
    expect(await resumed(path)).toEqual({ text: whole, hosts: HOSTS - most })
    expect(existsSync(path)).toBe(false)
  })

  test('may be interrupted again', async () => {
    const path = fresh()
    await interrupted(path, 1)
    const journal = await Journal.open(path, of, true)
    await expect(compare(journal.keeping(simulating([], 1)))).rejects.toThrow('killed')
    expect(await resumed(path)).toEqual({ text: whole, hosts: 1 })
  })

  test('has several rounds where there are several seeds', async () => {
    const path = fresh()
    await interrupted(path, 4, 2)
    expect(await resumed(path, 2)).toEqual({ text: await compare(simulating(), 2), hosts: 2 })
  })

  test.each([1, 100, 5000])('loses a host whose line lacks the last %i bytes, no more', async (cut) => {
    const path = fresh()
    await interrupted(path, 2)
    const { length } = readFileSync(path)
    truncateSync(path, length - cut)
    const lacksEndOnly = cut === 1
    const journal = await Journal.open(path, of, true)
    await expect(compare(journal.keeping(simulating([], 0)))).rejects.toThrow('killed')
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(lacksEndOnly ? 4 : 3)
    expect(await resumed(path)).toEqual({ text: whole, hosts: lacksEndOnly ? 1 : 2 })
  })

  test('begins anew where nothing was finished, or nothing is kept', async () => {
    const path = fresh()
    writeFileSync(path, '{"schema":"rmpopt.par')
    expect(await resumed(path)).toEqual({ text: whole, hosts: HOSTS })
    expect(await resumed(fresh())).toEqual({ text: whole, hosts: HOSTS })
  })

  test('begins anew when it is not to be resumed', async () => {
    const path = fresh()
    writeFileSync(path, 'something else\n')
    await interrupted(path, 1)
    await interrupted(path, 2)
    expect(await resumed(path)).toEqual({ text: whole, hosts: 1 })
  })

  test('takes no outcomes of another one that wrote to the same file meanwhile', async () => {
    const path = fresh()
    await interrupted(path, 1)
    const stranger = { of: 'another', round: 0, host: 1, outcome: {} as HostOutcome }
    appendFileSync(path, `${JSON.stringify(stranger)}\n`)
    expect(await resumed(path)).toEqual({ text: whole, hosts: 2 })
  })
})

describe('a journal', () => {
  test('is not begun before there is something to keep', async () => {
    const path = fresh()
    await interrupted(path, 0)
    expect(existsSync(path)).toBe(false)
  })

  test('of other options is not taken up', async () => {
    const path = fresh()
    await interrupted(path, 1)
    const before = readFileSync(path, 'utf8')
    await expect(Journal.open(path, { options: 'others' }, true)).rejects.toThrow(
      `${path}: was left by another comparison; give the options you gave then, or leave --resume out`,
    )
    expect(readFileSync(path, 'utf8')).toBe(before)
  })

  test.each(['{"schema":"rmpopt.partial/2","of":""}\n', 'policy: v10\n', '3\n', 'null\n'])('is none: %j', async (text) => {
    const path = fresh()
    writeFileSync(path, text)
    await expect(Journal.open(path, of, true)).rejects.toThrow(
      /: is not of schema rmpopt\.partial\/1; remove it, or resume with /,
    )
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  test('that cannot be read or written says so', async () => {
    await expect(Journal.open(directory, of, true)).rejects.toThrow(`${directory}: is a directory; name a file in it`)
    const journal = await Journal.open(join(directory, 'gone', 'x.partial'), of, false)
    await expect(compare(journal.keeping(simulating()))).rejects.toThrow(
      /cannot be written \(ENOENT\); make room, then go on with --resume/,
    )
  })
})
