import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

const MINUTES = 60_000

it(
  'what README and docs/ show of the program is what the built program prints',
  () => {
    const differs = () => {
      try {
        execFileSync(process.execPath, ['tools/docs.mjs', '--check'], { cwd: root, encoding: 'utf8', stdio: 'pipe' })
        return ''
      } catch (error) {
        return String((error as { stdout?: string }).stdout)
      }
    }
    expect(differs()).toBe('')
  },
  10 * MINUTES,
)
