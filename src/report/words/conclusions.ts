import type { ComparedFigure, ComparedPolicy, CompareResult } from '../../lab/index.ts'
import { COUNTED_WORDS, visiblyDifferent } from './figures.ts'
import { listed, percent, plural } from './format.ts'
import { beats, bestOther, type Counted, runnable, versusOf } from './standing.ts'

/** What a comparison says, in a few sentences: the answer first, then what it is worth. Nothing that the figures do not say. */
export function conclusions(result: CompareResult): string[] {
  const policies = runnable(result)
  if (result.ideal.coverageMean === 0) return ['No region can be optimised on these hosts, whatever the policy.']
  if (policies.length === 0) return ['Only bounds were run: there is no policy to judge.']
  return [answer(result, policies), ...tradeOffs(result, policies), ...worth(result, policies), ...robustness(result)]
}

function answer(result: CompareResult, policies: readonly ComparedPolicy[]): string {
  const [versus, best] = [versusOf(result), bestOther(result)]
  if (best === undefined) return alone(versus ?? policies[0])
  if (versus === undefined || versus.isBound) return leaders(policies)
  if (beats(best, versus)) return better(best, versus, policies)
  if (policies.every((policy) => visiblyDifferent(policy, versus).length === 0)) {
    return `All ${policies.length} policies come out the same: which one runs makes no difference here.`
  }
  const beaten = policies.filter((policy) => beats(versus, policy)).length
  const others = policies.length - 1
  if (beaten === others)
    return `${versus.name} is at least as good as ${others === 1 ? best.name : `all ${others} others`} in every respect.`
  return `No policy here beats ${versus.name} in every respect: what betters one figure costs another.`
}

function alone({ name, shareOfIdeal, cpuShare }: ComparedPolicy): string {
  const cost = cpuShare === 0 ? 'no CPU time' : `${percent(cpuShare)} of all CPU time`
  return `${name}, the only policy run, reaches ${percent(shareOfIdeal)} of the coverage that is possible, for ${cost}.`
}

/** The policy beats `versus` by the figures; where that does not show as they are written, it is called even. */
function better(best: ComparedPolicy, versus: ComparedPolicy, policies: readonly ComparedPolicy[]): string {
  const differing = visiblyDifferent(best, versus)
  if (differing.length === 0) return `Nothing here does visibly better than ${versus.name}; ${best.name} does as well.`
  const figures = differing.map((figure) => instead(figure, best, versus)).join(', ')
  const blurred = differing.filter((figure) => overlap(figure, best, versus))
  const doubt =
    blurred.length === 0 ? '' : `; the seeds’ ranges overlap in ${listed(blurred.map((figure) => COUNTED_WORDS[figure].name))}`
  const more = policies.filter((policy) => policy !== best && beats(policy, versus)).length
  const also = more === 0 ? '' : ` So ${more === 1 ? 'does one more' : `do ${more} more`}.`
  return `${best.name} beats ${versus.name} without being worse in any respect: ${figures}${doubt}.${also}`
}

function instead(figure: Counted, policy: ComparedPolicy, versus: ComparedPolicy): string {
  const { name, write } = COUNTED_WORDS[figure]
  return `${name} ${write(policy[figure])} instead of ${write(versus[figure])}`
}

/** With several seeds: whether the figures of two policies lie in ranges that have something in common. */
function overlap(figure: Counted, policy: ComparedPolicy, other: ComparedPolicy): boolean {
  const key = figure as ComparedFigure
  const [own, theirs] = [policy.range?.[key], other.range?.[key]]
  return own !== undefined && theirs !== undefined && own[0] <= theirs[1] && theirs[0] <= own[1]
}

/** Who is best in what, if nobody is in everything. */
function tradeOffs(result: CompareResult, policies: readonly ComparedPolicy[]): string[] {
  const versus = versusOf(result)
  const isOpen =
    versus !== undefined && !versus.isBound && policies.length > 1 && policies.every((policy) => !beats(policy, versus))
  if (!isOpen || policies.every((policy) => policy === versus || beats(versus, policy) || same(policy, versus))) return []
  return [leaders(policies)]
}

function same(policy: ComparedPolicy, other: ComparedPolicy): boolean {
  return visiblyDifferent(policy, other).length === 0
}

function leaders(policies: readonly ComparedPolicy[]): string {
  const least = (figure: Counted) => policies.reduce((best, policy) => (policy[figure] < best[figure] ? policy : best))
  const [covering, cheap] = [least('coverageLost'), least('cpuNs')]
  if (covering === cheap)
    return `Of the policies run, ${covering.name} loses least coverage and takes least CPU time: ${both(covering)}.`
  return `${covering.name} loses least coverage (${both(covering)}), ${cheap.name} takes least CPU time (${both(cheap)}).`
}

function both({ coverageLost, cpuNs }: ComparedPolicy): string {
  const { coverageLost: lost, cpuNs: cpu } = COUNTED_WORDS
  return `${lost.write(coverageLost)} lost for ${cpu.write(cpuNs)}`
}

/** What another policy can win at most, beside what no policy can, and how far apart the policies are. */
function worth(result: CompareResult, policies: readonly ComparedPolicy[]): string[] {
  const sorted = [...policies].sort((a, b) => a.coverageLost - b.coverageLost)
  const [least, most] = [sorted[0], sorted[sorted.length - 1]]
  const versus = policies.find(({ name }) => name === result.versus) ?? least
  const fixed = percent(1 - result.ideal.coverageMean)
  const limit = `Over ${versus.name} a policy can win ${upTo(percent(versus.coverageLost))} of coverage; ${fixed} of the memory outside SNP guests \
is beyond every policy, because its regions hold assigned pages or lie out of reach.`
  const [low, high] = [percent(least.coverageLost), percent(most.coverageLost)]
  if (low === high) return [limit]
  return [limit, `Coverage lost ranges from ${low} (${least.name}) to ${high} (${most.name}).`]
}

/** `at most 0.0091 %`, `less than 0.0001 %`. */
function upTo(share: string): string {
  return share.startsWith('< ') ? `less than ${share.slice(2)}` : `at most ${share}`
}

/** Whether it holds where what is assumed is otherwise. */
function robustness({ sensitivity }: CompareResult): string[] {
  if (sensitivity === undefined || sensitivity.conclusions.length === 0) return []
  const total = sensitivity.conclusions.length
  const survive = sensitivity.conclusions.filter(({ survives }) => survives).length
  const parameters = plural(sensitivity.cases.length, 'assumed parameter')
  const all = total === 1 ? 'The one conclusion holds' : `All ${total} conclusions hold`
  const some = `${survive === 0 ? 'None' : survive} of ${plural(total, 'conclusion')} ${survive === 1 ? 'holds' : 'hold'}`
  return [`${survive === total ? all : some} over the whole assumed range of ${parameters}.`]
}
