import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { fileProblem } from './problem.ts'

/** What tells the content of a file from any other. @throws UserError for a file that cannot be read */
export async function digestOf(file: string | URL): Promise<string> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(file), hash)
  } catch (error) {
    throw fileProblem(String(file), error)
  }
  return hash.digest('hex')
}
