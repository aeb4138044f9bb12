import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (file: string) => fileURLToPath(new URL(`./src/${file}`, import.meta.url))

export default defineConfig({
  resolve: {
    // What a user imports by name, tests import from source.
    alias: [
      { find: /^rmpopt$/, replacement: source('index.ts') },
      { find: /^rmpopt\/(machine|kernel|check|files)$/, replacement: source('$1/index.ts') },
    ],
  },
  test: {
    include: ['src/**/*.test.ts', 'docs/**/*.test.ts'],
    reporters: ['default', './tools/closing-line.ts'],
    testTimeout: 60_000,
    coverage: { include: ['src/**/*.ts'], exclude: ['src/**/*.test.ts', 'src/testing/**', 'src/bench/**'], reporter: ['text'] },
  },
})
