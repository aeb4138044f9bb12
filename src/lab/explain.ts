import type { ExplainResult } from './explain-result.ts'
import { STORY } from './story.ts'
import { Stage } from './story-stage.ts'

/**
 * The theory of operation, narrated from a real run of the model: the hardware, the v10 driver and a guest on the host
 * `tiny`. What each step shows is what the model did just then; change the model and the story changes.
 */
export function explain(): ExplainResult {
  const stage = new Stage()
  const steps = STORY.map(({ title, text, act }, index) => {
    const before = stage.map()
    act(stage)
    const { operations, log } = stage.take()
    return { number: index + 1, title, text, atNs: stage.nowNs, operations, log, before, after: stage.map() }
  })
  return { schema: 'rmpopt.explain/1', host: stage.host, steps }
}
