import { dirname, isAbsolute, join } from 'node:path'
import { isMap, stringify } from 'yaml'
import { type PolicyInput, resolveScenario, type ScenarioInput } from '../lab/index.ts'
import { UserError } from '../workload/index.ts'
import { isPolicyPath, readPolicy } from './policy.ts'
import { located, readYaml, type YamlKind } from './yaml.ts'

/**
 * Reads a scenario from a YAML file and checks it. An empty file is a scenario without any wishes. A relative `trace:`, or
 * file as `policy:`, is relative to the file.
 *
 * @throws UserError naming file and line, for a file that cannot be read, is not YAML, or is no scenario
 */
export async function readScenario(path: string): Promise<ScenarioInput> {
  const yaml = await readYaml(path, SCENARIO)
  if (yaml.content !== null && !isMap(yaml.document.contents)) {
    throw new UserError(`${path}: holds no fields; write lines such as "policy: v10" (a trace is given by --trace)`)
  }
  const from = (name: string) => (isAbsolute(name) ? name : join(dirname(path), name))
  const { policy, ...rest } = (yaml.content ?? {}) as ScenarioInput
  const input = policy === undefined ? rest : { ...rest, policy: await policyOf(policy, from) }
  located(path, yaml, () => resolveScenario(input, path))
  return input.trace === undefined ? input : { ...input, trace: from(input.trace) }
}

/** The policy, read from its file where that is named. */
async function policyOf(policy: PolicyInput, from: (name: string) => string): Promise<PolicyInput> {
  return typeof policy === 'string' && isPolicyPath(policy) ? readPolicy(from(policy)) : policy
}

const SCENARIO: YamlKind = {
  name: 'scenario',
  insteadOfLarge: 'give a trace by --trace',
  insteadOfText: 'name a scenario in YAML (a trace is given by --trace)',
}

/** A scenario as the text of a file that `readScenario` reads. */
export function formatScenario(input: ScenarioInput): string {
  return stringify(input)
}
