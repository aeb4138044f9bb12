import { SYSCFG_MFDM, SYSCFG_SNP_EN, SYSCFG_VMPL_EN } from '../../arch/index.ts'
import { ASSIGNED, IMMUTABLE, initSnp, SIZE_2M, setRmpoptBase, setSyscfg, VALIDATED, VMSA } from '../../machine/index.ts'
import { stepsOf } from '../hardware/operation.ts'
import { World } from '../hardware/world.ts'
import { operationOf } from './operations.ts'
import { LitmusProblem, unknown } from './problem.ts'
import { isWord, numberIn, numberOf, Operands, type Scope } from './scope.ts'
import type { Setup, Word } from './syntax.ts'

/** Bits of the states of §4 that can be set up. [APM] */
const STATES: Readonly<Record<string, number>> = {
  Hypervisor: 0,
  'HV-Fixed': IMMUTABLE,
  Firmware: ASSIGNED | IMMUTABLE,
  Reclaim: ASSIGNED,
  'Pre-Guest': ASSIGNED | IMMUTABLE,
  'Guest-Invalid': ASSIGNED,
  'Guest-Valid': ASSIGNED | VALIDATED,
  'Pre-Swap': ASSIGNED | VALIDATED | IMMUTABLE,
}

const SWITCHES: Readonly<Record<string, readonly string[]>> = { snp: ['off', 'enabled', 'on'], rmpopt: ['off', 'on'] }

/**
 * Brings a machine into the state that the `init` lines describe, in their order. SNP first: `on` (unless a line says otherwise)
 * is SNP_EN everywhere, SNP_INIT_EX done, RMPOPT_BASE enabled; `enabled` is without SNP_INIT_EX; `off` is out of reset.
 * @returns what was written to memory
 */
export function setUp(scope: Scope, setups: readonly Setup[]): { pfn: number; value: number }[] {
  const memory: { pfn: number; value: number }[] = []
  const switches = new Map<string, string>()
  for (const setup of setups) if (setup.kind === 'switch') readSwitch(setup.name, setup.value, switches)
  switchOn(scope, switches.get('snp') ?? 'on', switches.get('rmpopt') ?? 'on')
  for (const setup of setups) {
    if (setup.kind === 'entry') setEntry(scope, setup)
    if (setup.kind === 'memory') memory.push({ pfn: scope.page(setup.where), value: numberIn(setup.value, 0, 2 ** 31 - 1) })
    if (setup.kind === 'optimised') optimise(scope, setup)
    if (setup.kind === 'run') run(scope, setup)
  }
  return memory
}

function readSwitch(name: Word, value: Word, switches: Map<string, string>): void {
  const known = SWITCHES[name.text.toLowerCase()]
  if (known === undefined) throw unknown(name, 'thing to set up', name.text, Object.keys(SWITCHES))
  const chosen = known.find((one) => isWord(value, one))
  if (chosen === undefined) throw unknown(value, `state of ${name.text}`, value.text, known)
  switches.set(name.text.toLowerCase(), chosen)
}

function switchOn({ machine }: Scope, snp: string, rmpopt: string): void {
  if (snp === 'off' || !machine.features.snp) return
  for (const cpu of machine.cpus.keys()) setSyscfg(machine, cpu, SYSCFG_MFDM)
  for (const cpu of machine.cpus.keys()) setSyscfg(machine, cpu, SYSCFG_SNP_EN | SYSCFG_VMPL_EN)
  if (snp === 'on') initSnp(machine)
  if (rmpopt === 'off' || !machine.features.rmpopt || machine.layout?.kind !== 'segmented') return
  for (const cpu of machine.cpus.keys()) setRmpoptBase(machine, cpu, 0)
}

function setEntry(scope: Scope, { where, state, fields }: Extract<Setup, { kind: 'entry' }>): void {
  const { rmp, geometry } = scope.machine
  const { what, ...piece } = scope.present(where)
  const spa: number = piece.spa
  if (what === 'region') throw new LitmusProblem(where, 'a region has no entry; write page0 or huge0')
  const name = Object.keys(STATES).find((one) => isWord(state, one))
  if (name === undefined) throw unknown(state, 'page state', state.text, Object.keys(STATES))
  const operands = new Operands(state, fields)
  const isGuests = name.startsWith('Guest') || name.startsWith('Pre')
  const asid = numberOf(operands.value('asid')?.[0] ?? { ...state, text: isGuests ? '1' : '0' })
  const gpa = operands.value('gpa')
  const vmsa = operands.flag('vmsa') ? VMSA : 0
  operands.end(['asid', 'gpa', 'vmsa'])
  const gfn = (gpa === undefined ? (isGuests ? spa : 0) : scope.address(gpa)) / geometry.pageBytes
  const bits = STATES[name] | vmsa
  const pfn = spa / geometry.pageBytes
  const isInside2M = (rmp.bits(pfn) & SIZE_2M) !== 0
  if (what === 'huge') rmp.setHuge(rmp.hugeOf(pfn), bits === 0 ? 0 : bits | SIZE_2M, asid, gfn)
  else if (isInside2M) throw new LitmusProblem(where, 'the page lies in a 2M entry; set it up before, or leave it out')
  else rmp.setPage(pfn, bits, asid, gfn)
}

function optimise(scope: Scope, { region, cpus }: Extract<Setup, { kind: 'optimised' }>): void {
  const { machine } = scope
  const spa = scope.region(region) * machine.geometry.regionBytes
  const all = cpus.length === 1 && isWord(cpus[0], 'all')
  for (const cpu of all ? machine.cpus.keys() : cpus.map((word) => scope.cpu(word))) {
    const outcome = machine.execute(cpu, { name: 'RMPOPT', rax: spa, rcx: 0 })
    if (outcome.kind !== 'done' || !outcome.cf) {
      throw new LitmusProblem(
        region,
        `${region.text} cannot be optimised on CPU${cpu} as things stand; move the line up, or leave it out`,
      )
    }
  }
}

function run(scope: Scope, { cpu, instr }: Extract<Setup, { kind: 'run' }>): void {
  const operation = operationOf(scope, instr, { who: 'hypervisor', asid: 0, vmpl: 0 })
  const world = new World(scope.machine)
  const steps = stepsOf(world, scope.machine, scope.cpu(cpu), operation)
  while (!steps.next().done) {}
}
