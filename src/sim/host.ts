import { type Ns, type Pfn, type RegionIndex, SECOND } from '../arch/index.ts'
import type { Routine } from '../kernel/index.ts'
import { Blockers } from './blockers.ts'
import { GuestCpus } from './guest-cpus.ts'
import type { HostLife } from './life.ts'
import { LifeRecorder, recordingDriver } from './recorder.ts'
import { HostListener, SimulatedHost, type SimulatedHostOptions } from './simulated-host.ts'
import { DEFAULT_BEHAVIOUR, type GuestBehaviour, type HostedVm, ordinaryVmLife, snpVmLife, type VmCounts } from './vm-life.ts'

export interface HostOptions extends SimulatedHostOptions {
  readonly vms: readonly HostedVm[]
  readonly behaviour?: GuestBehaviour
}

/**
 * One host with its VMs, under one policy. Everything is played, and everything feels everything: an interrupt delays the guest
 * launch that it interrupts. The reference for `PolicyReplay`, which tries policies on a life that was written down.
 */
export class HostSimulation extends SimulatedHost {
  readonly blockers: Blockers
  readonly vmCounts: VmCounts = { launched: 0, failed: 0, memoryWaits: 0 }
  readonly #options: HostOptions
  #recorder: LifeRecorder | undefined

  constructor(options: HostOptions) {
    super(options)
    this.#options = options
    this.blockers = new Blockers(this.machine)
    this.kernel.tell = new BlockersListener(this)
  }

  /** Runs up to `untilNs`, which may be the end or a moment to look at; may be called again to go on. */
  run(untilNs: Ns = this.endNs): void {
    if (this.clock.nowNs === 0) this.boot()
    this.clock.run(untilNs)
    this.coverage.settle()
  }

  /** From now on everything that a policy could react to is written down. */
  record(recorder: LifeRecorder): void {
    this.#recorder = recorder
    this.machine.listen(recorder)
  }

  protected override boot(): void {
    super.boot()
    this.#recorder?.turnOn()
    this.blockers.markPlatform()
    this.#admit()
    this.#sample()
  }

  protected override useOf(region: RegionIndex, pages: number): void {
    super.useOf(region, pages)
    this.#recorder?.use(region, pages)
  }

  #admit(): void {
    const { vms, behaviour = DEFAULT_BEHAVIOUR } = this.#options
    const { kernel, vmCounts: counts } = this
    const guestCpus = new GuestCpus(this.machine.topology)
    const { cpuSets } = this.machine.topology
    kernel.guestCpus = () => cpuSets.fromWords(guestCpus.words.slice())
    const changed = () => this.#recorder?.guestCpus(guestCpus.words.slice())
    const around = { kernel, behaviour, counts, guestCpus: cpusOf(guestCpus, changed), now: () => this.clock.nowNs }
    for (const vm of vms) this.clock.spawn(vm.isSnp ? snpVmLife(around, vm) : ordinaryVmLife(around, vm))
  }

  /** Looks at the blockers in the middle of every part of the simulated time. */
  #sample(): void {
    const { endNs, bins } = this.#options
    const { clock, blockers } = this
    const at = (bin: number) => Math.round(((bin + 0.5) * endNs) / bins)
    const watch = function* (): Routine<void> {
      for (let bin = 0; bin < bins; bin++) {
        if (at(bin) < clock.nowNs) continue
        yield { op: 'sleep-until', atNs: at(bin) }
        blockers.sample()
      }
    }
    clock.spawn(watch())
  }
}

function cpusOf(cpus: GuestCpus, changed: () => void): Pick<GuestCpus, 'take' | 'give'> {
  return {
    take: (vcpus) => {
      const taken = cpus.take(vcpus)
      changed()
      return taken
    },
    give: (given) => {
      cpus.give(given)
      changed()
    },
  }
}

/** Plays a host under no policy at all, and writes its life down. */
export function recordLife(options: Omit<HostOptions, 'driver'>): { readonly host: HostSimulation; readonly life: HostLife } {
  const recording = (): LifeRecorder => recorder
  const host = new HostSimulation({ ...options, driver: recordingDriver(recording) })
  const recorder = new LifeRecorder(host.machine, () => host.clock.nowNs)
  host.record(recorder)
  host.run()
  host.finish()
  return { host, life: recorder.end() }
}

class BlockersListener extends HostListener {
  readonly #blockers: Blockers

  constructor(host: HostSimulation) {
    super(host)
    this.#blockers = host.blockers
  }
  override kernelPage(pfn: Pfn, sign: 1 | -1): void {
    this.#blockers.kernelPage(pfn, sign)
  }
}

/** How long a run goes on after the last thing the trace names: the last teardown's pass still runs. */
export const SETTLE_NS: Ns = 60 * SECOND
