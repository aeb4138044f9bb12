import type { Trace } from './trace.ts'

/** The VMs of each batch, in order of arrival. */
export function vmsByBatch(trace: Trace): Int32Array[] {
  const starts = new Int32Array(trace.batch.reduce((most, number) => Math.max(most, number), -1) + 2)
  for (const batch of trace.batch) starts[batch + 1]++
  for (let batch = 1; batch < starts.length; batch++) starts[batch] += starts[batch - 1]
  const next = starts.slice()
  const vms = new Int32Array(trace.count)
  for (let vm = 0; vm < trace.count; vm++) vms[next[trace.batch[vm]]++] = vm
  return Array.from({ length: starts.length - 1 }, (_, batch) => vms.subarray(starts[batch], starts[batch + 1]))
}
