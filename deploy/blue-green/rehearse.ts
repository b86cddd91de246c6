import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startLocalStack } from '../local/stack.ts'
import { countResults } from '../rehearsal/count-results.ts'
import { RequestLoad } from '../rehearsal/request-load.ts'
import { runValence } from '../rehearsal/service.ts'
import { TextLoad } from '../rehearsal/text-load.ts'
import { LocalPlatform, startRelease } from './local-platform.ts'
import type { Gates } from './release.ts'
import { switchOver } from './switch-over.ts'
import { TcpSwitch } from './tcp-switch.ts'

/**
 * Blue serves the packaged model; green serves the small model with blue's as its shadow. Faults of green:
 * `golden`: its model is not the released one; `errors`: its request deadline is one millisecond.
 */
const faults = ['none', 'golden', 'errors'] as const

const { values } = parseArgs({
  options: {
    fault: { type: 'string', default: 'none' },
    'observe-ms': { type: 'string', default: '20000' },
    'watch-ms': { type: 'string', default: '10000' },
    json: { type: 'boolean', default: false },
  },
})
const fault = faults.find((known) => known === values.fault)
if (fault === undefined) {
  process.stderr.write(`node deploy/blue-green/rehearse.ts [--fault ${faults.join('|')}] [--observe-ms MS] [--json]\n`)
  process.exit(2)
}

const startedAt = Date.now()
const say = (line: string) => {
  const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1).padStart(6)
  ;(values.json ? process.stderr : process.stdout).write(`${seconds} s  ${line}\n`)
}

async function goldenOf(model: 'fast' | 'default') {
  const folder = model === 'fast' ? 'processor/model/fast' : 'processor/model'
  const path = fileURLToPath(new URL(`../../${folder}/model.json`, import.meta.url))
  const { golden, goldenTolerance } = JSON.parse(await readFile(path, 'utf8'))
  return { golden, goldenTolerance }
}

async function rehearse(): Promise<object> {
  await using opened = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'valence-blue-green-'))
  opened.defer(() => rm(folder, { recursive: true, force: true }))
  const stack = await startLocalStack({ parts: ['kafka'], onProgress: say })
  opened.defer(() => stack.stop())
  const name = `blue-green-${randomUUID().slice(0, 8)}`
  const [input, output] = [`${name}.texts`, `${name}.scores`]
  const settings = {
    ...stack.environment,
    VALENCE_KAFKA_GROUP_ID: name,
    VALENCE_INPUT_TOPICS: input,
    VALENCE_OUTPUT_TOPIC: output,
    VALENCE_DEAD_LETTER_TOPIC: `${name}.dead-letters`,
    VALENCE_OUTPUT_FORMAT: 'json',
    VALENCE_INFERENCE_WORKERS: '1',
    // Failures must be caused by the switch, not by load shedding on a busy machine.
    VALENCE_HTTP_TIMEOUT_MS: '10000',
    VALENCE_HTTP_TARGET_LATENCY_MS: '0',
  }
  await runValence(settings, 'topics', 'create', '--partitions', '6')
  const blue = await startRelease('blue', settings, folder)
  const facade = await TcpSwitch.listen(blue.facade.port)
  const candidate = {
    ...settings,
    VALENCE_MODEL: 'fast',
    VALENCE_MODEL_SHADOW: 'default',
    VALENCE_MODEL_SHADOW_RATIO: '1',
    ...(fault === 'errors' ? { VALENCE_HTTP_TIMEOUT_MS: '1' } : {}),
  }
  const platform = new LocalPlatform(blue, facade, () => startRelease('green', candidate, folder))
  opened.defer(async () => {
    await platform.close()
    await facade.close()
  })
  const texts = await new TextLoad(stack.brokers, input, 25).start()
  const requests = new RequestLoad(facade.port, 5).start()
  const gates: Gates = {
    readyMs: 60_000,
    ...(await goldenOf(fault === 'golden' ? 'default' : 'fast')),
    observeMs: Number(values['observe-ms']),
    minAgreement: 0.5,
    minCompared: 100,
    maxExtraRejected: 0.005,
    watchMs: Number(values['watch-ms']),
    maxServerErrors: 0.001,
  }
  const result = await switchOver(platform, gates, say)
  await Promise.all([texts.stop(), requests.stop()])
  const { lost, ...rest } = await countResults(stack.brokers, output, texts.acknowledged)
  const counts = { ...rest, lost: lost.length }
  say(`requests: ${requests.answered} answered, ${requests.failed} failed ${JSON.stringify([...requests.failures])}`)
  say(`texts: ${JSON.stringify(counts)}`)
  return { fault, ...result, requests: { answered: requests.answered, failed: requests.failed }, texts: counts }
}

const summary = await rehearse()
if (values.json) process.stdout.write(`${JSON.stringify(summary)}\n`)
process.exit()
