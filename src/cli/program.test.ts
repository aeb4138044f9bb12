import { expect, test } from 'vitest'
import { BACKINGS, HOSTS, PLACEMENTS, resolveScan, resolveScenario, SCAN_LOOPS, SCAN_STATES, SCAN_THREADS } from '../lab/index.ts'
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
  const shared = flags(run)?.filter((flag) => flag !== '--perfetto')
  expect(flags(table)).toEqual([...(shared ?? []), '--at', '--host-index'])
})

const scan = program().commands.find((command) => command.name() === 'scan')
const scanHelp = (flag: string) => scan?.options.find(({ long }) => long === flag)?.description ?? ''

test.each([
  ['--host', HOSTS.map(({ name }) => name)],
  ['--backing', BACKINGS.map(({ name }) => name)],
  ['--placement', PLACEMENTS.map(({ name }) => name)],
  ['--state', SCAN_STATES],
  ['--loop', SCAN_LOOPS],
  ['--threads', SCAN_THREADS],
])('the help of scan on %s names all there are', (flag, known) => {
  const [names] = scanHelp(flag).split(' (default')
  const list = names.replace(/^[^:]*: /, '').replace('that execute RMPOPT: ', '')
  expect(list.split(/, | or /)).toEqual(known)
})

test('the help of scan tells the defaults', () => {
  const { host, state, backing, placement, loop, threads, again, seed } = resolveScan()
  const defaults = {
    '--host': host.name,
    '--state': state.text,
    '--backing': backing,
    '--placement': placement,
    '--loop': loop.text,
    '--threads': threads,
    '--again': again,
    '--seed': seed,
  }
  for (const [flag, value] of Object.entries(defaults)) expect(scanHelp(flag)).toContain(`(default: ${value})`)
})
