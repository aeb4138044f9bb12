/** The table of all revisions in findings.md takes minutes to print: here is what of it takes seconds. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The longest name is among them, so that lines are as wide as in the page. */
const SCENARIOS = [
  'guest-comes-and-goes',
  'large-guest-returns-late',
  'conversion-empties-region',
  'offline-at-boot',
  'full-shutdown-and-init',
  'legacy-shutdown-and-init',
  'both-shutdowns',
]

it('what findings.md says of all revisions is what the built program says, scenario by scenario', () => {
  const page = readFileSync(`${root}docs/findings.md`, 'utf8')
  const [, policies] = /<!-- long rmpopt check --policy (\S+) -->/.exec(page) ?? []
  const [, table] = /<!-- long [^\n]*\n```text\n(.*?)```/s.exec(page) ?? []
  const args = ['dist/cli/main.js', 'check', '--policy', policies, '--scenario', SCENARIOS.join(',')]
  const [, printed] = /all was seen\.\n\n(.*?)\n\n/s.exec(answer(args)) ?? []
  const lines = printed.split('\n')
  expect(lines.length).toBeGreaterThanOrEqual(SCENARIOS.length)
  expect(table.split('\n')).toEqual(expect.arrayContaining(lines))
}, 300_000)

/** What the program prints; that something fails (exit code 1) is an answer, too. */
function answer(args: readonly string[]): string {
  try {
    const env = { ...process.env, COLUMNS: '100', NO_COLOR: '1' }
    return execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8', env, stdio: 'pipe' })
  } catch (error) {
    const { status, stdout } = error as { readonly status?: number; readonly stdout?: string }
    if (status === 1 && stdout !== undefined) return stdout
    throw error
  }
}
