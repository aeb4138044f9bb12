import { describe, expect, it, test } from 'vitest'
import { isPageStateListed, type PageState, type PageStateFields, pageState } from './index.ts'

function fields(assigned: number, validated: number, asid: number, immutable: number): PageStateFields {
  return { assigned: assigned === 1, validated: validated === 1, asid, immutable: immutable === 1 }
}

/** [state, assigned, validated, asid, immutable]: the table of §4. [APM] */
const LISTED: [PageState, number, number, number, number][] = [
  ['Hypervisor', 0, 0, 0, 0],
  ['HV-Fixed', 0, 0, 0, 1],
  ['Firmware', 1, 0, 0, 1],
  ['Reclaim', 1, 0, 0, 0],
  ['Pre-Guest', 1, 0, 7, 1],
  ['Guest-Invalid', 1, 0, 7, 0],
  ['Guest-Valid', 1, 1, 7, 0],
  ['Pre-Swap', 1, 1, 7, 1],
]

/** The combinations that §4 does not list, as we read them. [A] */
const UNLISTED: typeof LISTED = [
  ['Hypervisor', 0, 0, 7, 0],
  ['Hypervisor', 0, 1, 0, 0],
  ['Hypervisor', 0, 1, 7, 0],
  ['HV-Fixed', 0, 0, 7, 1],
  ['HV-Fixed', 0, 1, 0, 1],
  ['HV-Fixed', 0, 1, 7, 1],
  ['Reclaim', 1, 1, 0, 0],
  ['Firmware', 1, 1, 0, 1],
]

describe('page states (§4)', () => {
  test.each(LISTED)('%s is assigned %i, validated %i, asid %i, immutable %i [APM]', (state, ...bits) => {
    expect(pageState(fields(...bits))).toBe(state)
    expect(isPageStateListed(fields(...bits))).toBe(true)
  })

  test.each(UNLISTED)('unlisted bits read as %s: assigned %i, validated %i, asid %i, immutable %i [A]', (state, ...bits) => {
    expect(pageState(fields(...bits))).toBe(state)
    expect(isPageStateListed(fields(...bits))).toBe(false)
  })

  it('is tested with every combination of bits', () => {
    expect(new Set([...LISTED, ...UNLISTED].map(([, ...bits]) => bits.join())).size).toBe(2 ** 4)
  })

  it('calls no unassigned page anything but Hypervisor or HV-Fixed: these do not stop RMPOPT', () => {
    const hvOwned = [...LISTED, ...UNLISTED].filter(([state]) => state === 'Hypervisor' || state === 'HV-Fixed')
    expect(hvOwned.every(([, assigned]) => assigned === 0)).toBe(true)
    expect(hvOwned).toHaveLength(8)
  })
})
