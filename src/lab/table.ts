import { formatRmpoptTableLine, type Ns } from '../arch/index.ts'
import { rmpoptTableShow } from '../kernel/index.ts'
import { members } from '../machine/index.ts'
import { Clock } from '../sim/index.ts'
import { type Trace, UserError } from '../workload/index.ts'
import { hostSimulation } from './host-run.ts'
import { planFleet } from './plan.ts'
import { nameOf } from './run.ts'
import type { Scenario } from './scenario.ts'

/**
 * The kernel's debugfs file `rmpopt-table` of one host at a moment: a line a region, without line ends. [L v1–v8]
 * @param atNs simulated time, 0 to the end of the run
 * @throws UserError for a host or a time that is not in the run
 */
export function tableAt(scenario: Scenario, trace: Trace, atNs: Ns, hostIndex = 0): string[] {
  const plan = planFleet(scenario, trace)
  if (hostIndex >= plan.hosts)
    throw new UserError(
      `--host-index: ${hostIndex} is too high for a run on ${plan.hosts === 1 ? '1 host' : `${plan.hosts} hosts`}; hosts are counted from 0`,
    )
  if (atNs > plan.endNs)
    throw new UserError(`--at: ${atNs / 1e9} s is beyond the end of the run, ${plan.endNs / 1e9} s; choose an earlier time`)
  const host = hostSimulation({ ...plan.job(hostIndex), trials: [scenario], wantsMap: false })
  host.run(atNs)
  if (!host.kernel.rmpopt.isConfigured) {
    const why =
      scenario.host.hasRmpopt && scenario.host.rmp === 'segmented'
        ? `policy ${nameOf(scenario.policy)}`
        : `host ${scenario.host.name}`
    throw new UserError(
      `--at: no driver has set up RMPOPT at ${atNs / 1e9} s (${why}), so there is no table; choose another time, or v10 on a host with RMPOPT`,
    )
  }
  const lines: string[] = []
  const { regionBytes } = host.machine.geometry
  const reading = rmpoptTableShow(host.kernel, (region, cpus) => {
    lines.push(formatRmpoptTableLine((region * regionBytes) / 2 ** 30, members(cpus)))
  })
  // The reader is not part of the run: it reads everything in the moment it looks.
  const reader = new Clock(host.kernel, { costs: host.clock.costs })
  reader.spawn(reading)
  reader.run(Number.MAX_SAFE_INTEGER)
  return lines
}
