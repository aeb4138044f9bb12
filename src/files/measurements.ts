import { type Document, isMap, isScalar, isSeq, type LineCounter } from 'yaml'
import { EXPERIMENT_IDS, type Measurement, measurementsFrom } from '../lab/index.ts'
import { readYaml, type YamlKind } from './yaml.ts'

const TABLE: YamlKind = {
  name: 'table of measurements',
  insteadOfLarge: 'give one such as data/measurements.yaml',
  insteadOfText: 'give a table in YAML, such as data/measurements.yaml',
}

/**
 * Reads a table of measurements from a YAML file and checks it.
 * @throws UserError naming file and line, for a file that cannot be read, is not YAML, or is no such table
 */
export async function readMeasurements(path: string): Promise<Measurement[]> {
  const { document, lines, content } = await readYaml(path, TABLE)
  return measurementsFrom(content, EXPERIMENT_IDS, path, (at) => lineOf(document, lines, at))
}

/** The line of a field; of what holds it where it is not in the file. */
function lineOf(document: Document, lines: LineCounter, path: readonly (string | number)[]): number | undefined {
  let line: number | undefined
  let node: unknown = document.contents
  const mark = (at: unknown) => {
    const range = (at as { range?: readonly number[] | null } | null)?.range
    if (range) line = lines.linePos(range[0]).line
  }
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step)
      if (pair === undefined) break
      mark(pair.key)
      node = pair.value
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step]
      mark(node)
    } else break
  }
  return line
}
