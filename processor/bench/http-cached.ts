import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { ProcessorProcess } from '@valence/testing/processes/processor-process'
import autocannon from 'autocannon'
import { median } from './measure.ts'
import { resultOptions, writeResults } from './report/results.ts'

/** What the facade answers out of its cache on one core: the same text by itself, and 256 texts a request. */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '3' },
    ...resultOptions,
  },
})
const batchTexts = 256

const facade = await new ProcessorProcess(
  {
    VALENCE_AUTH_MODE: 'none',
    VALENCE_HTTP_PORT: '0',
    VALENCE_HTTP_RATE_LIMIT_TEXTS: '0',
    VALENCE_HTTP_RATE_LIMIT_REQUESTS: '0',
  },
  'serve',
).started()
// The load generator has the other core.
facade.pinTo(0)

async function requestsPerSecond(path: string, body: object, seconds: number): Promise<number> {
  const result = await autocannon({
    url: `http://127.0.0.1:${facade.port}${path}`,
    method: 'POST',
    connections: 32,
    pipelining: 4,
    duration: seconds,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (result.errors > 0 || result.non2xx > 0) throw new Error(`${result.errors} errors, ${result.non2xx} refused`)
  return result.requests.average
}

/** Puts the texts into the cache: so many at once from all connections would be refused while they are new. */
async function prime(path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const url = `http://127.0.0.1:${facade.port}${path}`
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
}

async function rounds(path: string, body: object): Promise<number[]> {
  await prime(path, body)
  // The first seconds warm the compiler up.
  await requestsPerSecond(path, body, Number(values.seconds))
  const rates: number[] = []
  for (let round = 0; round < Number(values.rounds); round += 1)
    rates.push(await requestsPerSecond(path, body, Number(values.seconds)))
  return rates
}

const texts = Array.from({ length: batchTexts }, (_, index) => ({ text: `the new phone number ${index} is great` }))
const single = await rounds('/v1/score', { text: 'the new phone is great' })
const batch = (await rounds('/v1/score/batch', { texts })).map((rate) => rate * batchTexts)
await facade.stop()
const report = {
  date: new Date().toISOString(),
  machine: { cpu: cpus()[0]?.model ?? 'unknown', node: process.version },
  batchTexts,
  single: { requestsPerSecond: median(single), rounds: single },
  batch: { textsPerSecond: median(batch), rounds: batch },
}
await writeResults('benchmarks-cached', report, values)
process.stdout.write(
  `one text a request: ${report.single.requestsPerSecond.toFixed(0)} requests/s\n` +
    `${batchTexts} texts a request: ${report.batch.textsPerSecond.toFixed(0)} texts/s\n`,
)
process.exit(0)
