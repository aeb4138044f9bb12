import { resolve } from 'node:path'
import { UsageError } from './output.ts'

/**
 * @param outputs flags, and where what they ask for goes; `undefined`: nowhere @param inputs the same of files that are read
 * @throws UsageError where an output would overwrite another file of the same command
 */
export function checkSeparate(outputs: Readonly<Record<string, string | undefined>>, inputs: typeof outputs = {}): void {
  const taken = new Map<string, string>()
  for (const [flag, path] of Object.entries(inputs)) if (path !== undefined) taken.set(resolve(path), `is the file of ${flag}`)
  for (const [flag, path] of Object.entries(outputs)) {
    if (path === undefined) continue
    const whose = taken.get(resolve(path))
    if (whose !== undefined) throw new UsageError(`${flag}: ${path}: ${whose}; name another file`)
    taken.set(resolve(path), 'other output goes there')
  }
}
