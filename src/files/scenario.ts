import { dirname, isAbsolute, join } from 'node:path'
import { type Document, isMap, isScalar, type LineCounter, stringify } from 'yaml'
import { resolveScenario, type ScenarioInput } from '../lab/index.ts'
import { UserError } from '../workload/index.ts'
import { readYaml, type YamlKind } from './yaml.ts'

/**
 * Reads a scenario from a YAML file and checks it. An empty file is a scenario without any wishes. A relative `trace:` is
 * relative to the file.
 *
 * @throws UserError naming file and line, for a file that cannot be read, is not YAML, or is no scenario
 */
export async function readScenario(path: string): Promise<ScenarioInput> {
  const { document, lines, content } = await readYaml(path, SCENARIO)
  if (content !== null && !isMap(document.contents)) {
    throw new UserError(`${path}: holds no fields; write lines such as "policy: v10" (a trace is given by --trace)`)
  }
  checked(path, document, lines, content)
  const input = (content ?? {}) as ScenarioInput
  if (input.trace === undefined || isAbsolute(input.trace)) return input
  return { ...input, trace: join(dirname(path), input.trace) }
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

function checked(path: string, document: Document, lines: LineCounter, content: unknown): void {
  try {
    resolveScenario(content, path)
  } catch (error) {
    if (!(error instanceof UserError) || !error.message.startsWith(`${path}: `)) throw error
    const message = error.message.slice(path.length + 2)
    const line = lineOf(document, lines, message)
    throw new UserError(`${path}:${line === undefined ? '' : `${line}:`} ${message}`)
  }
}

/** The line of the field that a message of `resolveScenario` begins with; of what holds it where it is not in the file. */
function lineOf(document: Document, lines: LineCounter, message: string): number | undefined {
  const [, field] = /^(?:unknown field )?([\w.]+)/.exec(message) ?? []
  let line: number | undefined
  let node: unknown = document.contents
  for (const name of field?.split('.') ?? []) {
    if (!isMap(node)) break
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === name)
    if (pair === undefined) break
    if (isScalar(pair.key) && pair.key.range) line = lines.linePos(pair.key.range[0]).line
    node = pair.value
  }
  return line
}
