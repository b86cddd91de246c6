import { createKafka } from '@valence/producer-sdk/kafka'

/** Groups are spread over 50 partitions by the hash of their names; of so many names each partition has some. */
const names = Array.from({ length: 400 }, (_, index) => `await-coordinators-${index}`)

/**
 * Resolves when the broker answers for groups and transactions. It creates its logs for them when it is first asked, and
 * answers "loading" or "not coordinator" until they are there: seconds on a slow machine, and none of a test's business.
 */
export async function awaitCoordinators(brokers: string): Promise<void> {
  const kafka = createKafka({ brokers, clientId: 'await-coordinators' })
  const admin = kafka.admin({ retry: { retries: 30, initialRetryTime: 100, maxRetryTime: 2_000 } })
  const producer = kafka.producer({ transactionalId: 'await-coordinators' })
  try {
    await Promise.all([admin.connect(), producer.connect()])
    await admin.describeGroups(names)
    await (await producer.transaction()).abort()
  } finally {
    await Promise.all([admin.disconnect(), producer.disconnect()])
  }
}
