import { expect, test } from 'vitest'
import { BACKINGS, HOSTS, PLACEMENTS, resolveScenario } from '../lab/index.ts'
import { program } from './program.ts'

const run = program().commands.find((command) => command.name() === 'run')
const help = (flag: string) => run?.options.find(({ long }) => long === flag)?.description ?? ''

test.each([
  ['--host', HOSTS],
  ['--backing', BACKINGS],
  ['--placement', PLACEMENTS],
])('the help on %s names all there are', (flag, known) => {
  const [names] = help(flag).split(' (default')
  expect(names.replace(/^.*: /, '').split(/, | or /)).toEqual(known.map(({ name }) => name))
})

test('the help tells the defaults', () => {
  const { host, hosts, snpShare, backing, placement, policy, seed } = resolveScenario({})
  const defaults = {
    '--host': host.name,
    '--hosts': hosts,
    '--snp-share': snpShare,
    '--backing': backing,
    '--placement': placement,
    '--policy': policy,
    '--seed': seed,
  }
  for (const [flag, value] of Object.entries(defaults)) expect(help(flag)).toContain(`(default: ${value})`)
})

test('run and table take the same scenario', () => {
  const table = program().commands.find((command) => command.name() === 'table')
  const flags = (command: typeof run) => command?.options.map(({ long }) => long)
  expect(flags(table)).toEqual([...(flags(run) ?? []), '--at', '--host-index'])
})
