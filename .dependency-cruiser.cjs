// The walls of the house: a room imports only what is named beside it (docs/architecture.md).
const rooms = {
  arch: [],
  machine: ['arch'],
  kernel: ['machine', 'arch'],
  policy: ['kernel', 'machine', 'arch'],
  workload: ['arch'],
  sim: ['policy', 'kernel', 'machine', 'workload', 'arch'],
  check: ['policy', 'kernel', 'machine', 'arch'],
  lab: ['check', 'sim', 'policy', 'kernel', 'machine', 'workload', 'arch'],
  report: ['lab'],
  files: ['lab', 'workload', 'arch'],
  workers: ['lab', 'files'],
  cli: ['lab', 'report', 'files', 'workers'],
  bench: ['lab', 'check', 'sim', 'policy', 'kernel', 'machine', 'workload', 'arch', 'files', 'workers'],
}
const inner = ['arch', 'machine', 'kernel', 'policy', 'workload', 'sim', 'check', 'lab']

const walls = Object.entries(rooms).flatMap(([room, allowed]) => [
  {
    name: `${room}-imports-only-its-neighbours`,
    severity: 'error',
    from: { path: `^src/${room}/`, pathNot: '\\.test\\.ts$' },
    to: { path: '^src/', pathNot: `^src/(${[room, ...allowed].join('|')})/` },
  },
  {
    name: `${room}-is-entered-by-its-door`,
    comment: 'Nothing outside a room imports past its index.ts.',
    severity: 'error',
    from: { path: '^src/', pathNot: [`^src/${room}/`, '\\.test\\.ts$', '^src/testing/'] },
    to: { path: `^src/${room}/`, pathNot: `^src/${room}/index\\.ts$` },
  },
])

module.exports = {
  forbidden: [
    ...walls,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    {
      name: 'runs-in-a-browser',
      comment: 'From arch/ to lab/ nothing needs Node; readers of files are handed in by cli/.',
      severity: 'error',
      from: { path: `^src/(${inner.join('|')})/`, pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'report-knows-only-result-types',
      severity: 'error',
      from: { path: '^src/report/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/lab/', dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: '^src/', pathNot: '\\.test\\.ts$' }, to: {} },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
}
