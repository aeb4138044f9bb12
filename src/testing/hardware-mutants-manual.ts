/** Hardware that is wrong in what the manual says besides RMPOPT: seen by properties where it does harm, by litmus files in any case. */
import { MSR_RMP_CFG, MSR_RMP_END, MSR_SYSCFG, SUCCESS, SYSCFG_SNP_EN } from '../arch/index.ts'
import { type Answer, type Operation, stepsOf, type World } from '../check/index.ts'
import type { Access, FirmwareCommand, Instruction, Machine } from '../machine/index.ts'
import { commands, does, guestWrites, reads, writes } from './hardware.ts'
import {
  assigned,
  type HardwareMutant,
  type HardwareMutants,
  having,
  instead,
  race,
  ready,
  type Steps,
} from './hardware-mutant.ts'
import { assign, guestAccess, guestOf, psmash, pvalidate, share, verify } from './instructions.ts'

/** One CPU, its program, a page of a guest; nobody comes to harm unless it is said. */
function alone(shown: string, program: Operation[], wrong: Pick<HardwareMutant, 'mutate' | 'steps'>, caughtBy: string[] = []) {
  const scene = { ...race, machine: () => assigned(ready()), threads: [{ cpu: 0, program }] }
  return { shown, scene, ...wrong, caughtBy }
}

const sharedWrite: Operation = { do: 'access', access: guestAccess(3, { isPrivate: false }), value: 1 }
const walks: Operation = { do: 'access', access: guestAccess(2, { tableWalk: true, write: false }), value: 0 }
const init = commands({ name: 'SNP_INIT_EX', firmwareRanges: [], hvFixedRanges: [] })
const wrmsr = (msr: number, value: bigint) => does({ name: 'WRMSR', msr, value })

export const MANUAL_MUTANTS: HardwareMutants = {
  'RMPUPDATE rounds its address down': alone(
    'RMPUPDATE of 2 MiB from a page in the middle',
    [does({ ...assign(1), input: { ...assign(0, { size: '2M' }).input } })],
    {
      steps: instead(
        'RMPUPDATE',
        (i, ...of) => other(of, { ...i, rax: i.rax - (i.rax % (i.input.size === '2M' ? of[1].geometry.hugeBytes : 1)) }),
        stepsOf,
      ),
    },
  ),
  'a locked entry locks all': {
    ...alone('RMPUPDATE ∥ RMPUPDATE of another huge page', [], {
      mutate: ({ locks }) => {
        locks.get = () => [...locks.values()][0]
      },
    }),
    scene: { ...race, threads: [0, 1].map((cpu) => ({ cpu, program: [does(assign(1 + 2 * cpu))] })) },
  },
  'the MSRs that place the RMP can be written': alone('WRMSR of RMP_CFG', [wrmsr(MSR_RMP_CFG, 0n)], {
    steps: instead('WRMSR', (i, ...of) => (i.msr === MSR_RMP_CFG ? answers({ kind: 'done' }) : stepsOf(...of)), stepsOf),
  }),
  'SNP_EN wants no MFDM': alone('WRMSR of SYSCFG', [wrmsr(MSR_SYSCFG, SYSCFG_SNP_EN)], {
    steps: instead(
      'WRMSR',
      (i, ...of) => (i.msr === MSR_SYSCFG && i.value & SYSCFG_SNP_EN ? answers({ kind: 'done' }) : stepsOf(...of)),
      stepsOf,
    ),
  }),
  'RMP_END reads the end of a segmented RMP': alone('RDMSR of RMP_END', [does({ name: 'RDMSR', msr: MSR_RMP_END })], {
    steps: instead(
      'RDMSR',
      (i, ...of) => (i.msr === MSR_RMP_END ? answers({ kind: 'done', value: 1n }) : stepsOf(...of)),
      stepsOf,
    ),
  }),
  'PSMASH succeeds where there is nothing to split': alone('PSMASH of 4K entries', [does(psmash(2))], {
    steps: instead(
      'PSMASH',
      (_, ...of) => changed(of, (answer) => ('eax' in answer ? { ...answer, eax: SUCCESS } : answer)),
      stepsOf,
    ),
  }),
  'PVALIDATE does not say that nothing has changed': alone('PVALIDATE of what is validated', [does(pvalidate(3))], {
    steps: instead(
      'PVALIDATE',
      (_, ...of) => changed(of, (answer) => ('cf' in answer ? { ...answer, cf: false } : answer)),
      stepsOf,
    ),
  }),
  'SNP_PAGE_UNSMASH does nothing': alone('SNP_PAGE_UNSMASH', [commands({ name: 'SNP_PAGE_UNSMASH', page: 0 })], {
    steps: onCommand('SNP_PAGE_UNSMASH', () => 'SUCCESS'),
  }),
  'sizes need not agree': alone(
    'a write of a guest through a 2M mapping of 4K entries',
    [{ do: 'access', access: guestAccess(3, { mapping: 8192 }), value: 1 }],
    {
      steps: onAccess((access, machine) =>
        access.who === 'SNP guest' && access.isPrivate ? { ...access, mapping: sizeOf(machine, access.spa) } : access,
      ),
    },
  ),
  'a guest’s shared write is not checked': alone(
    'a shared write of a guest to an assigned page',
    [sharedWrite],
    { steps: writesAtOnce(({ who, ...access }) => who === 'SNP guest' && 'isPrivate' in access && !access.isPrivate) },
    ['integrity'],
  ),
  'reads of the hypervisor are checked': alone('a read of an assigned page', [reads(3)], {
    steps: onAccess((access) => (access.who === 'SNP guest' ? access : { ...access, write: true })),
  }),
  'a CPU without SNP_EN checks': alone('writes', [writes(2)], {
    mutate: (machine) => {
      machine.snpOn = () => true
    },
  }),
  'a failing walk says FINAL': alone('a walk of guest page tables', [walks], {
    steps: onAccess((access) => (access.who === 'SNP guest' ? { ...access, tableWalk: false } : access)),
  }),
  'RMPOPT spares SNP guests their checks, too': alone(
    'RMPOPT, a write of a guest to a page that it does not have',
    [does(verify(ready(), 1)), guestWrites(4)],
    {
      steps: writesAtOnce(
        ({ who, spa }, { tables, topology }, cpu) => who === 'SNP guest' && tables.isOptimised(topology.coreOf(cpu), spa),
      ),
    },
    ['isolation'],
  ),
  'VMPL rights are not asked': alone(
    'RMPADJUST, then a write at VMPL 1',
    [does({ name: 'RMPADJUST', guest: guestOf(3), size: '4K', targetVmpl: 1, permissions: 1, vmsa: false })],
    {
      mutate: ({ rmp }) => {
        rmp.permissions = () => 0xf
      },
    },
  ),
  'beyond its reach RMPOPT does not say no': alone('RMPOPT beyond all memory', [does(verify(ready(), 10))], {
    mutate: having({ outOfReach: 'unspecified' }),
  }),
  'a table reaches everything': alone('RMPOPT', [does(verify(ready(), 1))], {
    mutate: ({ tables }) => {
      tables.reaches = (core) => tables.bases[core].enabled
    },
  }),
  'taking a page back clears all regions': alone('RMPUPDATE that makes a page shared', [does(share(3))], {
    mutate: ({ tables, topology }) => {
      const drop = tables.dropResult.bind(tables)
      tables.dropResult = (region) => {
        drop(region)
        tables.sets.fill(topology.coreSets.none)
      }
    },
  }),
  'SNP_INIT_EX does not ask for SNP_EN everywhere': alone('SNP_INIT_EX', [init], {
    steps: onCommand('SNP_INIT_EX', (command, world, { cpus }) => {
      const before = cpus.map(({ snpEn }) => snpEn)
      for (const cpu of cpus) cpu.snpEn = true
      const status = world.firmware(command)
      for (const [cpu, snpEn] of before.entries()) cpus[cpu].snpEn = snpEn
      return status
    }),
  }),
  'a legacy shutdown is a full one': alone(
    'SNP_SHUTDOWN_EX',
    [init, commands({ name: 'SNP_SHUTDOWN_EX', x86SnpShutdown: false })],
    {
      steps: onCommand('SNP_SHUTDOWN_EX', (_, world) => world.firmware({ name: 'SNP_SHUTDOWN_EX', x86SnpShutdown: true })),
    },
  ),
}

type Of = Parameters<Steps>

/** The same CPU executes another instruction. */
function other([world, machine, cpu]: Of, instruction: Instruction): ReturnType<Steps> {
  return stepsOf(world, machine, cpu, does(instruction))
}

// biome-ignore lint/correctness/useYield: one step
function* answers(answer: Answer): ReturnType<Steps> {
  return answer
}

function* changed(of: Of, change: (answer: Answer) => Answer): ReturnType<Steps> {
  return change(yield* stepsOf(...of))
}

function onCommand(
  name: FirmwareCommand['name'],
  status: (command: FirmwareCommand, world: World, machine: Machine) => Extract<Answer, { kind: 'status' }>['status'],
): Steps {
  return function* (...of) {
    const [world, machine, , operation] = of
    if (operation.do !== 'firmware' || operation.command.name !== name) return yield* stepsOf(...of)
    return { kind: 'status', status: status(operation.command, world, machine) }
  }
}

/** Hardware that lets some writes pass without a look. */
function writesAtOnce(which: (access: Access, machine: Machine, cpu: number) => boolean): Steps {
  return function* (...of) {
    const [world, machine, cpu, operation] = of
    if (operation.do !== 'access' || !operation.access.write) return yield* stepsOf(...of)
    if (!which(operation.access, machine, cpu)) return yield* stepsOf(...of)
    world.write(Math.floor(operation.access.spa / machine.geometry.pageBytes), operation.value)
    return { kind: 'passed', how: 'no check' }
  }
}

function sizeOf({ rmp, geometry }: Machine, spa: number): number {
  return rmp.entry(Math.floor(spa / geometry.pageBytes)).size === '2M' ? geometry.hugeBytes : geometry.pageBytes
}

/** What an access is instead. */
function onAccess(instead: (access: Access, machine: Machine, cpu: number) => Access): Steps {
  return function* (...of) {
    const [world, machine, cpu, operation] = of
    if (operation.do !== 'access') return yield* stepsOf(...of)
    return yield* stepsOf(world, machine, cpu, { ...operation, access: instead(operation.access, machine, cpu) })
  }
}
