import { constants } from 'node:fs'
import { access, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UserError } from '../lab/index.ts'

/** @throws UserError if nothing can be written there @param flag what named it, for the message */
export async function checkWritable(path: string, flag: string): Promise<void> {
  const folder = dirname(path)
  try {
    await access(`${folder}/.`, constants.W_OK)
  } catch (error) {
    const why = PROBLEMS[(error as { code?: string }).code ?? ''] ?? 'may not be written to'
    throw new UserError(`${flag}: ${path}: its directory ${folder} ${why}; name a file elsewhere`)
  }
  const there = await stat(path).catch(() => undefined)
  if (there?.isDirectory()) throw new UserError(`${flag}: ${path}: is a directory; name a file in it`)
  if (there !== undefined && (await access(path, constants.W_OK).catch(() => 'no')) === 'no') {
    throw new UserError(`${flag}: ${path}: may not be written to; name another file`)
  }
}

const PROBLEMS: Readonly<Record<string, string>> = { ENOENT: 'does not exist', ENOTDIR: 'is no directory' }

/** Writes a file whole or not at all. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.writing`
  try {
    await writeFile(temporary, text)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw new UserError(`${path}: cannot be written (${(error as { code?: string }).code}); name another file`)
  }
}
