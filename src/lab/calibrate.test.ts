import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { readMeasurements } from '../files/index.ts'
import { CALIBRATED, COSTS } from '../sim/index.ts'
import { type CalibrateResult, calibrate, EXPERIMENT_IDS } from './calibrate.ts'
import { Experiments } from './calibration/experiments.ts'
import type { Measurement } from './calibration/measurements.ts'
import { PARAMETERS } from './calibration/parameters.ts'
import { SimulatedModel } from './calibration/simulated-model.ts'

let measurements: Measurement[]
let result: CalibrateResult
beforeAll(async () => {
  measurements = await readMeasurements('data/measurements.yaml')
  result = calibrate(measurements)
})

describe('the fit', () => {
  it('says every row that it uses within 5 %', () => {
    for (const { id, isFitted, residual } of result.rows) if (isFitted) expect(Math.abs(residual), id).toBeLessThan(0.05)
    expect(result.residualMax).toBeLessThan(0.05)
  })

  it('foretells every row that is left out within 15 %, and could not have come out otherwise', () => {
    const used = result.rows.filter(({ isFitted }) => isFitted)
    expect(used).toHaveLength(9)
    for (const { id, leaveOneOut } of used) {
      expect(Math.abs(leaveOneOut?.error ?? 1), id).toBeLessThan(0.15)
      expect(leaveOneOut?.isDetermined, id).toBe(true)
    }
  })

  it('is what the simulator runs with', () => {
    const values = Object.fromEntries(result.parameters.map(({ name, value }) => [name, value]))
    for (const [name, value] of Object.entries(CALIBRATED)) expect(values[name], name).toBe(value)
  })

  it('comes out the same each time', () => {
    expect(calibrate(measurements)).toEqual(result)
  })

  it('comes out the same whatever the order of the rows', () => {
    const parameters = calibrate([...measurements].reverse()).parameters.map(({ value }) => value)
    result.parameters.forEach(({ name, value }, at) => {
      expect(parameters[at] / value, name).toBeCloseTo(1, 3)
    })
  })

  it('says so when a row cannot be foretold without itself', () => {
    const two = ['pass-first-page', 'pass-empty']
    const less = calibrate(measurements.map((row) => (two.includes(row.id) ? { ...row, isFitted: false } : row)))
    expect(less.rows.find(({ id }) => id === 'cross-call')?.leaveOneOut?.isDetermined).toBe(false)
  })

  it('follows the measurements: a tenth slower everywhere is a tenth dearer', () => {
    const slow = calibrate(measurements.map((row) => ({ ...row, valueNs: row.valueNs * 1.1 })))
    const value = ({ parameters }: CalibrateResult, name: string) => parameters.find((one) => one.name === name)?.value ?? 0
    expect(value(slow, 'summaryNs') / value(result, 'summaryNs')).toBeCloseTo(1.1, 1)
    expect(value(slow, 'cachedContentionNs') / value(result, 'cachedContentionNs')).toBeCloseTo(1.1, 1)
    expect(value(slow, 'deepShare') / value(result, 'deepShare')).toBeCloseTo(1, 1)
  })

  it('refuses too few rows', () => {
    expect(() => calibrate(measurements.map((row, at) => ({ ...row, isFitted: at < 5 })))).toThrow(/5 rows cannot determine 6/)
  })
})

describe('the model of the fit', () => {
  it('is the simulator: there is an experiment for every row of a table', () => {
    expect(Object.keys(new Experiments().all)).toEqual(EXPERIMENT_IDS)
  })

  it('says what the simulator says, for any parameters', () => {
    const model = new SimulatedModel(new Experiments(), COSTS)
    const value = ({ start }: (typeof PARAMETERS)[number]) => fc.double({ min: start / 2, max: start * 3, noNaN: true })
    fc.assert(
      fc.property(fc.tuple(...PARAMETERS.map(value)), (values) => {
        for (const id of EXPERIMENT_IDS) {
          const simulated = model.simulateNs(id, values)
          expect(Math.abs(model.predictNs(id, values) / simulated - 1), id).toBeLessThan(0.003)
        }
      }),
      { numRuns: 20, seed: 1 },
    )
  })
})
