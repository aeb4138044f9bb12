// Keeps what the docs show true. In README.md and docs/*.md a comment before a fenced block says where the block is from:
//
//   <!-- $ rmpopt explain --step 1 -->   what the built program prints
//   <!-- $ node docs/examples/fleet.mjs -->   what an example prints
//   <!-- file docs/examples/fleet.mjs -->   a file
//   <!-- trace rmpopt run --trace TRACE … -->   what the program prints for the real trace: made anew only where one is given
//   <!-- long rmpopt check … -->   what takes minutes to print: made anew where asked for, a test looks at parts of it
//
// `npm run docs` rewrites the blocks (`npm run docs -- --trace FILE` those of the real trace, `--long` the long ones, too); `--check` only looks, names
// the blocks that differ and exits with 1.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, trace: { type: 'string' }, long: { type: 'boolean', default: false } },
})
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(`${root}docs`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

let stale = 0
for (const page of pages) {
  const text = readFileSync(root + page, 'utf8')
  const fresh = text.replace(
    /(<!-- (\$|file|trace|long) (.+?) -->\n+)(```\w*\n)([\s\S]*?)(```\n)/g,
    (block, comment, kind, what, open, body, close) => {
      const now = content(kind, what)
      if (now === undefined || now === body) return block
      console.log(`${page}: ${kind} ${what}: differs`)
      stale++
      return comment + open + now + close
    },
  )
  if (fresh !== text && !values.check) writeFileSync(root + page, fresh)
}
if (values.check && stale > 0) {
  console.error(`${stale} blocks are not what the program prints; npm run docs rewrites them`)
  process.exit(1)
}

/** What the block has to be; `undefined`: it cannot be made here. */
function content(kind, what) {
  if (kind === 'file') return readFileSync(root + what, 'utf8')
  if (kind === 'trace' && values.trace === undefined) return undefined
  if (kind === 'long' && !values.long) return undefined
  const [program, ...args] = what.replace('TRACE', values.trace ?? '').split(' ')
  const command = program === 'rmpopt' ? ['dist/cli/main.js', ...args] : args
  return `${printed(command).trimEnd()}\n`
}

/** What a command prints; "the answer is no" (exit code 1) is an answer, too. */
function printed(command) {
  try {
    const env = { ...process.env, COLUMNS: '100', NO_COLOR: '1' }
    return execFileSync(process.execPath, command, { cwd: root, encoding: 'utf8', env, maxBuffer: 2 ** 26 })
  } catch (error) {
    if (error.status === 1 && error.stdout !== '') return error.stdout
    throw error
  }
}
