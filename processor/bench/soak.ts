import { writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { startLocalStack } from '@valence/deploy/local/stack'
import { killAllProcessors } from '@valence/testing/processes/processor-process'
import { plotSoak } from './soak/plot.ts'
import { runSoak } from './soak/run.ts'
import { type SoakSample, summarise } from './soak/trend.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    rate: { type: 'string', default: '200' },
    json: { type: 'string' },
    svg: { type: 'string' },
  },
})
const minutes = Number(values.minutes)
const recordsPerSecond = Number(values.rate)
if (!(minutes > 0) || !(recordsPerSecond > 0)) {
  process.stderr.write('MINUTES and RATE must be numbers above 0\n')
  process.exit(2)
}
/** Some 700 points at most: more than an SVG of this width can show. */
const sampleEveryMs = Math.max(1_000, Math.round((minutes * 60_000) / 700))

function tell({ second, rssMiB, eventLoopDelayP99Ms, lag, recordsPerSecond: rate }: SoakSample): void {
  const at = `${(second / 60).toFixed(1)} min`.padStart(9)
  process.stdout.write(`${at}  ${rssMiB} MiB  loop p99 ${eventLoopDelayP99Ms} ms  lag ${lag}  ${rate} records/s\n`)
}

const stack = await startLocalStack({ parts: ['kafka'] })
const result = await runSoak({ stack, minutes, recordsPerSecond, sampleEveryMs, onSample: tell }).finally(async () => {
  await killAllProcessors()
  await stack.stop()
})
const report = {
  date: new Date().toISOString(),
  machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version },
  minutes,
  rate: recordsPerSecond,
  produced: result.produced,
  lost: result.lost,
  doubled: result.doubled,
  ...summarise(result.samples),
  samples: result.samples,
}
const { samples: _, machine: __, ...shown } = report
process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`)
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report)}\n`)
const svg = values.svg ?? values.json?.replace(/(\.json)?$/, '.svg')
if (svg !== undefined) await writeFile(svg, plotSoak(result.samples))
process.exit(result.lost === 0 && result.doubled === 0 ? 0 : 1)
