import type { Trace } from './trace.ts'

/** The last thing a trace tells, seconds: the latest creation or known deletion. 0 for a trace without VMs. */
export function traceEndS(trace: Trace): number {
  let endS = 0
  for (let vm = 0; vm < trace.count; vm++) {
    const deletedS = trace.deletedS[vm]
    if (trace.createdS[vm] > endS) endS = trace.createdS[vm]
    if (deletedS > endS && deletedS !== Number.POSITIVE_INFINITY) endS = deletedS
  }
  return endS
}
