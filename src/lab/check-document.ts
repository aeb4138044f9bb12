import { z } from 'zod'
import type { PolicySpec } from '../policy/index.ts'
import { UserError } from '../workload/index.ts'
import type { CheckCell, CheckResult } from './check-result.ts'
import { explain, shown } from './issue-words.ts'
import { type PolicyInput, resolvePolicy } from './policy-input.ts'

const count = z.number().int().min(0)
const FactSchema = z.object({ of: z.string(), now: z.string() })

const StepSchema = z.object({
  action: count,
  cpu: count,
  who: z.string(),
  what: z.string(),
  goesOn: z.literal(true).optional(),
  changes: z.array(FactSchema),
})

/** All fields of a cell: none may get lost between a result and its replay. */
const cell = {
  policy: z.string(),
  scenario: z.string(),
  property: z.string(),
  verdict: z.enum(['holds', 'fails', 'unfinished']),
  states: count,
  steps: count.optional(),
  because: z.enum(['states', 'bytes', 'stopped', 'all failed', 'samples']).optional(),
  stepsSeen: count.optional(),
  start: z.array(FactSchema).optional(),
  trace: z.array(StepSchema).optional(),
  repeatsFrom: count.optional(),
  stuck: z.array(z.string()).optional(),
} as const satisfies Record<keyof CheckCell, z.ZodType>

const DocumentSchema = z.object({
  schema: z.literal('rmpopt.check/1'),
  holds: z.boolean(),
  policies: z.array(z.object({ name: z.string(), path: z.string().optional(), point: z.unknown().optional() })),
  scenarios: z.array(z.object({ name: z.string(), sentence: z.string(), path: z.string().optional() })),
  properties: z.array(z.object({ name: z.string(), sentence: z.string() })),
  results: z.array(z.object(cell)),
})

/**
 * A result of `rmpopt check`, as it was written.
 * @throws UserError where it is none, or not whole
 */
export function checkDocument(path: string, text: string): CheckResult {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    throw new UserError(`${path}: this is no result of rmpopt check; give a file that --out has written`)
  }
  if ((given as Partial<CheckResult> | null)?.schema !== 'rmpopt.check/1')
    throw new UserError(`${path}: this is no result of rmpopt check; give a file that --out has written`)
  const parsed = DocumentSchema.safeParse(given, { reportInput: true })
  if (!parsed.success) throw new UserError(`${path}: ${explain(parsed.error.issues[0], () => [])}`)
  const document = parsed.data
  const problem = contradiction(document)
  if (problem !== undefined) throw new UserError(`${path}: ${problem}`)
  const policies = document.policies.map(({ point, ...policy }, index) =>
    point === undefined ? policy : { ...policy, point: pointFrom(point, path, `policies.${index}.point`) },
  )
  return { ...document, policies }
}

function pointFrom(point: unknown, path: string, at: string): PolicySpec {
  const policy = resolvePolicy(point as PolicyInput, path, at)
  if (typeof policy === 'object' && !('keptBytes' in policy)) return policy
  throw new UserError(`${path}: ${at}: ${shown(point)} is no point of the space; check it again`)
}

/** What does not go together, if something does not. */
function contradiction({ results, ...named }: z.output<typeof DocumentSchema>): string | undefined {
  for (const [index, cell] of results.entries()) {
    const lists = { policy: named.policies, scenario: named.scenarios, property: named.properties } as const
    for (const [field, list] of Object.entries(lists)) {
      const name = cell[field as keyof typeof lists]
      if (!list.some((one) => one.name === name))
        return `results.${index}.${field}: ${shown(name)} is not among those of the document; check it again`
    }
    const { verdict, trace, repeatsFrom } = cell
    if ((verdict === 'fails') !== (trace !== undefined))
      return `results.${index}: ${verdict} ${trace === undefined ? 'without' : 'with'} a trace; check it again`
    if (repeatsFrom !== undefined && repeatsFrom >= (trace?.length ?? 0))
      return `results.${index}.repeatsFrom: there is no step ${repeatsFrom}; check it again`
  }
  return undefined
}
