import { loadMachine, saveMachine, saveSet, saveWide, type WordReader } from '../machine/index.ts'
import type { Kernel } from './kernel.ts'

/**
 * The state of a kernel and its machine as whole numbers of 32 bits, so that an exhaustive search can go back to a state it has
 * seen. Without time, without the memory allocator, which is whoever's made it, and without what no routine changes.
 */
export function saveKernel(kernel: Kernel, to: number[]): void {
  const { machine, rmpopt } = kernel
  const { cpuSets } = machine.topology
  saveMachine(machine, to)
  saveSet(to, cpuSets, kernel.online)
  for (const lock of [kernel.hotplugLock, kernel.hotplugOuterLock, kernel.firmwareMutex, rmpopt.mutex]) lock.save(to)
  to.push(kernel.hotplugDisabled, kernel.leakedPages)
  to.push(bits(kernel.hotplugDisabledBySnp, kernel.hostSnp, kernel.rmpIsSegmented, kernel.snpInitialised))
  to.push(bits(rmpopt.isConfigured, rmpopt.isInProgress))
  saveWide(to, rmpopt.range.start)
  saveWide(to, rmpopt.range.end)
  saveSet(to, cpuSets, rmpopt.primaries)
  rmpopt.work.save(to)
  rmpopt.thread.save(to)
  const { marked } = rmpopt.dirty
  to.push(marked.length, ...marked)
  kernel.asids.save(to)
}

/** Puts kernel and machine into a state that `saveKernel` has written of them. Nobody is told anything. */
export function loadKernel(kernel: Kernel, from: WordReader): void {
  const { machine, rmpopt } = kernel
  const { cpuSets } = machine.topology
  loadMachine(machine, from)
  kernel.online = from.set(cpuSets)
  for (const lock of [kernel.hotplugLock, kernel.hotplugOuterLock, kernel.firmwareMutex, rmpopt.mutex]) lock.load(from)
  kernel.hotplugDisabled = from.next()
  kernel.leakedPages = from.next()
  const flags = from.next()
  kernel.hotplugDisabledBySnp = (flags & 1) !== 0
  kernel.hostSnp = (flags & 2) !== 0
  kernel.rmpIsSegmented = (flags & 4) !== 0
  kernel.snpInitialised = (flags & 8) !== 0
  const state = from.next()
  rmpopt.isConfigured = (state & 1) !== 0
  rmpopt.isInProgress = (state & 2) !== 0
  rmpopt.range = { start: from.wide(), end: from.wide() }
  rmpopt.primaries = from.set(cpuSets)
  rmpopt.work.load(from)
  rmpopt.thread.load(from)
  rmpopt.dirty.take()
  for (let left = from.next(); left > 0; left--) rmpopt.dirty.add(from.next())
  kernel.asids.load(from)
}

function bits(...flags: readonly boolean[]): number {
  return flags.reduce((word, flag, bit) => word | (flag ? 1 << bit : 0), 0)
}
