import type { Trace } from './trace.ts'

/** What the VMs of a trace use, all at once, up to a moment. */
export interface Usage {
  readonly memoryBytesMean: number
  readonly memoryBytesPeak: number
  readonly vcpusMean: number
  readonly vcpusPeak: number
}

/** Use over 0..`endS`; the means are over time. Deletions at a moment come before creations at that moment. */
export function usageOf(trace: Trace, endS: number): Usage {
  const leaving = Uint32Array.from({ length: trace.count }, (_, vm) => vm).filter((vm) => trace.deletedS[vm] < endS)
  leaving.sort((a, b) => trace.deletedS[a] - trace.deletedS[b] || a - b)
  let [memoryBytes, vcpus, memoryBytesPeak, vcpusPeak, memoryByteSeconds, vcpuSeconds] = [0, 0, 0, 0, 0, 0]
  let left = 0
  for (let vm = 0; vm < trace.count && trace.createdS[vm] < endS; vm++) {
    for (; left < leaving.length && leaving[left] < vm && trace.deletedS[leaving[left]] <= trace.createdS[vm]; left++) {
      memoryBytes -= trace.memoryBytes[leaving[left]]
      vcpus -= trace.vcpus[leaving[left]]
    }
    memoryBytes += trace.memoryBytes[vm]
    vcpus += trace.vcpus[vm]
    memoryBytesPeak = Math.max(memoryBytesPeak, memoryBytes)
    vcpusPeak = Math.max(vcpusPeak, vcpus)
    const livedS = Math.min(endS, trace.deletedS[vm]) - trace.createdS[vm]
    memoryByteSeconds += livedS * trace.memoryBytes[vm]
    vcpuSeconds += livedS * trace.vcpus[vm]
  }
  return { memoryBytesMean: memoryByteSeconds / endS, memoryBytesPeak, vcpusMean: vcpuSeconds / endS, vcpusPeak }
}
