// A policy of your own: as v10, but a pass begins at once when guests have given 2 GiB back since the last one.
import { rmpoptCleanup, rmpoptWorkHandler, snpRmpoptAllPhysmem, snpSetupRmpopt } from 'rmpopt/kernel'

const ENOUGH_PAGES = 2 ** 31 / 4096

/** Pages given back since the last pass. One policy serves many hosts: what it remembers belongs to a kernel, not to the module. */
const givenBack = new WeakMap()

/** @type {import('rmpopt').Policy} */
export default {
  name: 'by-volume',
  summary: 'a pass at once when 2 GiB were given back, else 10 s after the last guest ended',
  when: '2 GiB given back, or 10 s after the last teardown',
  what: 'all memory',
  who: 'leader, then followers',
  keptBytes: () => 8 + 88 + 1024, // the count, the work item, the mask

  setup: snpSetupRmpopt,
  cleanup: rmpoptCleanup,
  vmDestroyed: (kernel) => snpRmpoptAllPhysmem(kernel),

  *madeShared(kernel, _region, pages) {
    const sum = (givenBack.get(kernel) ?? 0) + pages
    givenBack.set(kernel, sum)
    if (sum >= ENOUGH_PAGES) yield* snpRmpoptAllPhysmem(kernel, 0)
  },

  *work(kernel) {
    givenBack.set(kernel, 0)
    yield* rmpoptWorkHandler(kernel)
  },
}
