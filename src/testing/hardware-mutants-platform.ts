/** Hardware whose registers or firmware are wrong. */
import { MSR_RMPOPT_BASE, MSR_SYSCFG, SYSCFG_MEM_ENCRYPT, SYSCFG_MFDM, SYSCFG_SNP_EN } from '../arch/index.ts'
import { type OperationSteps, stepsOf } from '../check/index.ts'
import { commands, does, writes } from './hardware.ts'
import { assigned, type HardwareMutants, having, instead, type Of, optimised, race, ready } from './hardware-mutant.ts'
import { PAGE } from './instructions.ts'
import { smallMachine } from './machines.ts'

const WRITE = 'a write to an assigned page'

export const PLATFORM_MUTANTS: HardwareMutants = {
  'SNP_INIT_EX keeps the tables': {
    shown: 'SNP_INIT_EX, where a region is optimised',
    scene: { ...optimised, threads: [initialises()] },
    mutate: ({ tables }) => {
      tables.clearAll = () => {}
    },
    caughtBy: ['init clears', 'soundness', 'true results'],
  },
  'SNP_INIT_EX keeps results': {
    shown: 'SNP_INIT_EX, where a region is optimised',
    scene: { ...optimised, threads: [initialises(0)] },
    mutate: ({ tables }) => {
      const clearAll = tables.clearAll.bind(tables)
      tables.clearAll = () => {
        const kept = tables.cached.slice()
        clearAll()
        tables.cached.set(kept)
      }
    },
    caughtBy: ['init clears', 'true results'],
  },
  'SNP_INIT_EX leaves a scan alone that is under way': {
    shown: 'RMPOPT ∥ SNP_INIT_EX',
    scene: { ...race, threads: [race.threads[0], initialises(1)] },
    mutate: ({ tables, topology }) => {
      tables.clearAll = () => {
        tables.sets.fill(topology.coreSets.none)
        tables.cached.fill(0)
      }
    },
    caughtBy: ['soundness', 'true results'],
  },
  'SNP_INIT_EX keeps translations': {
    shown: 'a write, SNP_INIT_EX that makes the page firmware, a write',
    scene: { ...race, threads: [{ cpu: 0, program: [writes(0), ...initialises().program, writes(0)] }] },
    mutate: ({ tlb }) => {
      tlb.flush = () => {}
    },
    caughtBy: ['integrity'],
  },
  'SNP comes up optimised': {
    shown: 'SNP_INIT_EX',
    scene: { ...race, threads: [initialises()] },
    mutate: having({ comesUpOptimised: true }),
    caughtBy: ['init clears'],
  },
  'a full shutdown keeps the tables': {
    shown: 'SNP_SHUTDOWN_EX, where a region is optimised',
    scene: { ...optimised, threads: [{ cpu: 0, program: [...initialises().program, shutsDown()] }] },
    mutate: having({ snpDisableClearsTables: false }),
    caughtBy: [],
  },
  'RMPOPT_BASE can be enabled without SNP': {
    shown: 'WRMSR, SNP being off',
    scene: { machine: () => smallMachine(), threads: [{ cpu: 0, program: [enables()] }] },
    steps: instead('WRMSR', enablesAlways, stepsOf),
    caughtBy: ['enable needs SNP'],
  },
  'a table keeps its bits when it is moved': {
    shown: 'WRMSR that disables RMPOPT_BASE, where the region is optimised',
    scene: { ...optimised, threads: [{ cpu: 2, program: [does({ name: 'WRMSR', msr: MSR_RMPOPT_BASE, value: 0n })] }] },
    mutate: having({ baseChangeClearsTable: false }),
    caughtBy: [],
  },
  'WRMSR takes SNP_EN away': {
    shown: `WRMSR of SYSCFG without SNP_EN, then ${WRITE}`,
    scene: { machine: () => assigned(ready()), threads: [{ cpu: 0, program: [takesSnpEn(), writes(3)] }] },
    steps: instead('WRMSR', losesSnpEn, stepsOf),
    caughtBy: ['integrity'],
  },
}

function initialises(cpu = 0) {
  return { cpu, program: [commands({ name: 'SNP_INIT_EX', firmwareRanges: [{ start: 0, end: PAGE }], hvFixedRanges: [] })] }
}

function shutsDown() {
  return commands({ name: 'SNP_SHUTDOWN_EX', x86SnpShutdown: true })
}

function enables() {
  return does({ name: 'WRMSR', msr: MSR_RMPOPT_BASE, value: 1n })
}

function takesSnpEn() {
  return does({ name: 'WRMSR', msr: MSR_SYSCFG, value: SYSCFG_MFDM | SYSCFG_MEM_ENCRYPT })
}

function* enablesAlways(...[{ msr, value }, world, machine, cpu, operation]: Of<'WRMSR'>): OperationSteps {
  if (msr !== MSR_RMPOPT_BASE || value !== 1n) return yield* stepsOf(world, machine, cpu, operation)
  machine.tables.setBase(machine.coreOf(cpu), { enabled: true, base: 0 })
  return { kind: 'done' }
}

function* losesSnpEn(...[{ msr, value }, world, machine, cpu, operation]: Of<'WRMSR'>): OperationSteps {
  if (msr !== MSR_SYSCFG || (value & SYSCFG_SNP_EN) !== 0n) return yield* stepsOf(world, machine, cpu, operation)
  machine.cpus[cpu].snpEn = false
  return { kind: 'done' }
}
