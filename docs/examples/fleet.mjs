// What is RMPOPT worth on four small hosts, and how much of it does the published driver reach?
import { run, traceFromRows } from 'rmpopt'

const rows = Array.from({ length: 40 }, (_, i) => ({
  batchId: `tenant ${i % 7}`,
  createdS: i * 90,
  deletedS: i * 90 + 1800,
  vcpus: 1,
  memoryGib: 2,
}))

for (const policy of ['none', 'v10', 'ideal']) {
  const { coverage, passes } = await run({
    trace: traceFromRows(rows),
    host: 'tiny',
    hosts: 4,
    snpShare: 0.5,
    placement: 'lowest',
    policy,
  })
  console.log(`${policy}: coverage ${(coverage.mean * 100).toFixed(2)} %, ${passes.count} passes`)
}
