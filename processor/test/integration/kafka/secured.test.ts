import { kafkaErrors } from '@valence/producer-sdk/kafka'
import { compareOutput, expectExactlyOnce } from '@valence/testing/counting/invariants'
import { inventTexts, type TestTopics } from '@valence/testing/counting/workload'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { roleGrants } from '@valence/testing/kafka/role-grants'
import { SecuredKafka } from '@valence/testing/kafka/secured-kafka'
import { TokenIssuer } from '@valence/testing/parts/token-issuer'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { createKafkaClient } from '../../../src/kafka/kafka-client.ts'
import { silentLogger } from '../../../src/observability/logger.ts'

type Environment = Readonly<Record<string, string>>

let secured: SecuredKafka
let granted: TestTopics

beforeAll(async () => {
  secured = await SecuredKafka.start(['ann'])
  await secured.certificates.certify('known', { subject: 'carl', by: 'clients' })
  await secured.certificates.certify('stranger')
  granted = await secured.kafka.createTopics()
})
afterEach(killAllProcessors)
afterAll(() => secured?.[Symbol.asyncDispose]())

/** Logs in with the client of the processor; names the topics this user may see. */
async function logIn(environment: Environment): Promise<string[]> {
  const admin = createKafkaClient(readConfig(environment), 'test', silentLogger).admin()
  try {
    await admin.connect()
    return await admin.listTopics()
  } catch (error) {
    throw kafkaErrors.toValenceError(error, 'VAL_KAFKA_TRANSACTION_FAILED')
  } finally {
    await admin.disconnect()
  }
}

describe('logging in', () => {
  it.each<[string, string, () => Environment | Promise<Environment>]>([
    ['a client certificate', 'carl', () => secured.mtls('known')],
    ['SCRAM-SHA-512', 'ann', () => secured.scram('ann')],
    ['OAUTHBEARER by the token endpoint', 'token-user', () => secured.oauth()],
    ['OAUTHBEARER by a token file', 'token-user', async () => secured.tokenFile(await secured.token())],
  ])('with %s makes it %s, who sees what is granted and nothing else', async (_way, user, environment) => {
    await secured.grant(user, [{ resource: 'topic', name: granted.input, operation: 'Describe' }])
    expect(await logIn(await environment())).toEqual([granted.input])
  })

  it('with TLS alone leaves the client unknown', async () => {
    expect(await logIn(secured.tls())).not.toEqual([])
  })

  it.each<[string, string, () => Environment | Promise<Environment>]>([
    ['no client certificate', 'certificate required', () => secured.certificateless()],
    ['a certificate of nobody known', 'certificate', () => secured.mtls('stranger')],
    ['a wrong password', 'invalid credentials', () => secured.scram('ann', 'wrong')],
    ['an unknown user', 'invalid credentials', () => secured.scram('nobody')],
    [
      'a mechanism that is not on offer',
      'mechanism',
      () => ({ ...secured.scram('ann'), VALENCE_KAFKA_SASL_MECHANISM: 'plain' }),
    ],
    ['a token that is none', 'invalid_token', () => secured.tokenFile('nonsense')],
    [
      'a broker of an unknown authority',
      'certificate',
      () => ({ ...secured.scram('ann'), VALENCE_KAFKA_TLS_CA_FILE: secured.certificates.path('clients.crt') }),
    ],
  ])('with %s is refused: %s', async (_way, detail, environment) => {
    await expect(logIn(await environment())).rejects.toMatchObject({
      code: 'VAL_KAFKA_AUTHENTICATION_FAILED',
      detail: expect.stringContaining(detail),
    })
  })

  it('with a token of another issuer is refused', async () => {
    await using foreign = await TokenIssuer.start()
    await expect(logIn(secured.tokenFile(await secured.token(foreign)))).rejects.toMatchObject({
      code: 'VAL_KAFKA_AUTHENTICATION_FAILED',
    })
  })
})

describe('a processor', () => {
  it('waits with growing pauses while its credentials are refused, and begins once they are right', async () => {
    const topics = await secured.kafka.createTopics({ partitions: 2 })
    await secured.grant(secured.subject, roleGrants.processor(topics))
    const texts = inventTexts(50)
    await secured.kafka.produce(topics.input, texts)
    const processor = new ProcessorProcess({ ...topics.environment, ...secured.tokenFile('nonsense') })
    const refusals = () => processor.log.filter(({ code }) => code === 'VAL_KAFKA_AUTHENTICATION_FAILED')
    await expect.poll(() => refusals().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(3)
    expect(refusals()[0]).toMatchObject({
      level: 'error',
      msg: 'Kafka refuses this processor',
      help: expect.stringContaining('VALENCE_KAFKA_SASL_'),
    })
    secured.tokenFile(await secured.token())
    await secured.kafka.drained(topics)
    expectExactlyOnce(compareOutput(texts, await readCommitted(secured.kafka.brokers, topics.output)))
    // A start that was repeated must not hear everything twice.
    expect(processor.log.filter(({ msg }) => msg === 'partitions assigned')).toHaveLength(1)
    expect(JSON.stringify(processor.log)).not.toContain('MaxListenersExceededWarning')
    expect(await processor.stop()).toBe(0)
  })
})
