import { existsSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UserError } from '../workload/index.ts'
import { fileProblem } from './problem.ts'

const MODULE_ENDS = ['.js', '.mjs', '.ts', '.mts']

export function isModulePath(text: string): boolean {
  return MODULE_ENDS.includes(extname(text))
}

/** What a module is loaded, and sent to workers, by. */
export function addressOf(path: string): string {
  return pathToFileURL(resolve(path)).href
}

/**
 * The default export of a module. TypeScript wants a Node that strips types.
 * @param where what to call it in messages
 * @throws UserError where it is not there, or cannot be loaded
 */
export async function importDefault(url: string, where: string): Promise<unknown> {
  if (!existsSync(new URL(url))) throw fileProblem(where, Object.assign(new Error('no such file'), { code: 'ENOENT' }))
  try {
    return ((await import(url)) as { default?: unknown }).default
  } catch (error) {
    const [why] = (error instanceof Error ? error.message : String(error)).split('\n')
    throw new UserError(`${where}: cannot be loaded (${why}); give a module that Node ${process.versions.node} can import`)
  }
}
