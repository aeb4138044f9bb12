import { expect, test } from 'vitest'
import {
  encodeRawEntry,
  GIB,
  logLeakingPfnRange,
  logRmpEntry,
  logRmpoptCoverageLimited,
  logRmpoptRange,
  logRmpSegment,
  logRmpTableRange,
  logSegmentedRmpBaseTableRange,
  logSegmentedRmpSegmentSize,
  RMP_ENTRY_DEFAULT,
  TIB,
} from './index.ts'

const rawEntry = encodeRawEntry({ ...RMP_ENTRY_DEFAULT, assigned: true, validated: true, asid: 5, gpa: 0x1234_5000 })

test.each([
  [
    'RMP table',
    '[K]',
    logRmpTableRange(0x7f_4000_0000, 0x81_400f_ffff),
    'SEV-SNP: RMP table physical range [0x0000007f40000000 - 0x00000081400fffff]',
  ],
  [
    'segmented RMP base table',
    '[K]',
    logSegmentedRmpBaseTableRange(0x4000_0000, 0x4000_4fff),
    'SEV-SNP: Segmented RMP base table physical range [0x0000000040000000 - 0x0000000040004fff]',
  ],
  ['segment size', '[K]', logSegmentedRmpSegmentSize(36), 'SEV-SNP: Segmented RMP using 64GB segments'],
  [
    'RMP segment',
    '[K]',
    logRmpSegment(3, 0x30_0010_0000, 0x30_100f_ffff, 0x30_0000_0000, 0x3f_ffff_ffff),
    'SEV-SNP: RMP segment 3 physical address [0x0000003000100000 - 0x00000030100fffff] covering [0x0000003000000000 - 0x0000003fffffffff]',
  ],
  [
    'optimisation range',
    '[L]',
    logRmpoptRange(0, 1039 * GIB),
    'SEV-SNP: Attempt RMP optimizations on physical address range @1GB alignment [0x0000000000000000 - 0x00000103c0000000]',
  ],
  [
    '2 TB limit',
    '[L]',
    logRmpoptCoverageLimited(2 * TIB),
    'SEV-SNP: RMPOPT coverage limited to 2TB; memory above 0x0000020000000000 not optimized',
  ],
  [
    'RMP entry, low quadword then high,',
    '[K]',
    logRmpEntry(0x12345, { lo: rawEntry.lo, hi: 0xffff_ffff_ffff_fffen }),
    'SEV-SNP: PFN 0x0000000000012345, RMP entry: [0x4028000012345001 - 0xfffffffffffffffe]',
  ],
  [
    'leaked pages',
    '[K]',
    logLeakingPfnRange(0x12345, 0x12545),
    'SEV-SNP: Leaking PFN range 0x0000000000012345-0x0000000000012545',
  ],
])('the %s line reads as in §9 %s', (_what, _tag, line, expected) => {
  expect(line).toBe(expected)
})
