import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { ProcessorProcess } from '@valence/testing/processes/processor-process'
import { resolveModel } from '../src/model/model-location.ts'
import { median } from './measure.ts'
import { resultOptions, writeResults } from './report/results.ts'

/** Milliseconds from starting `valence serve` to its first score, with the model where it is at hand. */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    ...resultOptions,
  },
})
const rounds = Number(values.rounds)
const folder = await mkdtemp(join(tmpdir(), 'valence-start-'))
const models = {
  'packaged with the program': {},
  'from a URI, already in the store': {
    VALENCE_MODEL: pathToFileURL(join(resolveModel(undefined), 'model.json')).href,
    VALENCE_MODEL_STORE: folder,
  },
}

async function firstScoreMs(environment: Readonly<Record<string, string>>): Promise<number> {
  const startedAt = performance.now()
  const open = { VALENCE_AUTH_MODE: 'none', VALENCE_HTTP_PORT: '0' }
  const facade = await new ProcessorProcess({ ...open, ...environment }, 'serve').started()
  const response = await fetch(`http://127.0.0.1:${facade.port}/v1/score`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: 'What a lovely start' }),
  })
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  await response.arrayBuffer()
  const ms = performance.now() - startedAt
  await facade.stop()
  return ms
}

const rows: { name: string; medianMs: number; ms: number[] }[] = []
try {
  for (const [name, environment] of Object.entries(models)) {
    // Fills the store and the file cache of the system.
    await firstScoreMs(environment)
    const ms: number[] = []
    for (let round = 0; round < rounds; round += 1) ms.push(await firstScoreMs(environment))
    rows.push({ name, medianMs: median(ms), ms })
    process.stdout.write(`${name}: ${median(ms).toFixed(0)} ms (${ms.map((each) => each.toFixed(0)).join(', ')})\n`)
  }
} finally {
  await rm(folder, { recursive: true })
}
const report = { date: new Date().toISOString(), machine: { cpu: cpus()[0]?.model ?? 'unknown' }, rounds, rows }
await writeResults('benchmarks-start', report, values)
process.exit(0)
