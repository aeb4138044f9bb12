import { readFile, stat } from 'node:fs/promises'
import { UserError } from '../workload/index.ts'
import { fileProblem } from './problem.ts'

/** What a result may have at most, bytes. */
const BYTES_MAX = 256 * 2 ** 20

/** The text of a JSON document. @throws UserError for what is not there, cannot be read or is too large */
export async function readJsonText(path: string): Promise<string> {
  const fail = (error: unknown) => Promise.reject(fileProblem(path, error))
  const { size } = await stat(path).catch(fail)
  if (size > BYTES_MAX) throw new UserError(`${path}: is too large for a result; name another`)
  return readFile(path, 'utf8').catch(fail)
}
