import { randomUUID } from 'node:crypto'
import { TestKafka } from '@valence/testing/counting/workload'
import { runCliJson, runCliProcess } from '@valence/testing/processes/cli-process'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'

let kafka: TestKafka

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
afterAll(() => kafka.close())

function freshEnvironment() {
  const name = `t${randomUUID().slice(0, 8)}`
  return {
    VALENCE_KAFKA_BROKERS: kafka.brokers,
    VALENCE_INPUT_TOPICS: `${name}.a,${name}.b`,
    VALENCE_OUTPUT_TOPIC: `${name}.out`,
    VALENCE_DEAD_LETTER_TOPIC: `${name}.dead`,
    VALENCE_SCHEMA_REGISTRY_URL: inject('stack').registryUrl,
  }
}

interface TopicLine {
  readonly topic: string
  readonly state: string
  readonly partitions: number
  readonly replication: number
}

async function settingOf(topic: string, name: string): Promise<string | undefined> {
  const { resources } = await kafka.admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: 2, name: topic, configNames: [name] }],
  })
  return resources[0]?.configEntries[0]?.configValue
}

describe('valence topics create', () => {
  it('creates every topic of the configuration once, with what each needs', async () => {
    const environment = freshEnvironment()
    const create = () => runCliJson<TopicLine[]>(['topics', 'create', '--partitions', '3'], { environment })
    const created = await create()
    expect(created.map(({ topic }) => topic)).toEqual([
      ...environment.VALENCE_INPUT_TOPICS.split(','),
      environment.VALENCE_OUTPUT_TOPIC,
      environment.VALENCE_DEAD_LETTER_TOPIC,
    ])
    for (const line of created) expect(line).toMatchObject({ state: 'created', partitions: 3, replication: 1 })
    expect(await settingOf(environment.VALENCE_OUTPUT_TOPIC, 'min.insync.replicas')).toBe('1')
    expect(await settingOf(environment.VALENCE_DEAD_LETTER_TOPIC, 'max.message.bytes')).toBe(String(2 * 1024 * 1024))

    const again = await create()
    expect(again).toEqual(created.map((line) => ({ ...line, state: 'existing' })))
  })

  it('completes a set that exists in part, and leaves other partition counts alone but says so', async () => {
    const environment = freshEnvironment()
    await kafka.admin.createTopics({
      topics: [{ topic: environment.VALENCE_OUTPUT_TOPIC, numPartitions: 2 }],
      waitForLeaders: true,
    })
    const { code, stdout, stderr } = await runCliProcess(['topics', 'create', '--partitions', '4'], { environment })
    expect(code).toBe(0)
    expect(stdout).toMatch(/\.out +output +2 +1 +existing/)
    expect(stdout).toMatch(/\.dead +dead letters +4 +1 +created/)
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringContaining(`${environment.VALENCE_OUTPUT_TOPIC} has 2 partitions, not 4; it was left alone`),
    ])
  })

  it('creates the topic of feedback where there is to be one, and registers its schema', async () => {
    const environment = freshEnvironment()
    const topic = `${environment.VALENCE_OUTPUT_TOPIC}.feedback`
    const withFeedback = { ...environment, VALENCE_FEEDBACK_TOPIC: topic }
    const created = await runCliJson<TopicLine[]>(['topics', 'create'], { environment: withFeedback })
    expect(created.at(-1)).toMatchObject({ topic, role: 'feedback', state: 'created', partitions: 6 })
    const registered = await runCliJson<object[]>(['schemas', 'register'], { environment: withFeedback })
    expect(registered.at(-1)).toMatchObject({ subject: `${topic}-value`, schema: 'feedback-event' })
  })

  it('says what the broker refuses', async () => {
    const { code, stderr } = await runCliProcess(['topics', 'create', '--replication', '5'], {
      environment: freshEnvironment(),
    })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^\S+: VAL_KAFKA_TOPIC_REFUSED: .*INVALID_REPLICATION_FACTOR/)
  })
})

describe('valence schemas register', () => {
  it('registers input and output subjects, and again under the same ids', async () => {
    const environment = freshEnvironment()
    const register = () =>
      runCliJson<{ subject: string; schema: string; id: number }[]>(['schemas', 'register'], { environment })
    const first = await register()
    expect(first.map(({ subject, schema }) => [subject, schema])).toEqual([
      ...environment.VALENCE_INPUT_TOPICS.split(',').map((topic) => [`${topic}-value`, 'text-event']),
      [`${environment.VALENCE_OUTPUT_TOPIC}-value`, 'scored-event'],
    ])
    expect(await register()).toEqual(first)
    const response = await fetch(`${environment.VALENCE_SCHEMA_REGISTRY_URL}/subjects/${first[0]?.subject}/versions`)
    expect(await response.json()).toEqual([1])
  })

  it('says that the registry does not answer', async () => {
    const environment = { ...freshEnvironment(), VALENCE_SCHEMA_REGISTRY_URL: 'http://127.0.0.1:9/' }
    const { code, stderr } = await runCliProcess(['schemas', 'register'], { environment })
    expect(code).toBe(1)
    expect(stderr).toContain('VAL_REGISTRY_UNAVAILABLE')
  })
})
