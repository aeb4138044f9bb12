import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { query, withDatabase } from '../files/database.ts'
import { rmpopt } from '../testing/program.ts'

const directory = mkdtempSync(join(tmpdir(), 'rmpopt-compare-'))
afterAll(() => rmSync(directory, { recursive: true }))
const at = (name: string) => join(directory, name)
const example = (name: string) => fileURLToPath(new URL(`../../docs/examples/${name}`, import.meta.url))

mkdirSync(at('folder'))
const FILES: Record<string, string> = {
  'small.yaml': 'host: tiny\nhosts: 3\ngenerate: { vms: 60, durationS: 900 }\nsnpShare: 0.5\nrejectOversized: true\n',
  'many.yaml': 'host: tiny\nhosts: 24\ngenerate: { vms: 3000, durationS: 43200 }\nsnpShare: 0.5\nrejectOversized: true\n',
  'own.yaml':
    'host: tiny\nhosts: 1\nuntilS: 300\nrejectOversized: true\npolicy:\n  name: own\n  when: { at: conversion, delayS: 2 }\n',
  'large.yaml': 'host: tiny\nhosts: 1\n',
  'axes.yaml': 'name: mine\nwhen: init\nwhat: dirty\n',
  'field.yaml': 'name: mine\nwhen: { at: teardown, delay: 3 }\n',
  'again.yaml': 'name: mine\nwhen: teardown\n',
  'mine.yaml': 'name: mine\nwhen: conversion\n',
  'nonsense.mjs': 'export default 42\n',
  'plain.mjs': `export default { name: 'plain', setup() {} }\n`,
  'throws.mjs': `export default {\n  name: 'throws',\n  *setup() {\n    throw new Error('ouch')\n  },\n}\n`,
  'not.duckdb': 'policy: v10\n',
  'not.parquet': 'policy: v10\n',
}
for (const [name, content] of Object.entries(FILES)) writeFileSync(at(name), content)

async function output(line: string): Promise<string> {
  const { code, stdout, stderr } = await rmpopt(directory, line)
  expect({ code, stderr: stderr.replace(/^(rmpopt: wrote .*\n)*/, '') }).toEqual({ code: 0, stderr: '' })
  return stdout
}

const ask = (path: string, sql: string) => withDatabase(path, 'READ_ONLY', (database) => query(database, sql))

describe.concurrent('rmpopt compare', () => {
  test.each([
    ['--policies v1o', '--policies: "v1o" is not known; did you mean v1?'],
    ['--policies v10,,v9', '--policies: a name is empty; separate names by single commas'],
    ['--policies v10,v10', '--policies: v10 is there twice; name each policy once'],
    ['--policies mine.yaml,again.yaml', '--policies: mine is there twice; name each policy once'],
    ['--policies all,v1', '--policies: v1 is there twice; name each policy once'],
    ['--policies axes.yaml', 'axes.yaml:3: what: dirty does not go with when init, which sees nothing happen; choose all'],
    ['--policies field.yaml', 'field.yaml:2: unknown field when.delay; did you mean delayS?'],
    ['--policies gone.yaml', 'gone.yaml: there is no such file; check the name'],
    ['--policies gone.mjs', 'gone.mjs: there is no such file; check the name'],
    ['--policies nonsense.mjs', 'nonsense.mjs: has no policy as its default export; write export default { name, setup, … }'],
    ['--policies plain.mjs', 'plain.mjs: setup: is not a generator function; write *setup(kernel) { … }'],
    ['--policies throws.mjs --workers 1', 'throws.mjs:4: fails while it is simulated (ouch); correct it'],
    ['--policies throws.mjs --workers 2', 'throws.mjs:4: fails while it is simulated (ouch); correct it'],
    ['--policies v9,v10 --vs v8', '--vs: "v8" is not among the policies; did you mean v9?'],
    ['--policies v9,v10 --vs ideal', '--vs: "ideal" is not among the policies; choose one of v9, v10'],
    ['--seeds 0', '--seeds: 0 is not a whole number from 1; give one'],
    ['--seeds 1.5', '--seeds: 1.5 is not a whole number from 1; give one'],
    ['--workers x', '--workers: "x" is not a number; give a whole number from 1'],
    ['--workers 0', '--workers: 0 is not a whole number from 1; give one'],
    ['--out folder', '--out: folder: is a directory; name a file in it'],
    ['--out gone/report.html', '--out: gone/report.html: its directory gone does not exist; name a file elsewhere'],
    [
      '--out small.yaml/report.html',
      '--out: small.yaml/report.html: its directory small.yaml is no directory; name a file elsewhere',
    ],
    ['--out small.yaml', '--out: small.yaml: does not end in .html; name an HTML file'],
    ['--save folder', '--save: folder: is a directory; name a file in it'],
    ['--save results.csv', 'results.csv: ends in neither .duckdb nor .parquet; choose one of them'],
    ['--save not.duckdb', 'not.duckdb: is no DuckDB file; name another file, or none that is there'],
    ['--save not.parquet', 'not.parquet: is there, and is no Parquet file; name another file, or none that is there'],
    ['--resume', '--resume: without --out or --save nothing is kept to go on from; give the one you gave before'],
  ])('%s ends with exit code 2 and one line that says what, where and what to do', async (flags, message) => {
    const { code, stdout, stderr } = await rmpopt(directory, `compare small.yaml ${flags}`)
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: `rmpopt: ${message}\n` })
  })

  test('leaves no file behind when the input is wrong', async () => {
    const { code, stderr } = await rmpopt(directory, 'compare large.yaml --out never.html --save never.duckdb')
    expect(code).toBe(2)
    expect(stderr).toMatch(/^rmpopt: generated .* more than a whole host has .*\n$/)
    expect((await rmpopt(directory, 'compare small.yaml --policies throws.mjs --out never.html')).code).toBe(2)
    expect(readdirSync(directory).filter((name) => name.startsWith('never'))).toEqual([])
    for (const [name, content] of Object.entries(FILES)) expect(readFileSync(at(name), 'utf8')).toBe(content)
  })

  test('gives the same bytes however many workers there are, with policies of files, too', async () => {
    const policies = `v1,v10,${example('mine.yaml')},${example('by-volume.mjs')}`
    const line = (workers: number) => `compare small.yaml --policies ${policies} --json --seeds 2 --workers ${workers}`
    const [one, two] = [await output(line(1)), await output(line(2))]
    expect(JSON.parse(one).policies.map(({ name }: { name: string }) => name)).toEqual(['v1', 'v10', 'mine', 'by-volume'])
    expect(two).toBe(one)
  })

  test('tries the policy that the scenario describes, and shows it so that it can be read back', async () => {
    const names = (text: string) => JSON.parse(text).policies.map(({ name }: { name: string }) => name)
    expect(names(await output('compare own.yaml --policies v10,own --json'))).toEqual(['v10', 'own'])
    writeFileSync(at('shown.yaml'), await output('compare own.yaml --show-config'))
    expect(JSON.parse(await output('run shown.yaml --json'))).toEqual(JSON.parse(await output('run own.yaml --json')))
    writeFileSync(at('module.yaml'), await output(`run own.yaml --policy ${example('by-volume.mjs')} --show-config`))
    expect(JSON.parse(await output('run module.yaml --json')).policy).toBe('by-volume')
  })

  test('saves experiments one after the other in DuckDB, and one in Parquet', async () => {
    await output('compare small.yaml --policies v9,v10 --save results.duckdb')
    await output('compare small.yaml --policies v10,none --save results.duckdb --until 10m')
    expect(await ask(at('results.duckdb'), 'SELECT experiment, policy FROM policies ORDER BY 1, position')).toEqual([
      [1, 'v9'],
      [1, 'v10'],
      [2, 'v10'],
      [2, 'none'],
    ])
    for (const name of ['one', 'two']) await output(`compare small.yaml --policies v9,v10 --save ${name}.parquet`)
    expect(readFileSync(at('two.parquet')).equals(readFileSync(at('one.parquet')))).toBe(true)
  })
})

describe('rmpopt compare that is killed', () => {
  const line = 'compare many.yaml --policies v10,bitmap,mine.yaml --seeds 2 --workers 1 --json'

  /** Kills it when some hosts are done. */
  async function killed(out: string, command = line): Promise<number> {
    const partial = at(`${out}.partial`)
    const lines = () => (existsSync(partial) ? readFileSync(partial, 'utf8').split('\n').length - 1 : 0)
    const { signal, stdout } = await rmpopt(directory, `${command} --out ${out}`, (child) => {
      const watch = setInterval(() => lines() > 3 && child.kill('SIGKILL'), 5)
      child.on('close', () => clearInterval(watch))
    })
    expect({ signal, stdout }).toEqual({ signal: 'SIGKILL', stdout: '' })
    expect(existsSync(at(out))).toBe(false)
    return lines()
  }

  test('goes on where it stopped, and gives the same bytes', async () => {
    expect(await killed('report.html')).toBeLessThan(48)
    const wrong = await rmpopt(directory, `${line.replace('bitmap', 'v9')} --out report.html --resume`)
    expect({ code: wrong.code, stderr: wrong.stderr }).toEqual({
      code: 2,
      stderr:
        'rmpopt: report.html.partial: was left by another comparison; give the options you gave then, or leave --resume out\n',
    })
    const resumed = await output(`${line} --out report.html --resume`)
    expect(resumed).toBe(await output(`${line} --out whole.html`))
    expect(readFileSync(at('report.html')).equals(readFileSync(at('whole.html')))).toBe(true)
    expect(readdirSync(directory).filter((name) => name.includes('partial'))).toEqual([])
  })

  test('does not go on with a policy that was changed meanwhile', async () => {
    const again = 'compare many.yaml --policies v10,driver.mjs --seeds 2 --workers 1 --json'
    const driver = (text: string) =>
      writeFileSync(at('driver.mjs'), `export default { name: 'driver', *setup() {} } // ${text}\n`)
    driver('once')
    await killed('changed.html', again)
    driver('twice')
    const { code, stderr } = await rmpopt(directory, `${again} --out changed.html --resume`)
    expect(code).toBe(2)
    expect(stderr).toContain('was left by another comparison')
  })
})
