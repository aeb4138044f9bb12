import type { Access, FirmwareCommand } from '../../machine/index.ts'
import type { Operation } from '../hardware/operation.ts'
import { type Executor, INSTRUCTIONS } from './instructions.ts'
import { LitmusProblem, unknown } from './problem.ts'
import { numberIn, numberOf, Operands, type Scope } from './scope.ts'
import type { Instr, Word } from './syntax.ts'

/** What a cell of a file is to the hardware. */
export function operationOf(scope: Scope, { mnemonic, operands }: Instr, executor: Executor): Operation {
  const name = mnemonic.text.toUpperCase()
  const given = new Operands({ ...mnemonic, text: name }, operands)
  if (name === 'MOV') return move(scope, given, executor)
  const command = COMMANDS[name]
  if (command !== undefined) return { do: 'firmware', command: command(scope, given) }
  const instruction = INSTRUCTIONS[name]
  if (instruction === undefined && /^CPU\d+$/.test(name))
    throw new LitmusProblem(mnemonic, `${name} is no instruction; give it a column beside the others: "CPU0 | CPU1"`)
  if (instruction === undefined) {
    throw unknown(mnemonic, 'instruction', mnemonic.text, ['MOV', ...Object.keys(INSTRUCTIONS), ...Object.keys(COMMANDS)])
  }
  return { do: 'instruction', instruction: instruction(scope, given, executor) }
}

/** `MOV [page3], 1` writes, `MOV EAX, [page3]` reads. */
function move(scope: Scope, operands: Operands, executor: Executor): Operation {
  const write = operands.isMemoryNext
  const [place] = write ? operands.first('memory such as [page0]', true) : operands.first('EAX, or memory such as [page0]')
  if (!write && /^(page|huge|region)\d+$/i.test(place.text))
    throw new LitmusProblem(place, `memory stands in brackets; write [${place.text}]`)
  if (!write && place.text.toUpperCase() !== 'EAX') throw new LitmusProblem(place, 'a read goes to EAX; write MOV EAX, [page0]')
  const [source] = write ? operands.first('a number') : operands.first('memory such as [page0]', true)
  const page = write ? place : source
  const access = accessOf(scope, operands, executor, page, write)
  operands.end(['mapping', 'gpa', 'shared', 'walk'])
  return { do: 'access', access, value: write ? numberIn(source, 0, 2 ** 31 - 1) : 0 }
}

function accessOf(scope: Scope, operands: Operands, executor: Executor, page: Word, write: boolean): Access {
  const spa: number = scope.present(page).spa
  const { geometry } = scope.machine
  const size = operands.value('mapping')?.[0]
  const mapping =
    size === undefined
      ? geometry.pageBytes
      : { '4K': geometry.pageBytes, '2M': geometry.hugeBytes, '1G': geometry.regionBytes }[size.text.toUpperCase()]
  if (mapping === undefined) throw unknown(size as Word, 'size', (size as Word).text, ['4K', '2M', '1G'])
  const gpa = operands.value('gpa')
  const isPrivate = !operands.flag('shared')
  const tableWalk = operands.flag('walk')
  const { who, asid, vmpl } = executor
  if (who !== 'SNP guest') return { who, spa, write, mapping }
  return { who, spa, write, mapping, asid, vmpl, gpa: gpa === undefined ? spa : scope.address(gpa), isPrivate, tableWalk }
}

/** Commands to the firmware, by name: what their operands are. */
const COMMANDS: Readonly<Record<string, (scope: Scope, operands: Operands) => FirmwareCommand>> = {
  SNP_INIT_EX: (scope, operands) => {
    const [firmware, hvFixed] = [operands.value('firmware'), operands.value('hvfixed')]
    operands.end(['firmware', 'hvfixed'])
    return { name: 'SNP_INIT_EX', firmwareRanges: rangesOf(scope, firmware), hvFixedRanges: rangesOf(scope, hvFixed) }
  },
  SNP_SHUTDOWN_EX: (_, operands) => {
    const kind = operands.oneOf(['full', 'legacy'])
    operands.end(['full', 'legacy'])
    return { name: 'SNP_SHUTDOWN_EX', x86SnpShutdown: kind !== 'legacy' }
  },
  SNP_GCTX_CREATE: (scope, operands) => ({ name: 'SNP_GCTX_CREATE', context: only(scope, operands) }),
  SNP_LAUNCH_FINISH: (scope, operands) => ({ name: 'SNP_LAUNCH_FINISH', context: only(scope, operands) }),
  SNP_DECOMMISSION: (scope, operands) => ({ name: 'SNP_DECOMMISSION', context: only(scope, operands) }),
  SNP_PAGE_UNSMASH: (scope, operands) => ({ name: 'SNP_PAGE_UNSMASH', page: only(scope, operands) }),
  SNP_DF_FLUSH: (_, operands) => {
    operands.end([])
    return { name: 'SNP_DF_FLUSH' }
  },
  SNP_ACTIVATE: (scope, operands) => {
    const [word] = operands.first('the context page')
    const asid = operands.value('asid')
    if (asid === undefined) throw new LitmusProblem(word, 'the ASID is missing; add asid=1')
    operands.end(['asid'])
    return { name: 'SNP_ACTIVATE', context: scope.present(word).spa, asid: numberOf(asid[0]) }
  },
  SNP_LAUNCH_UPDATE: (scope, operands) => {
    const [word] = operands.first('a page')
    const [context, gpa] = [operands.value('context'), operands.value('gpa')]
    if (context === undefined) throw new LitmusProblem(word, 'the context page is missing; add context=page0')
    const vmsa = operands.flag('vmsa')
    operands.end(['context', 'gpa', 'vmsa'])
    const page: number = scope.present(word).spa
    return {
      name: 'SNP_LAUNCH_UPDATE',
      page,
      context: scope.address(context),
      gpa: gpa === undefined ? page : scope.address(gpa),
      vmsa,
    }
  },
  SNP_PAGE_RECLAIM: (scope, operands) => {
    const [word] = operands.first('a page or huge page')
    const size = operands.oneOf(['4K', '2M'])
    operands.end(['4K', '2M'])
    const { spa, what } = scope.present(word)
    return { name: 'SNP_PAGE_RECLAIM', page: spa, size: size ?? (what === 'huge' ? '2M' : '4K') }
  },
}

function only(scope: Scope, operands: Operands): number {
  const [word] = operands.first('a page')
  operands.end([])
  return scope.present(word).spa
}

function rangesOf(scope: Scope, words: readonly Word[] | undefined): { start: number; end: number }[] {
  return (words ?? []).map((word) => {
    const { spa, bytes } = scope.present(word)
    return { start: spa, end: spa + bytes }
  })
}
