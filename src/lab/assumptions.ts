import { type Assumption, choice, DEFAULT_MACHINE_OPTIONS, machineAssumptions } from '../machine/index.ts'
import { behaviourAssumptions, COSTS, costAssumptions } from '../sim/index.ts'
import type { Scenario } from './scenario.ts'

export type { Assumption } from '../machine/index.ts'

/** Everything that a run takes for granted and nobody has published, by area. */
export function assumptions({ host, guest }: Scenario): { readonly area: string; readonly assumptions: readonly Assumption[] }[] {
  return [
    { area: 'machine', assumptions: machineAssumptions({ ...DEFAULT_MACHINE_OPTIONS, ...host.machine }) },
    { area: 'host', assumptions: hostAssumptions(host) },
    { area: 'costs', assumptions: costAssumptions(COSTS) },
    { area: 'guests', assumptions: behaviourAssumptions(guest) },
  ]
}

function hostAssumptions({ hostReservedShare, mmioHoleBytes }: Scenario['host']): Assumption[] {
  const gib = 2 ** 30
  const field = (name: string, value: string, why: string): Assumption => ({ ...choice(name, value, why), option: true })
  return [
    field(
      'hostReservedShare',
      String(hostReservedShare),
      'kernel, struct pages (1.6 % of memory) and daemons, at the bottom of each node',
    ),
    field(
      'mmioHoleBytes',
      `${mmioHoleBytes / gib} GiB`,
      'RAM that the hole below 4 GiB displaces lies above: a full 2 TiB ends beyond the reach of a table',
    ),
    choice(
      'RMP segments',
      'at the top of their node',
      'segments let entries live on the node they describe [K]; where in the node is the BIOS’s choice',
    ),
    choice('RMP bookkeeping', 'below the MMIO hole', 'or at the top of the first node where there is none'),
    choice('TMR', '2 MiB at 16 MiB', 'the firmware’s trusted memory region; size [K], address ours'),
    choice(
      'writers',
      'evenly over used memory',
      'ordinary guests and the host write evenly over the memory they use: weights “checks skipped”',
    ),
    choice(
      'CPUs',
      'next in turn',
      'a worker or vCPU thread runs on the next CPU in turn; operations share a CPU first come, first served',
    ),
  ]
}
