// A policy of your own: a pass 10 s after guests last gave memory back, and at once whenever that makes 2 GiB since the last pass.
import { regionsToScan, rmpoptCleanup, rmpoptWorkHandler, snpSetupRmpopt } from 'rmpopt/kernel'

const ENOUGH_PAGES = 2 ** 31 / 4096

/** Pages given back since the last pass. One policy serves many hosts: what it remembers belongs to a kernel, not to the module. */
const givenBack = new WeakMap()

/** @type {import('rmpopt').Policy} */
export default {
  name: 'by-volume',
  summary: 'a pass 10 s after memory was given back, at once when that makes 2 GiB',
  when: '10 s after the last conversion, or 2 GiB of them',
  what: 'all memory',
  who: 'leader, then followers',
  keptBytes: () => 8 + 88 + 1024, // the count, the work item, the mask

  setup: snpSetupRmpopt,
  cleanup: rmpoptCleanup,

  *madeShared(kernel, _region, pages) {
    const { rmpopt, tell } = kernel
    if (!rmpopt.isConfigured) return
    const sum = (givenBack.get(kernel) ?? 0) + pages
    givenBack.set(kernel, sum)
    tell.passRequested([regionsToScan(kernel)])
    yield { op: 'delay-work', work: rmpopt.work, delayNs: sum >= ENOUGH_PAGES ? 0 : 10e9, ifPending: 'restart' }
  },

  *work(kernel) {
    givenBack.set(kernel, 0)
    yield* rmpoptWorkHandler(kernel)
  },
}
