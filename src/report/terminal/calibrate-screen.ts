import Table from 'cli-table3'
import type { CalibrateResult, FittedRow } from '../../lab/index.ts'
import { digits, duration } from '../words/format.ts'
import { coloursOf, comfortable, type ScreenOptions, wrapped } from './screen.ts'
import { bare } from './tables.ts'

/** The fit of the cost model: its parameters, every measurement beside what the model says, and what the others alone would have said. */
export function calibrateScreen(result: CalibrateResult, options: ScreenOptions): string {
  const { bold, dim } = coloursOf(options)
  const width = comfortable(options)
  const { residualMax, leaveOneOutErrorMax, rows } = result
  const undetermined = rows.filter(({ leaveOneOut }) => leaveOneOut !== null && !leaveOneOut.isDetermined)
  return [
    bold('Parameters') + dim(' and the rows that determine them: percent of change for a percent of the row'),
    parameterTable(result, width),
    '',
    bold('Rows') + dim(' as measured, as the simulator repeats them, and as it would without the row'),
    rowTable(rows, width),
    '',
    ...wrapped(
      `Rows of the fit within ${share(residualMax)}; each left out, within ${share(leaveOneOutErrorMax)}. σ: how uncertain the fit takes a row to be.`,
      width,
    ),
    ...undetermined.flatMap(({ id }) =>
      wrapped(`${id} cannot be foretold: without it the others do not determine all parameters.`, width),
    ),
    '',
  ].join('\n')
}

function parameterTable({ parameters }: CalibrateResult, width: number): string {
  const table = new Table({ ...bare, colWidths: [NAME, VALUE, width - NAME - VALUE], wordWrap: true })
  for (const { name, unit, value, what, determinedBy } of parameters) {
    const rows = determinedBy.map(({ row, elasticity }) => `${row} ${elasticity > 0 ? '+' : '−'}${Math.abs(elasticity)}`)
    table.push([name, unit === 'ns' ? `${value} ns` : String(value), `${what}: ${rows.join(', ')}`])
  }
  return table.toString().replace(/ +$/gm, '')
}

const NAME = 21
const VALUE = 11

function rowTable(rows: readonly FittedRow[], width: number): string {
  const columns = [18, 11, 8, 11, 9, 12, width - 69]
  const align = ['left', 'right', 'right', 'right', 'right', 'right', 'right'] as const
  const table = new Table({ ...bare, colWidths: columns, colAligns: [...align] })
  table.push(['', 'measured', 'σ', 'model', 'off by', 'left out:', 'off by'])
  for (const { id, measuredNs, sigma, predictedNs, residual, leaveOneOut, isFitted } of rows) {
    const alone = leaveOneOut === null ? ['not used', ''] : [duration(leaveOneOut.predictedNs), signed(leaveOneOut.error)]
    table.push([id, duration(measuredNs), isFitted ? share(sigma) : '', duration(predictedNs), signed(residual), ...alone])
  }
  return table.toString().replace(/ +$/gm, '')
}

/** `1 %`, `5.5 %`. */
function share(fraction: number): string {
  return `${digits(fraction * 100)} %`
}

/** `+0.4 %`, `−10.8 %`. */
function signed(fraction: number): string {
  return `${fraction < 0 ? '−' : '+'}${(Math.abs(fraction) * 100).toFixed(1)} %`
}
