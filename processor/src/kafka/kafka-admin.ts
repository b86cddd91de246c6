import { type Admin, createKafka, kafkaErrors } from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'
import type { Config } from '../config/config.ts'
import { kafkaConnection } from './kafka-client.ts'

/** Limits of commands, shorter than those of services, because a person waits. */
const patience = {
  connectionTimeoutMs: 3_000,
  requestTimeoutMs: 10_000,
  retry: { retries: 2, initialRetryTime: 200, maxRetryTime: 1_000 },
}

/** An admin client that is not connected yet. */
export function createAdmin(config: Config): Admin {
  return createKafka({ ...kafkaConnection(config), ...patience, clientId: 'valence-cli-admin' }).admin()
}

/** Runs one piece of work with a connected admin client. @throws VAL_KAFKA_* */
export async function withAdmin<T>(config: Config, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = createAdmin(config)
  try {
    await admin.connect()
    return await work(admin)
  } catch (error) {
    throw translateKafkaError(error)
  } finally {
    await admin.disconnect()
  }
}

/** Translates an error of the client to the catalogue's; a defect in our code is returned unchanged. */
export function translateKafkaError(error: unknown): unknown {
  const { fault, type } = kafkaErrors.classify(error)
  const translated = kafkaErrors.toValenceError(error, 'VAL_KAFKA_UNREACHABLE')
  // An error that has a catalogue code already, such as a missing token file, keeps it.
  const isOurDefect = fault === 'fatal' && type === undefined && translated.cause === error
  return isOurDefect ? error : translated
}

/** Before anything is read or sent: a missing topic is told at once. @throws VAL_KAFKA_TOPIC_MISSING */
export async function expectTopics(admin: Pick<Admin, 'listTopics'>, topics: readonly string[]): Promise<void> {
  const known = await admin.listTopics()
  for (const topic of topics) if (!known.includes(topic)) throw new ValenceError('VAL_KAFKA_TOPIC_MISSING', topic)
}

/** The same, for who needs no admin client otherwise. @throws VAL_KAFKA_* */
export function expectTopic(config: Config, topic: string): Promise<void> {
  return withAdmin(config, (admin) => expectTopics(admin, [topic]))
}
