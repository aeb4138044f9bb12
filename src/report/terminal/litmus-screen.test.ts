import { expect, test } from 'vitest'
import { litmus } from '../../lab/index.ts'
import { litmusScreen } from './litmus-screen.ts'

const OPTIONS = { width: 80, colour: false }
const good = {
  path: 'good.litmus',
  text: 'litmus good\n"Two writes."\nsource "§5"\nCPU0 | CPU1\nMOV [page0], 1 | MOV [page0], 2\nexists [page0] = 1\n',
}
const bad = { path: 'bad.litmus', text: good.text.replace('exists [page0] = 1', 'never [page0] = 1') }

test('one file is shown with what it is about and its outcomes', () => {
  expect(litmusScreen(litmus([good]), false, OPTIONS)).toBe(`\
ok  good.litmus  2 interleavings, 2 outcomes  §5
    Two writes.
    holds  exists [page0] = 1  (in 1 of 2)
    1 × [page0]=1
    1 × [page0]=2
`)
})

test('of several, only those that do not hold are shown in full', () => {
  expect(litmusScreen(litmus([good, bad]), false, OPTIONS)).toBe(`\
ok  good.litmus  2 interleavings, 2 outcomes  §5
NO  bad.litmus  2 interleavings, 2 outcomes  §5
    fails  never [page0] = 1  (in 1 of 2)
        CPU1: MOV [page0], 2: begin
        CPU0: MOV [page0], 1: begin

2 files: 1 with conditions that do not hold
`)
})

test('every outcome with an interleaving, on request', () => {
  const screen = litmusScreen(litmus([good]), true, OPTIONS)
  expect(screen).toContain('    1 × [page0]=2\n        CPU0: MOV [page0], 1: begin\n        CPU1: MOV [page0], 2: begin\n')
})
