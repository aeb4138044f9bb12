import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { GIB } from '../src/arch/index.ts'
import { readTrace } from '../src/files/index.ts'
import {
  AZURE_V1,
  describeTrace,
  fitModel,
  generateTrace,
  type Trace,
  type TraceModel,
  type TraceShape,
} from '../src/workload/index.ts'

// The figures of docs/workload.md and the model of the generator, made again and compared byte for byte.
// `npx vitest run docs/workload.test.ts -u` writes them. The real trace may be absent; RMPOPT_TRACE tells where it is.
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const REAL = process.env['RMPOPT_TRACE'] ?? here('../../shared/traces/azure-v1-dev.csv')
const PAGE = here('workload.md')
const MODEL = here('../src/workload/azure-v1.ts')

const TABLE = /(?<=<!-- shapes -->\n\n)[\s\S]*(?=\n\n<!-- \/shapes -->)/

describe('docs/workload.md', () => {
  const page = readFileSync(PAGE, 'utf8')
  const shown = page.match(TABLE)?.[0] ?? ''
  const made = [generateTrace(), generateTrace({ vms: 3000, durationS: 86_400 })].map((trace) => figures(describeTrace(trace)))

  if (existsSync(REAL)) {
    let real: Trace
    beforeAll(async () => {
      real = await readTrace(REAL)
    })

    test('shows the shape of the real trace beside those of generated ones', async () => {
      const table = tableOf([figures(describeTrace(real)), ...made])
      await expect(page.replace(TABLE, table)).toMatchFileSnapshot(PAGE)
    })

    test('belongs to the model that is fitted to the real trace', async () => {
      const model = fitModel(real)
      await expect(sourceOf(model)).toMatchFileSnapshot(MODEL)
    })
  } else {
    test('shows the shape of generated traces beside the figures of the real one', async () => {
      const table = tableOf([columnOf(shown, 1), ...made])
      await expect(page.replace(TABLE, table)).toMatchFileSnapshot(PAGE)
    })

    test('shows figures of the real trace that agree with the model fitted to it', () => {
      const real = columnOf(shown, 1)
      expect(real['VMs']).toBe(whole(AZURE_V1.vms))
      expect(real['observed']).toBe(seconds(AZURE_V1.durationS))
      expect(real['largest batch']).toBe(whole(Math.max(...AZURE_V1.kinds.flatMap((kind) => kind.sizes))))
      expect(real['batches of one VM']).toBe(percent(AZURE_V1.kinds[0].share))
    })
  }
})

type Figures = Record<string, string>

function figures(shape: TraceShape): Figures {
  const { arrivals, batchSize, together, usage } = shape
  const flavours = shape.flavours
    .slice(0, 4)
    .map((flavour) => [`${flavour.vcpus} vCPU, ${flavour.memoryGib} GiB`, percent(flavour.share)])
  return {
    VMs: whole(shape.vms),
    observed: seconds(shape.endS),
    batches: whole(shape.batches),
    'VMs in a batch, mean': decimal(batchSize.mean),
    'batches of one VM': percent(batchSize.singleShare),
    'batch size, 99th percentile': whole(batchSize.p99),
    'largest batch': whole(batchSize.max),
    'VMs in batches of more than 128': percent(batchSize.vmsInLargeShare),
    'VMs arriving in 300 s, mean': decimal(arrivals.vmsMean),
    'VMs arriving in 300 s, most': whole(arrivals.vmsMax),
    'index of dispersion of VMs in 300 s': decimal(arrivals.vmsDispersion),
    'index of dispersion of batches in 300 s': decimal(arrivals.batchesDispersion),
    'correlation of VMs with those of the next 300 s': decimal(arrivals.vmsNextCorrelation),
    'amplitude of the daily wave of batches': percent(arrivals.batchesDailyAmplitude),
    ...Object.fromEntries(flavours),
    'pairs in a batch with the same flavour': percent(together.sameFlavourShare),
    'rank correlation of lifetimes in a batch': decimal(together.lifetimeCorrelation),
    'pairs in a batch with lifetimes within 25 %': percent(together.lifetimeCloseShare),
    ...Object.fromEntries(
      Object.entries(shape.lifetimesS).map(([p, timeS]) => [`lifetime, ${p.slice(1)}th percentile`, seconds(timeS)]),
    ),
    'still running at the end': percent(shape.stillRunningShare),
    'memory in use, mean': gib(usage.memoryBytesMean),
    'memory in use, peak': gib(usage.memoryBytesPeak),
    'vCPUs in use, mean': whole(usage.vcpusMean),
    'vCPUs in use, peak': whole(usage.vcpusPeak),
  }
}

function tableOf(columns: readonly Figures[]): string {
  const head = ['', 'azure-v1-dev.csv', 'generated', 'generated, 3000 VMs in a day']
  const rows = Object.keys(columns[0]).map((label) => [label, ...columns.map((column) => column[label] ?? '–')])
  return [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function columnOf(table: string, column: number): Figures {
  const rows = table.split('\n').slice(2)
  return Object.fromEntries(
    rows.map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''))).map((cells) => [cells[0], cells[column]]),
  )
}

const whole = (value: number) => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ' ')
const decimal = (value: number) => (value < 10 ? value.toFixed(2) : value.toFixed(1))
const percent = (share: number) => `${(100 * share).toFixed(1)} %`
const seconds = (timeS: number | undefined) => (timeS === undefined ? 'not seen' : `${whole(timeS)} s`)
const gib = (bytes: number) => `${whole(bytes / GIB)} GiB`

function sourceOf(model: TraceModel): string {
  return `// biome-ignore-all format: written by docs/workload.test.ts, which tells how
import type { TraceModel } from './model.ts'

/**
 * \`azure-v1-dev.csv\`: 3.47 days of Azure's public VM trace of 2017, AzurePublicDataset V1, CC BY 4.0 (Cortez et al., "Resource
 * Central", SOSP 2017). Fitted by \`fitModel\`.
 */
export const AZURE_V1: TraceModel = ${printed(model, '')}
`
}

function printed(value: unknown, indent: string): string {
  const line = JSON.stringify(value)
    .replace(/"(\w+)":/g, ' $1: ')
    .replaceAll(',', ', ')
    .replace(/ {2,}/g, ' ')
    .replaceAll('}', ' }')
  if (typeof value !== 'object' || value === null || line.length < 110) return line
  const inner = `${indent}  `
  if (Array.isArray(value)) return `[\n${value.map((item) => `${inner}${printed(item, inner)},\n`).join('')}${indent}]`
  const fields = Object.entries(value).map(([name, field]) => `${inner}${name}: ${printed(field, inner)},\n`)
  return `{\n${fields.join('')}${indent}}`
}
