import { createKafka } from '@valence/producer-sdk/kafka'
import { TestKafka } from '@valence/testing/counting/workload'
import { runCliProcess } from '@valence/testing/processes/cli-process'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { Finding } from '../../../src/doctor/finding.ts'

let kafka: TestKafka

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
afterAll(() => kafka.close())

async function diagnose(environment: Readonly<Record<string, string>>) {
  const { code, stdout } = await runCliProcess(['doctor', '--json'], { environment })
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] }
  return { code, ok, failures: findings.filter(({ status }) => status === 'fail'), findings }
}

describe('valence doctor against a real stack', () => {
  it('finds nothing wrong where everything is there', async () => {
    const { environment } = await kafka.createTopics({ partitions: 2 })
    const { registryUrl, redisUrl } = inject('stack')
    const { code, ok, failures, findings } = await diagnose({
      ...environment,
      VALENCE_SCHEMA_REGISTRY_URL: registryUrl,
      VALENCE_REDIS_URL: redisUrl,
    })
    expect(failures).toEqual([])
    expect({ code, ok }).toEqual({ code: 0, ok: true })
    const checks = findings.filter(({ status }) => status === 'ok').map(({ area, check }) => `${area} ${check}`)
    expect(checks).toEqual(
      expect.arrayContaining([
        'model golden',
        'kafka reach',
        'kafka connect',
        'kafka cluster',
        `kafka topic ${environment.VALENCE_INPUT_TOPICS}`,
        'kafka transactions',
        'registry answer',
        'redis answer',
      ]),
    )
  })

  it('names each topic that is missing, and how to create it', async () => {
    const { environment, output } = await kafka.createTopics({ partitions: 1 })
    const { code, failures } = await diagnose({ ...environment, VALENCE_OUTPUT_TOPIC: `${output}.none` })
    expect(code).toBe(1)
    expect(failures).toEqual([
      {
        area: 'kafka',
        check: `topic ${output}.none`,
        status: 'fail',
        detail: 'does not exist, or this user may not see it',
        help: 'Create it: `valence topics create`. If it is there, grant Describe on it.',
      },
    ])
  })

  it('warns of settings of topics, and of records without a text where it is looked for', async () => {
    const { environment, input, output, deadLetters, groupId } = await kafka.createTopics({ partitions: 1 })
    await kafka.configure(output, { 'cleanup.policy': 'compact' })
    const producer = createKafka({ brokers: kafka.brokers, clientId: 'doctor-test' }).producer()
    await producer.connect()
    await producer.send({
      topic: input,
      messages: [{ value: '{"after":{"comment":"fine"}}' }, { value: '{"after":null}' }],
    })
    await producer.disconnect()
    const { code, findings } = await diagnose({ ...environment, VALENCE_TEXT_FIELD: 'after.coment' })
    expect(code).toBe(0)
    expect(findings.filter(({ check }) => check === `texts ${input}`)).toEqual([
      expect.objectContaining({ status: 'warn', detail: 'records with a text at after.coment: 0 of the newest 2' }),
    ])
    const committed = await kafka.admin.fetchOffsets({ groupId, topics: [input] })
    expect(committed[0]?.partitions.map(({ offset }) => offset)).toEqual(['-1'])
    const looked = findings.filter(({ check }) => check.startsWith('settings '))
    expect(looked.map(({ check }) => check)).toEqual(
      expect.arrayContaining([input, output, deadLetters].map((topic) => `settings ${topic}`)),
    )
    expect(looked.filter(({ check, status }) => check === `settings ${output}` && status === 'warn')).toEqual([
      expect.objectContaining({ detail: expect.stringContaining('cleanup.policy=compact') }),
    ])
  })

  it('warns of one bootstrap address of several that does not answer', async () => {
    const { environment } = await kafka.createTopics({ partitions: 1 })
    const { code, findings } = await diagnose({ ...environment, VALENCE_KAFKA_BROKERS: `${kafka.brokers},127.0.0.1:9` })
    expect(code).toBe(0)
    expect(findings.find(({ check }) => check === 'reach')).toMatchObject({ status: 'warn' })
  })

  it('says that credentials are refused where the broker wants none', async () => {
    const { environment } = await kafka.createTopics({ partitions: 1 })
    const { code, failures } = await diagnose({
      ...environment,
      VALENCE_KAFKA_SASL_MECHANISM: 'plain',
      VALENCE_KAFKA_SASL_USERNAME: 'u',
      VALENCE_KAFKA_SASL_PASSWORD: 'p',
    })
    expect(code).toBe(1)
    expect(failures.map(({ check }) => check)).toEqual(['connect'])
  })
})
