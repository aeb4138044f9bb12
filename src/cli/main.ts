#!/usr/bin/env node
import { exitCodeOf, watchOutput } from './output.ts'
import { program } from './program.ts'

watchOutput()
const given = process.argv.slice(2)
process.exitCode = await exitCodeOf(() => program().parseAsync(given.length === 0 ? ['--help'] : given, { from: 'user' }))
