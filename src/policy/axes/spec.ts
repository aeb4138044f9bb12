import type { Base } from '../base.ts'

/** When a pass is asked for, besides the one at init. */
export type When =
  /** No pass at all, not even at init. */
  | { readonly at: 'never' }
  | { readonly at: 'init' }
  /** Somebody asks, at these moments, seconds since boot. */
  | { readonly at: 'by-hand'; readonly atS: readonly number[] }
  /** `delayS` seconds after a guest was decommissioned, or a page was made shared: after the first, or after the last such request. */
  | { readonly at: 'teardown' | 'conversion'; readonly delayS: number; readonly after: 'first' | 'last' }
  /** In the path that frees the folio, for its region only. */
  | { readonly at: 'freed-folio' }
  | { readonly at: 'periodic'; readonly everyS: number }

export const WHATS = ['all', 'dirty', 'guest', 'emptied'] as const
/**
 * All memory that the tables reach; regions in which a page was made shared since (a bitmap); the regions of guests that were
 * torn down since; regions whose count of assigned pages fell to zero since.
 */
export type What = (typeof WHATS)[number]

/** Who executes RMPOPT, in what order. */
export interface Who {
  /** One CPU goes over all regions before the others, so that these find its results. */
  readonly leads: boolean
  /** Which regions the others execute it on: all of the pass, or those where the leader succeeded. */
  readonly follow: 'all' | 'successes' | 'none'
  /** The CPUs: the first thread of each core, or both. */
  readonly threads: 'primary' | 'all'
  /**
   * How the followers are reached: all by one broadcast; in groups of `groupCores` cores, one after the other; CPUs that run no guest first, then
   * the others; CPUs that run no guest only; one after the other, each in a task of its own.
   */
  readonly reach: 'broadcast' | 'groups' | 'idle-first' | 'idle-only' | 'one-at-a-time'
  readonly groupCores: number
  /** Regions per interrupt. */
  readonly batch: number
}

const BROADCAST: Who = { leads: false, follow: 'all', threads: 'primary', reach: 'broadcast', groupCores: 0, batch: 1 }
const LEADER: Who = { ...BROADCAST, leads: true }

/** Ways by name. */
export const WHOS: Readonly<Record<string, Who>> = {
  broadcast: BROADCAST,
  'broadcast-all': { ...BROADCAST, threads: 'all' },
  'leader-followers': LEADER,
  'leader-successes': { ...LEADER, follow: 'successes' },
  'leader-only': { ...LEADER, follow: 'none' },
  'one-at-a-time': { ...BROADCAST, reach: 'one-at-a-time' },
  'idle-first': { ...LEADER, follow: 'successes', reach: 'idle-first' },
  'idle-only': { ...LEADER, follow: 'successes', reach: 'idle-only' },
}

/** A policy as a point in the space. Plain data: it can be written in YAML and sent to a worker. */
export interface PolicySpec {
  readonly name: string
  readonly summary: string
  readonly when: When
  readonly what: What
  readonly who: Who
  readonly base: Base
}

/** What contradicts itself in a policy, as a person would say it, if something does. */
export function policyProblem({ when, what, who, base }: PolicySpec): string | undefined {
  if (when.at === 'freed-folio' && (what === 'all' || what === 'guest'))
    return `what: ${what} does not go with when freed-folio, which knows one region only; choose dirty or emptied`
  if (what === 'guest' && when.at !== 'teardown')
    return `what: guest does not go with when ${when.at}, which knows no guest; choose teardown, or another what`
  if ((when.at === 'init' || when.at === 'never') && what !== 'all')
    return `what: ${what} does not go with when ${when.at}, which sees nothing happen; choose all`
  if (who.follow !== 'all' && !who.leads) return `who: follow ${who.follow} needs a leader; set leads, or follow all`
  if (who.reach === 'groups' && who.groupCores < 1) return 'who: reach groups needs groupCores; give at least 1'
  if (who.reach !== 'groups' && who.groupCores > 0)
    return `who: groupCores does not go with reach ${who.reach}; choose reach groups`
  if (who.reach === 'one-at-a-time' && who.batch > 1)
    return 'who: batch does not go with reach one-at-a-time, which sends no interrupts; leave it out'
  if (base !== 'lowest' && who.reach === 'one-at-a-time')
    return `base: ${base} does not go with reach one-at-a-time; choose lowest, or another reach`
  if ('delayS' in when && !(when.delayS >= 0)) return 'when: delayS is negative; give 0 or more'
  if (when.at === 'periodic' && !(when.everyS >= 1)) return 'when: everyS is less than a second; give at least 1'
  return undefined
}
