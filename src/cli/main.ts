#!/usr/bin/env node
import { exitCodeOf, watchOutput } from './output.ts'
import { program } from './program.ts'

watchOutput()
process.exitCode = await exitCodeOf(() => program().parseAsync())
