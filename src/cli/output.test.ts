import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Ended, exitCodeOf, UsageError } from './output.ts'

let said = ''
beforeEach(() => {
  said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

const failing = (error: unknown) => async () => {
  throw error
}

test('work that is done, or has nothing to do, ends with 0', async () => {
  expect(await exitCodeOf(async () => {})).toBe(0)
  expect(await exitCodeOf(failing(new Ended()))).toBe(0)
  expect(said).toBe('')
})

test('wrong input ends with 2 and one line, whatever the message holds', async () => {
  expect(await exitCodeOf(failing(new UsageError('a.yaml: is bad\n  in two lines; correct it')))).toBe(2)
  expect(said).toBe('rmpopt: a.yaml: is bad in two lines; correct it\n')
})

test('a bug of ours ends with 3 and one line', async () => {
  vi.stubEnv('RMPOPT_DEBUG', '')
  expect(await exitCodeOf(failing(new TypeError('x is not a function')))).toBe(3)
  expect(said).toBe('rmpopt: a bug of ours: x is not a function; please report it with what RMPOPT_DEBUG=1 shows\n')
})

test('a bug of ours shows its stack to who asks for it', async () => {
  vi.stubEnv('RMPOPT_DEBUG', '1')
  expect(await exitCodeOf(failing(new TypeError('x is not a function')))).toBe(3)
  expect(said).toMatch(/^rmpopt: a bug of ours: x is not a function; please report it\nTypeError: x is not a function\n {4}at /)
  expect(await exitCodeOf(failing('a string'))).toBe(3)
})
