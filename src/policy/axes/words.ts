import { type PolicySpec, WHOS, type What, type When, type Who } from './spec.ts'

/** The axes in a few words each. */
export function whenWords(when: When): string {
  switch (when.at) {
    case 'never':
      return 'never'
    case 'init':
      return 'at init'
    case 'by-hand':
      return `by hand, ${when.atS.length} times`
    case 'freed-folio':
      return 'each freed folio'
    case 'periodic':
      return `every ${when.everyS} s`
    case 'teardown':
    case 'conversion':
      return `${when.delayS} s after the ${when.after} ${when.at}`
  }
}

const WHAT_WORDS: Readonly<Record<What, string>> = {
  all: 'all memory',
  dirty: 'regions with a page made shared',
  guest: "the guest's regions",
  emptied: 'regions that became empty',
}

export function whatWords(what: What): string {
  return WHAT_WORDS[what]
}

export function whoWords(who: Who): string {
  const { leads, follow, threads, reach, groupCores, batch } = who
  const cpus = threads === 'all' ? 'both threads' : 'one thread a core'
  const others = {
    broadcast: `by broadcast, ${cpus}`,
    groups: `${groupCores} cores at a time`,
    'idle-first': 'idle cores first',
    'idle-only': 'idle cores only',
    'one-at-a-time': 'one CPU at a time',
  }[reach]
  const regions = batch > 1 ? `, ${batch} regions an IPI` : ''
  if (!leads) return `${others}${regions}`
  if (follow === 'none') return 'the leader only'
  return `leader, then ${follow === 'successes' ? 'successes ' : ''}${others}${regions}`
}

/** A short sentence for a policy that has none. */
export function sentence({ when, what, who }: Pick<PolicySpec, 'when' | 'what' | 'who'>): string {
  return `${whenWords(when)}: ${whatWords(what)}; ${whoName(who) ?? whoWords(who)}`
}

function whoName(who: Who): string | undefined {
  return Object.entries(WHOS).find(([, known]) => JSON.stringify(known) === JSON.stringify(who))?.[0]
}
