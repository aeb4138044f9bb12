import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'rmpopt-check-'))
afterAll(() => rmSync(directory, { recursive: true }))

function rmpopt(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...line.split(' ')], { cwd: directory }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

async function output(line: string): Promise<string> {
  const { code, stdout, stderr } = await rmpopt(line)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

describe.concurrent('rmpopt check', () => {
  test('checks a revision in a scenario, ends with exit code 1 where a property fails, and plays the run again', async () => {
    const { code, stdout } = await rmpopt('check --policy v7 --scenario kexec --property no-deadlock --out trace.json')
    expect(code).toBe(1)
    expect(stdout).toContain('v7 breaks no deadlock in kexec')
    expect((await rmpopt('check --replay trace.json')).stdout).toBe(stdout)
    const { schema, results } = JSON.parse((await rmpopt('check --replay trace.json --json')).stdout)
    expect([schema, results.length, results[0].verdict]).toEqual(['rmpopt.check/1', 1, 'fails'])
    const { code: none, stderr } = await rmpopt('check --policy v10 --scenario both-shutdowns --perfetto none.json')
    expect({ none, stderr }).toEqual({ none: 0, stderr: 'rmpopt: wrote none.json, with no run: nothing fails\n' })
  })

  test('checks policies and scenarios of files, the same bytes on one thread and on two, and plays their runs again', async () => {
    const kernel = new URL('../../dist/kernel/index.js', import.meta.url).href
    const check = new URL('../../dist/check/index.js', import.meta.url).href
    writeFileSync(join(directory, 'point.yaml'), 'name: point\nwhen: init\nwho: leader-only\n')
    writeFileSync(
      join(directory, 'driver.mjs'),
      `import { snpSetupRmpopt } from '${kernel}'\nexport default { name: 'driver', setup: snpSetupRmpopt, *work() {} }`,
    )
    writeFileSync(
      join(directory, 'own.mjs'),
      `import { guestLife, UP } from '${check}'
      const own = { sentence: 'S.', machine: { cores: 2, regions: 1 }, before: UP }
      const life = (pages) => [{ name: 'guest', routine: (kernel) => guestLife(kernel, { id: 0, pages }) }]
      export default [{ ...own, name: 'small', events: life(2) }, { ...own, name: 'large', events: life(4) }]`,
    )
    const line = 'check --policy v4,point.yaml,driver.mjs --scenario kexec,own.mjs --json --workers'
    const [one, two] = await Promise.all([rmpopt(`${line} 1`), rmpopt(`${line} 2 --out own.json`)])
    expect(two).toEqual({ ...one, stderr: 'rmpopt: wrote own.json\n' })
    const { policies, scenarios, results } = JSON.parse(one.stdout)
    expect(policies).toMatchObject([{ name: 'v4' }, { name: 'point', point: { what: 'all' } }, { path: 'driver.mjs' }])
    expect(scenarios).toMatchObject([{ name: 'kexec' }, { name: 'small', path: 'own.mjs' }, { name: 'large' }])
    const failing = results.filter(({ verdict }: { verdict: string }) => verdict === 'fails')
    expect(new Set(failing.map((cell: { policy: string }) => cell.policy))).toEqual(new Set(['v4', 'point', 'driver']))
    expect((await rmpopt('check --replay own.json --json')).stdout).toBe(one.stdout)
    const { stdout } = await rmpopt('check --replay own.json')
    for (const { policy, property, scenario, steps } of failing)
      expect(stdout).toContain(`${policy} breaks ${property} in ${scenario}, in ${steps} steps`)
  })

  test('says of a check that was not finished how far it came, and what to do', async () => {
    const line = 'check --policy v10 --scenario two-guests-end-together --budget 1MiB'
    expect(await output(line)).toMatch(
      /\nv10 in \S+ was not seen to the end: \d+ states, all runs of up to \d+ steps\s+among them; the bytes of --budget were/,
    )
    const { results } = JSON.parse(await output(`${line} --json`))
    expect(results[0]).toMatchObject({ verdict: 'unfinished', because: 'bytes' })
  })

  test('lists the scenarios and properties of a check', async () => {
    const { scenarios, properties } = JSON.parse(await output('check --list --json'))
    const listed = await output('check --list')
    for (const { name } of [...scenarios, ...properties]) expect(listed).toContain(`  ${name}\n      `)
  })

  test('writes the runs that break a property as a report and for Perfetto, from a check or from its file', async () => {
    const line = 'check --policy v7 --scenario kexec --property no-deadlock'
    const first = await rmpopt(`${line} --out runs.json --report runs.html --perfetto runs.perfetto.json`)
    expect(first).toMatchObject({
      code: 1,
      stderr: 'rmpopt: wrote runs.json\nrmpopt: wrote runs.html\nrmpopt: wrote runs.perfetto.json\n',
    })
    const again = await rmpopt('check --replay runs.json --report again.html --perfetto again.json --json')
    expect(again).toMatchObject({ code: 1, stderr: 'rmpopt: wrote again.html\nrmpopt: wrote again.json\n' })
    const written = (name: string) => readFileSync(join(directory, name), 'utf8')
    expect([written('again.html'), written('again.json')]).toEqual([written('runs.html'), written('runs.perfetto.json')])
    expect(written('runs.html')).toContain('cpu_down waits until CPU3 has no pinned task')
    const names = JSON.parse(written('runs.perfetto.json')).traceEvents.map(
      ({ args }: { args?: { name?: string } }) => args?.name,
    )
    expect(names).toContain('v7 breaks no deadlock in kexec')
  })
})
