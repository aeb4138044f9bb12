import type { CpuId } from '../../arch/index.ts'
import type { Machine } from '../machine.ts'
import { rdmsr, wrmsr } from './msr.ts'
import { psmash } from './psmash.ts'
import { pvalidate } from './pvalidate.ts'
import { rmpadjust } from './rmpadjust.ts'
import { rmpopt } from './rmpopt.ts'
import { rmpquery } from './rmpquery.ts'
import { rmpread } from './rmpread.ts'
import { rmpupdate } from './rmpupdate.ts'
import { DONE, type Instruction, type Outcome, type Outcomes, type Steps } from './types.ts'

/**
 * An instruction as its micro-steps: drive the generator, and let other CPUs act wherever it yields. Its last step is told
 * to the machine's listeners by `execute`, not here.
 */
export function microSteps<I extends Instruction>(machine: Machine, cpu: CpuId, instruction: I): Steps<Outcomes[I['name']]> {
  return begin(machine, cpu, instruction) as Steps<Outcomes[I['name']]>
}

/** Runs an instruction to its end, nothing coming in between, and tells the machine's listeners. */
export function execute<I extends Instruction>(machine: Machine, cpu: CpuId, instruction: I): Outcomes[I['name']] {
  const steps = begin(machine, cpu, instruction)
  let step = steps.next()
  while (!step.done) step = steps.next()
  machine.tell.instruction(cpu, instruction, step.value, 1)
  return step.value as Outcomes[I['name']]
}

function begin(machine: Machine, cpu: CpuId, i: Instruction): Steps<Outcome> {
  switch (i.name) {
    case 'RMPOPT':
      return rmpopt(machine, cpu, i)
    case 'RMPUPDATE':
      return rmpupdate(machine, cpu, i)
    case 'PSMASH':
      return psmash(machine, cpu, i)
    case 'RMPREAD':
      return rmpread(machine, cpu, i)
    case 'PVALIDATE':
      return pvalidate(machine, cpu, i)
    case 'RMPADJUST':
      return rmpadjust(machine, cpu, i)
    case 'RMPQUERY':
      return rmpquery(machine, cpu, i)
    case 'WRMSR':
      return wrmsr(machine, cpu, i)
    case 'RDMSR':
      return rdmsr(machine, cpu, i)
    case 'WBINVD':
      return wbinvd()
  }
}

// biome-ignore lint/correctness/useYield: an instruction of one step
function* wbinvd(): Steps<Outcomes['WBINVD']> {
  return DONE
}
