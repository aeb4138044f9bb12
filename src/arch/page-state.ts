import type { RmpEntry } from './rmp-entry.ts'

/** The states of a page, as the firmware ABI names them. [APM] */
export type PageState =
  | 'Hypervisor'
  | 'HV-Fixed'
  | 'Firmware'
  | 'Reclaim'
  | 'Context'
  | 'Pre-Guest'
  | 'Guest-Invalid'
  | 'Guest-Valid'
  | 'Pre-Swap'

/** The fields of an entry that make its state. */
export type PageStateFields = Pick<RmpEntry, 'assigned' | 'validated' | 'asid' | 'immutable'>

/**
 * The state that an entry's bits say. [APM]
 *
 * Never `'Context'`: a Context page has the very bits of a Firmware page, and only the firmware knows which pages are
 * contexts.
 *
 * Defined for all combinations. Those that no state has ({@link isPageStateListed}) are read field by field, in the order
 * in which the checks let a field matter: in an entry that is not assigned nothing but *immutable* counts, and without an
 * ASID no guest can be the one that validated. [A]
 */
export function pageState({ assigned, validated, asid, immutable }: PageStateFields): PageState {
  if (!assigned) return immutable ? 'HV-Fixed' : 'Hypervisor'
  if (asid === 0) return immutable ? 'Firmware' : 'Reclaim'
  if (!validated) return immutable ? 'Pre-Guest' : 'Guest-Invalid'
  return immutable ? 'Pre-Swap' : 'Guest-Valid'
}

/**
 * Whether the entry's bits are those of a listed state. The rest — validated or with an ASID but not assigned, validated
 * without an ASID — no instruction or firmware command makes; assert it where entries are written. [APM]
 */
export function isPageStateListed({ assigned, validated, asid }: Omit<PageStateFields, 'immutable'>): boolean {
  return assigned ? asid !== 0 || !validated : asid === 0 && !validated
}
