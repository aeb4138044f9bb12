/** The lab's jobs on several threads. */
export { simulateOn } from './hosts.ts'
