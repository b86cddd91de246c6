import { startLocalStack } from '../../deploy/local/stack.ts'
import { ProcessorProcess } from '../test/support/processor-process.ts'
import { TestKafka } from '../test/support/workload.ts'
import { freshText, load } from './http-requests.ts'

const texts = 100_000
const records = 'valence_pipeline_records_total'

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const print = (what: string, result: object) => process.stdout.write(`${JSON.stringify({ what, ...result })}\n`)

/** Scored records a second over a time in which something else may happen. */
async function rateDuring(processor: ProcessorProcess, meanwhile: Promise<unknown>): Promise<number> {
  const [before, start] = [await processor.metric(records), performance.now()]
  await meanwhile
  return Math.round(((await processor.metric(records)) - before) / ((performance.now() - start) / 1_000))
}

async function portOf(processor: ProcessorProcess): Promise<number> {
  await processor.logged('facade listening')
  return Number(processor.log.find(({ msg }) => msg === 'facade listening')?.port)
}

/** One process with a backlog of Kafka that also answers HTTP: what each costs the other. */
async function main(seconds: number): Promise<void> {
  const stack = await startLocalStack()
  const kafka = await TestKafka.connect(stack.brokers)
  const topics = await kafka.createTopics()
  for (let at = 0; at < texts; at += 10_000) {
    const batch = Array.from({ length: 10_000 }, (_, i) => ({ id: `${at + i}`, key: `${i % 50}`, text: freshText() }))
    await kafka.produce(topics.input, batch)
  }
  const processor = await new ProcessorProcess({
    ...topics.environment,
    VALENCE_HTTP_ENABLED: 'true',
    VALENCE_HTTP_PORT: '0',
    VALENCE_AUTH_MODE: 'none',
    VALENCE_HTTP_RATE_LIMIT_TEXTS: '0',
    VALENCE_HTTP_RATE_LIMIT_REQUESTS: '0',
  }).started()
  try {
    const url = `http://127.0.0.1:${await portOf(processor)}`
    await wait(5_000)
    for (const round of [1, 2]) {
      const alone = await rateDuring(processor, wait(seconds * 1_000))
      const calls = load(url, { connections: 4, seconds, rate: 20 })
      const both = await rateDuring(processor, calls)
      print(`round ${round}`, {
        kafkaAlone: alone,
        kafkaBeside: both,
        ratio: both / alone,
        http: (await calls).statuses,
      })
    }
    print('left', { records: await kafka.remaining(topics) })
  } finally {
    await processor.kill()
    await kafka.close()
    await stack.stop()
  }
}

await main(Number(process.argv[2] ?? 20))
