import { deadLetterHeaders } from '@valence/schemas'
import { inventTexts, type TestTopics } from '@valence/testing/counting/workload'
import { roleAttempts } from '@valence/testing/kafka/role-attempts'
import { roleGrants } from '@valence/testing/kafka/role-grants'
import { type Grant, grantName, SecuredKafka } from '@valence/testing/kafka/secured-kafka'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

type Role = keyof typeof roleGrants

const roles = Object.keys(roleGrants) as Role[]
const user = 'ann'
let secured: SecuredKafka

beforeAll(async () => {
  secured = await SecuredKafka.start([user])
})
afterEach(killAllProcessors)
afterAll(() => secured?.[Symbol.asyncDispose]())

/** Topics with a text to score and a dead letter to replay, and all that the role needs on them. */
async function prepare(role: Role): Promise<{ topics: TestTopics; grants: Grant[] }> {
  const { kafka } = secured
  const topics = await kafka.createTopics({ partitions: 1 })
  await kafka.produce(topics.input, inventTexts(5))
  const origin = { topic: topics.input, partition: 0, offset: '0', timestamp: Date.now() }
  const headers = deadLetterHeaders([], { code: 'VAL_TEXT_EMPTY', message: 'empty', origin, failedAt: Date.now() })
  await kafka.produceRaw(topics.deadLetters, ['I love it'], headers)
  return { topics, grants: roleGrants[role](topics) }
}

function attempt(role: Role, topics: TestTopics) {
  const environment = { ...topics.environment, ...secured.scram(user) }
  return roleAttempts[role]({ kafka: secured.kafka, topics, environment })
}

describe.each(roles)('%s', (role) => {
  const names = { input: 'INPUT', output: 'OUTPUT', deadLetters: 'DEAD_LETTERS', groupId: 'GROUP' }

  it('works with exactly what is documented', async () => {
    const { topics, grants } = await prepare(role)
    await secured.grant(user, grants)
    await using running = await attempt(role, topics)
    await running.succeeded()
  })

  it.each(roleGrants[role](names).map((grant, index) => [grantName(grant), index] as const))(
    'without %s says that it is refused, and works once it is granted',
    async (_name, index) => {
      const { topics, grants } = await prepare(role)
      const missing = grants.filter((_, at) => at === index)
      await secured.grant(
        user,
        grants.filter((_, at) => at !== index),
      )
      await using running = await attempt(role, topics)
      await running.refused()
      await secured.grant(user, missing)
      await running.succeeded()
    },
  )
})

it.each<[string, Grant['operation'][]]>([
  ['nothing', []],
  ['Describe alone', ['Describe']],
])('a processor with %s on the dead-letter topic says that it is refused there', async (_name, operations) => {
  const { topics, grants } = await prepare('processor')
  const name = topics.deadLetters
  const others = grants.filter((grant) => grant.name !== name)
  await secured.grant(user, [
    ...others,
    ...operations.map((operation) => ({ resource: 'topic', name, operation }) as const),
  ])
  // With results beside it: the broker then answers OPERATION_NOT_ATTEMPTED for their partition.
  await secured.kafka.produceRaw(topics.input, ['', 'I love it'])
  const running = new ProcessorProcess({ ...topics.environment, ...secured.scram(user) })
  const refusals = () =>
    running.log.filter(({ code }) => code === 'VAL_KAFKA_NOT_AUTHORISED').map((line) => JSON.stringify(line))
  await expect.poll(refusals, { timeout: 60_000 }).toContainEqual(expect.stringContaining(`(topic ${name})`))
  await secured.grant(user, [{ resource: 'topic', name, operation: 'Write' }])
  await secured.kafka.drained(topics)
})
