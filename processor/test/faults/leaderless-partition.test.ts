import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import { fetchLedTopics } from '@valence/processor/kafka/fetch-led-topics'
import { TopicTail } from '@valence/processor/kafka/topic-tail'
import { silentLogger } from '@valence/processor/observability/logger'
import { createScoreConsumer } from '@valence/producer-sdk'
import { createKafka } from '@valence/producer-sdk/kafka'
import { TestKafka } from '@valence/testing/counting/workload'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { killAllCommands, runCliJson, runCliProcess } from '@valence/testing/processes/cli-process'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest'

let stack: LocalStack
let kafka: TestKafka
let model: Awaited<ReturnType<typeof writeTinyModel>>

beforeAll(async () => {
  stack = await startLocalStack({ parts: ['kafka'], kafkaNodes: 3 })
  kafka = await TestKafka.connect(stack.brokers)
  model = await writeTinyModel()
  await createTopics()
}, 180_000)
afterEach(killAllProcessors)
afterEach(killAllCommands)
afterAll(async () => {
  await kafka?.close()
  await Promise.all([stack?.stop(), model?.remove()])
})

const topics = { input: 'u.texts', output: 'u.scores', letters: 'u.letters' }
const victim = 2
const partitions = [0, 1, 2, 3, 4]
/** One partition of each topic lives on the victim alone; a record goes out under the number it came in by. */
const alone = { [topics.input]: 2, [topics.output]: 3, [topics.letters]: 4 }
const healthy = [0, 1]

async function createTopics(): Promise<void> {
  await kafka.admin.createTopics({
    waitForLeaders: false,
    topics: Object.entries(alone).map(([topic, own]) => ({
      topic,
      replicaAssignment: partitions.map((partition) => ({
        partition,
        replicas: [partition === own ? victim + 1 : 1 + (partition % 2)],
      })),
      configEntries: [{ name: 'min.insync.replicas', value: '1' }],
    })),
  })
  await fetchLedTopics(kafka.admin, Object.values(topics), 30_000)
}

const textOf = (partition: number, round: string) => `${round} of partition ${partition}`

/** One text to each; what comes out of partition 4 is a dead letter. */
async function sendOne(round: string, to: readonly number[]): Promise<void> {
  const messages = to.map((partition) => ({
    partition,
    value:
      partition === 4
        ? `{"id": "${round}"`
        : JSON.stringify({ id: textOf(partition, round), text: textOf(partition, round) }),
  }))
  await kafka.send(topics.input, messages)
}

/** Ids of one partition, read by kcat: a whole topic has no end while a partition of it has no leader. */
async function idsIn(topic: string, partition: number): Promise<string[]> {
  const settings = ['-X', 'isolation.level=read_committed', '-X', 'fetch.wait.max.ms=50']
  const args = [
    '-C',
    '-b',
    stack.brokers,
    '-t',
    topic,
    '-p',
    String(partition),
    '-o',
    'beginning',
    '-e',
    '-q',
    ...settings,
  ]
  const { stdout } = await promisify(execFile)('kcat', args)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { id: string }).id)
}

const comeOut = (round: string, from: readonly number[]) =>
  expect
    .poll(async () => (await Promise.all(from.map((own) => idsIn(topics.output, own)))).flat(), {
      timeout: 60_000,
      interval: 500,
    })
    .toEqual(expect.arrayContaining(from.map((own) => textOf(own, round))))

interface Readiness {
  readonly checks: Record<string, string>
  readonly details?: { readonly partitions?: readonly { readonly partition: number; readonly code: string }[] }
}
const readiness = async ({ adminPort }: ProcessorProcess) =>
  (await (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).json()) as Readiness
const standing = async (...processors: ProcessorProcess[]) =>
  (await Promise.all(processors.map(readiness)))
    .flatMap(({ details }) => details?.partitions ?? [])
    .map(({ partition }) => partition)
    .sort()

function follow(): string[] {
  const seen: string[] = []
  const stopping = new AbortController()
  const tail = new TopicTail({
    kafka: createKafka({ brokers: stack.brokers, clientId: 'tail' }),
    topic: topics.output,
    groupPrefix: 'u-tail',
    logger: silentLogger,
    onBatch: ({ records }) =>
      void seen.push(...records.map(({ value }) => (JSON.parse(String(value)) as { id: string }).id)),
    onGap: () => undefined,
  })
  const following = tail.follow(stopping.signal, () => void seen.push('connected'))
  onTestFinished(async () => {
    stopping.abort()
    await following
  })
  return seen
}

/** The SDK's consumer, from the beginning. */
async function consume(): Promise<string[]> {
  const seen: string[] = []
  const consumer = createScoreConsumer({
    brokers: stack.brokers,
    topic: topics.output,
    groupId: 'u-consumer',
    fromBeginning: true,
    handler: ({ id }) => void seen.push(id),
  })
  await consumer.start()
  onTestFinished(() => consumer.stop())
  return seen
}

it('a partition without a leader stops itself alone, and goes on by itself once it has one', async () => {
  const environment = {
    VALENCE_KAFKA_BROKERS: stack.brokers,
    VALENCE_KAFKA_GROUP_ID: 'u',
    VALENCE_INPUT_TOPICS: topics.input,
    VALENCE_OUTPUT_TOPIC: topics.output,
    VALENCE_DEAD_LETTER_TOPIC: topics.letters,
    VALENCE_OUTPUT_FORMAT: 'json',
    // The broker that dies may be the group's coordinator, and another one takes seconds to become it.
    VALENCE_KAFKA_SESSION_TIMEOUT_MS: '20000',
    VALENCE_MODEL: model.folder,
    VALENCE_INFERENCE_WORKERS: '1',
    VALENCE_SCALING_INTERVAL_MS: '500',
  }
  const first = await new ProcessorProcess({ ...environment, VALENCE_KAFKA_INSTANCE_ID: 'seat-0' }).started()
  const lagService = await new ProcessorProcess(environment, 'lag-service').started()
  await sendOne('before', partitions)
  await comeOut('before', [0, 1, 2, 3])

  await stack.kafka.kill(victim)
  const leaders = async () => (await kafka.admin.fetchTopicMetadata({ topics: [topics.input] })).topics[0]?.partitions
  await expect
    .poll(async () => (await leaders())?.find(({ partitionId }) => partitionId === 2)?.leader, { timeout: 60_000 })
    .toBe(-1)
  await sendOne('during', [0, 1, 3, 4])
  await comeOut('during', healthy)

  // Whoever comes now works on what there is.
  const seen = follow()
  await expect.poll(() => seen, { timeout: 60_000 }).toContain('connected')
  const consumed = await consume()
  const second = await new ProcessorProcess({ ...environment, VALENCE_KAFKA_INSTANCE_ID: 'seat-1' }).started()
  await sendOne('after the join', healthy)
  await comeOut('after the join', healthy)
  await expect
    .poll(() => seen, { timeout: 60_000 })
    .toEqual(expect.arrayContaining(healthy.map((own) => textOf(own, 'after the join'))))
  await expect
    .poll(() => consumed, { timeout: 60_000 })
    .toEqual(expect.arrayContaining(healthy.flatMap((own) => [textOf(own, 'before'), textOf(own, 'after the join')])))
  await expect.poll(() => standing(first, second), { timeout: 120_000 }).toEqual([2, 3, 4])
  for (const processor of [first, second]) expect((await readiness(processor)).checks.group).toBe('ok')
  const lag = await runCliJson<{ partitions: { partition: number }[]; leaderless: unknown }>(['lag'], { environment })
  expect(lag.partitions.map(({ partition }) => partition)).toEqual([0, 1, 3, 4])
  expect(lag.leaderless).toEqual([{ topic: topics.input, partition: 2 }])
  const doctor = await runCliProcess(['doctor', '--json'], { environment })
  for (const own of Object.values(alone)) expect(doctor.stdout).toContain(`without a leader: partition ${own}`)
  const scaling = await (await fetch(`http://127.0.0.1:${lagService.adminPort}/scaling`)).json()
  expect(scaling).toMatchObject({ reason: expect.not.stringMatching('unreachable'), leaderless: [{ partition: 2 }] })

  await stack.kafka.restart(victim)
  await sendOne('again', [2])
  await comeOut('again', [2])
  await comeOut('during', [3])
  await expect
    .poll(async () => (await readCommitted(stack.brokers, topics.letters)).length, { timeout: 60_000 })
    .toBe(2)
  await expect.poll(() => standing(first, second), { timeout: 60_000 }).toEqual([])
  await expect.poll(() => seen, { timeout: 60_000 }).toContain(textOf(2, 'again'))
  const ids = (await readCommitted(stack.brokers, topics.output)).map(
    ({ value }) => (JSON.parse(value ?? '') as { id: string }).id,
  )
  expect(ids.sort()).toEqual(
    [
      ...[0, 1, 2, 3].map((own) => textOf(own, 'before')),
      ...[0, 1, 3].map((own) => textOf(own, 'during')),
      ...healthy.map((own) => textOf(own, 'after the join')),
      textOf(2, 'again'),
    ].sort(),
  )
  await expect.poll(() => [...consumed].sort(), { timeout: 60_000 }).toEqual(ids)
  for (const process of [first, second, lagService]) expect(await process.stop()).toBe(0)
})

// The last one: no broker is left.
it('the lag service is unready when Kafka is away for long, and its last count stands', async () => {
  const environment = {
    VALENCE_KAFKA_BROKERS: stack.brokers,
    VALENCE_KAFKA_GROUP_ID: 'away',
    VALENCE_INPUT_TOPICS: topics.input,
    VALENCE_SCALING_INTERVAL_MS: '500',
  }
  const service = await new ProcessorProcess(environment, 'lag-service').started()
  const ask = (path: string) => fetch(`http://127.0.0.1:${service.adminPort}${path}`)
  await expect.poll(async () => (await ask('/readyz')).status, { timeout: 60_000 }).toBe(200)
  await Promise.all([0, 1, 2].map((broker) => stack.kafka.kill(broker)))
  await expect.poll(async () => (await ask('/readyz')).status, { timeout: 60_000 }).toBe(503)
  const scaling = await ask('/scaling')
  expect([scaling.status, await scaling.json()]).toEqual([200, expect.objectContaining({ desiredReplicas: 1 })])
  await service.kill()
})
