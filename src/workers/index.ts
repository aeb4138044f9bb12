/** The lab's jobs on several threads. */
export { exploreOn } from './cells.ts'
export { simulateOn } from './hosts.ts'
