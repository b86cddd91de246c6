import { readConfig } from '@valence/processor/config/config'
import { kafkaConnection } from '@valence/processor/kafka/kafka-client'
import { createScoreConsumer, createTextProducer } from '@valence/producer-sdk'
import { isValenceError } from '@valence/schemas'
import { expect } from 'vitest'
import type { TestKafka, TestTopics } from '../counting/workload.ts'
import { runCliProcess } from '../processes/cli-process.ts'
import { runFacade } from '../processes/facade-run.ts'
import { ProcessorProcess } from '../processes/processor-process.ts'
import type { roleGrants } from './role-grants.ts'

/** A role at work, with too few grants and then with all. */
export interface RoleAttempt extends AsyncDisposable {
  /** Resolves when the role has said, by the catalogue, that it is refused, and goes on trying without haste. */
  refused(): Promise<void>
  /** Resolves when it has done its work. */
  succeeded(): Promise<void>
}

export interface AttemptContext {
  readonly kafka: TestKafka
  readonly topics: TestTopics
  /** The settings of a client that may log in. */
  readonly environment: Readonly<Record<string, string>>
}

const code = 'VAL_KAFKA_NOT_AUTHORISED'
const patience = { timeout: 60_000, interval: 100 }

/** Pauses that grow, if not each time: they are spread at random. */
function expectBackoff(delays: readonly number[]): void {
  expect(Math.max(...delays)).toBeGreaterThan(200)
}

async function processor({ kafka, topics, environment }: AttemptContext): Promise<RoleAttempt> {
  const running = new ProcessorProcess(environment)
  const refusals = () => running.log.filter((line) => line.code === code)
  return {
    async refused() {
      await expect.poll(() => refusals().length, patience).toBeGreaterThanOrEqual(4)
      expectBackoff(refusals().map(({ delayMs }) => Number(delayMs)))
    },
    succeeded: () => kafka.drained(topics),
    [Symbol.asyncDispose]: () => running.kill(),
  }
}

async function openFacade({ environment }: AttemptContext) {
  return runFacade({ ...environment, VALENCE_HTTP_KAFKA_ENABLED: 'true', VALENCE_LOG_LEVEL: 'debug' })
}

async function producingFacade(context: AttemptContext): Promise<RoleAttempt> {
  const run = await openFacade(context)
  const produce = () => run.post('/v1/texts', { text: 'I love it' })
  return {
    async refused() {
      const response = await produce()
      expect(response.status).toBe(503)
      expect(await response.json()).toMatchObject({
        code: 'VAL_INTAKE_UNAVAILABLE',
        detail: expect.stringContaining(code),
      })
    },
    async succeeded() {
      // Its breaker may be open for a moment.
      await expect.poll(async () => (await produce()).status, patience).toBe(202)
    },
    [Symbol.asyncDispose]: () => run[Symbol.asyncDispose](),
  }
}

async function streamingFacade(context: AttemptContext): Promise<RoleAttempt> {
  const run = await openFacade(context)
  const refusals = () =>
    run.log.filter(({ msg, err }) => msg === 'score stream interrupted' && (err as { code?: string }).code === code)
  return {
    async refused() {
      await expect.poll(() => refusals().length, patience).toBeGreaterThanOrEqual(2)
      expectBackoff(refusals().map(({ delayMs }) => Number(delayMs)))
    },
    async succeeded() {
      await expect.poll(async () => (await run.readiness()).checks['kafka-stream'], patience).toBe('ok')
    },
    [Symbol.asyncDispose]: () => run[Symbol.asyncDispose](),
  }
}

async function replay({ environment }: AttemptContext): Promise<RoleAttempt> {
  const command = () => runCliProcess(['dlq', 'replay', '--json'], { environment })
  return {
    async refused() {
      const { code: exitCode, stderr } = await command()
      expect(stderr).toContain(code)
      expect(exitCode).toBe(1)
    },
    async succeeded() {
      const { stdout, stderr } = await command()
      expect(stderr).toBe('')
      expect(JSON.parse(stdout)).toMatchObject({ replayed: 1 })
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

const refusalOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(isValenceError(error) && error.code, String(error)).toBe(code)
}

async function sdkProducer({ topics, environment }: AttemptContext): Promise<RoleAttempt> {
  const send = async () => {
    const producer = createTextProducer({ ...kafkaConnection(readConfig(environment)), topic: topics.input })
    await producer.send({ text: 'I love it' }).finally(() => producer.close())
  }
  return { refused: () => refusalOf(send()), succeeded: send, [Symbol.asyncDispose]: async () => undefined }
}

async function sdkConsumer({ topics, environment }: AttemptContext): Promise<RoleAttempt> {
  const consume = async () => {
    const consumer = createScoreConsumer({
      ...kafkaConnection(readConfig(environment)),
      topic: topics.output,
      groupId: topics.groupId,
      handler: () => undefined,
    })
    // What ends it after the start is told by `done`; here only the start counts.
    consumer.done.catch(() => undefined)
    await consumer.start().finally(() => consumer.stop())
  }
  return { refused: () => refusalOf(consume()), succeeded: consume, [Symbol.asyncDispose]: async () => undefined }
}

export const roleAttempts = {
  processor,
  'facade, producing': producingFacade,
  'facade, streaming': streamingFacade,
  'dlq replay': replay,
  'SDK producer': sdkProducer,
  'SDK score consumer': sdkConsumer,
} satisfies Record<keyof typeof roleGrants, (context: AttemptContext) => Promise<RoleAttempt>>
