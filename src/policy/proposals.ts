import type { PolicySpec, When } from './axes/spec.ts'
import { WHOS } from './axes/spec.ts'

const afterLast = (at: 'teardown' | 'conversion', delayS: number): When => ({ at, delayS, after: 'last' })

/** What was proposed in review and never measured (§7). Where a proposal says nothing of an axis it is as v10. */
export const PROPOSALS: readonly PolicySpec[] = [
  {
    name: 'conversion-1s',
    summary: 'a pass 1 s after the last private→shared conversion',
    when: afterLast('conversion', 1),
    what: 'all',
    who: WHOS['leader-followers'],
    base: 'lowest',
  },
  {
    name: 'conversion-10s',
    summary: 'a pass 10 s after the last private→shared conversion',
    when: afterLast('conversion', 10),
    what: 'all',
    who: WHOS['leader-followers'],
    base: 'lowest',
  },
  {
    name: 'bitmap',
    summary: 'conversions mark their region in a bitmap; 10 s after the last one the marked regions are scanned',
    when: afterLast('conversion', 10),
    what: 'dirty',
    who: WHOS['leader-followers'],
    base: 'lowest',
  },
  {
    name: 'free-folio',
    summary: 'RMPOPT of the region on all cores as each folio comes back',
    when: { at: 'freed-folio' },
    what: 'dirty',
    who: WHOS.broadcast,
    base: 'lowest',
  },
  {
    name: 'successes',
    summary: 'as v10, but followers only where the leader succeeded',
    when: afterLast('teardown', 10),
    what: 'all',
    who: WHOS['leader-successes'],
    base: 'lowest',
  },
  {
    name: 'guest-regions',
    summary: 'as v10, but only the regions of the guests that ended',
    when: afterLast('teardown', 10),
    what: 'guest',
    who: WHOS['leader-followers'],
    base: 'lowest',
  },
  {
    name: 'refcount',
    summary: 'a count of assigned pages a region; those that fell to zero are scanned 1 s later',
    when: { at: 'conversion', delayS: 1, after: 'first' },
    what: 'emptied',
    who: WHOS['leader-followers'],
    base: 'lowest',
  },
  {
    name: 'periodic-60s',
    summary: 'a pass over all memory every minute',
    when: { at: 'periodic', everyS: 60 },
    what: 'all',
    who: WHOS['leader-followers'],
    base: 'lowest',
  },
]
