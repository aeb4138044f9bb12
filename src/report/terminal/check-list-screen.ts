import type { CheckResult } from '../../lab/index.ts'
import { coloursOf, comfortable, type ScreenOptions, wrapped } from './screen.ts'

/** The scenarios and properties that there are, and what they say. */
export function checkListScreen(
  { scenarios, properties }: Pick<CheckResult, 'scenarios' | 'properties'>,
  options: ScreenOptions,
): string {
  const { bold } = coloursOf(options)
  const told = (things: readonly { readonly name: string; readonly sentence: string }[]) =>
    things.flatMap(({ name, sentence }) => [
      `  ${bold(name)}`,
      ...wrapped(sentence, comfortable(options) - 6).map((line) => `      ${line}`),
    ])
  return ['Scenarios', ...told(scenarios), '', 'Properties', ...told(properties)].map((line) => `${line}\n`).join('')
}
