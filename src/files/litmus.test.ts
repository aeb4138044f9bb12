import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { litmus, litmusFormatted } from '../lab/index.ts'
import { readLitmus } from './litmus.ts'

const directory = mkdtempSync(join(tmpdir(), 'rmpopt-litmus-'))
afterAll(() => rmSync(directory, { recursive: true }))

const corpus = await readLitmus([])

describe('the corpus', () => {
  test('is large, and each file tells what it is about and where that is from', () => {
    expect(corpus.length).toBeGreaterThanOrEqual(40)
    for (const { description, source, path } of litmus(corpus).files) {
      expect(source, path).toMatch(/\[.+\] .*§[2-7]/)
      expect(description.length, path).toBeGreaterThan(20)
    }
  })

  test('has something on every point of §6, and on §2 to §5', () => {
    const about = corpus.map(({ path }) => /s(\d-?\d*)-/.exec(path)?.[1])
    const points = Array.from({ length: 14 }, (_, point) => `6-${String(point + 1).padStart(2, '0')}`)
    expect(about).toEqual(expect.arrayContaining(['2', '3', '4', '5', ...points]))
  })

  test.each(corpus.map((source) => [source.path, source] as const))('%s holds, and is in its canonical form', (_, source) => {
    const [{ conditions }] = litmus([source]).files
    expect(conditions.filter(({ holds }) => !holds)).toEqual([])
    expect(litmusFormatted(source)).toBe(source.text)
  })

  test('has names that tell files apart', () => {
    expect(new Set(litmus(corpus).files.map(({ name }) => name)).size).toBe(corpus.length)
  })
})

describe('reading', () => {
  test('takes files and directories, these by name and all the way down', async () => {
    mkdirSync(join(directory, 'some/deep'), { recursive: true })
    for (const name of ['b.litmus', 'a.litmus', 'deep/c.litmus', 'notes.txt']) writeFileSync(join(directory, 'some', name), name)
    const read = await readLitmus([join(directory, 'some'), join(directory, 'some/b.litmus')])
    expect(read.map(({ text }) => text)).toEqual(['a.litmus', 'b.litmus', 'deep/c.litmus', 'b.litmus'])
    expect(read[2].path).toBe(join(directory, 'some/deep/c.litmus'))
  })

  test('says what is wrong with a file', async () => {
    mkdirSync(join(directory, 'empty'))
    writeFileSync(join(directory, 'binary.litmus'), Uint8Array.of(0xff, 0xfe, 0xfd))
    writeFileSync(join(directory, 'large.litmus'), ' '.repeat(300_000))
    const problem = (name: string) =>
      readLitmus([join(directory, name)]).catch((error) => error.message.slice(directory.length + 1))
    expect(await problem('gone.litmus')).toBe('gone.litmus: there is no such file; check the name')
    expect(await problem('empty')).toBe('empty: holds no .litmus files; name a file, or another directory')
    expect(await problem('binary.litmus')).toBe('binary.litmus: is not UTF-8 text; name a litmus file')
    expect(await problem('large.litmus')).toBe('large.litmus: is too large for a litmus file; name another')
  })

  test('a mistake is told with file, line and column', () => {
    expect(() => litmus([{ path: 'x.litmus', text: 'litmus x\nCPU0\nRMPOPT regoin0\nexists [page0]\n' }])).toThrow(
      'x.litmus:3:8: "regoin0" is no address; write page0, huge0 or region0',
    )
  })
})
