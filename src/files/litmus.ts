import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LitmusSource } from '../lab/index.ts'
import { UserError } from '../workload/index.ts'
import { fileProblem } from './problem.ts'

/**
 * Reads litmus files; of a directory all that end in .litmus, also further down, by name. Without a path: the corpus that comes
 * with the package.
 *
 * @throws UserError for what is not there, cannot be read or is no text, and for a directory without such files
 */
export async function readLitmus(paths: readonly string[]): Promise<LitmusSource[]> {
  if (paths.length === 0) return readDirectory(CORPUS, (name) => join('litmus', name))
  const sources: LitmusSource[] = []
  for (const path of paths) {
    const isDirectory = await stat(path).then(
      (stats) => stats.isDirectory(),
      (error) => Promise.reject(fileProblem(path, error)),
    )
    if (isDirectory) sources.push(...(await readDirectory(path, (name) => join(path, name))))
    else sources.push(await readOne(path, path))
  }
  return sources
}

const CORPUS = fileURLToPath(new URL('../../litmus', import.meta.url))

async function readDirectory(directory: string, called: (name: string) => string): Promise<LitmusSource[]> {
  const names = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.litmus')).sort()
  if (names.length === 0) throw new UserError(`${directory}: holds no .litmus files; name a file, or another directory`)
  return Promise.all(names.map((name) => readOne(join(directory, name), called(name))))
}

/** A litmus file is some lines. */
const BYTES_MAX = 256 * 1024

async function readOne(path: string, called: string): Promise<LitmusSource> {
  const bytes = await readFile(path).catch((error) => Promise.reject(fileProblem(called, error)))
  if (bytes.length > BYTES_MAX) throw new UserError(`${called}: is too large for a litmus file; name another`)
  try {
    return { path: called, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    throw new UserError(`${called}: is not UTF-8 text; name a litmus file`)
  }
}
