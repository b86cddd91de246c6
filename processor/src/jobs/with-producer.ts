import type { Producer, ProducerConfig } from '@valence/producer-sdk/kafka'
import type { Config } from '../config/config.ts'
import { translateKafkaError } from '../kafka/kafka-admin.ts'
import { createKafkaClient } from '../kafka/kafka-client.ts'
import { silentLogger } from '../observability/logger.ts'

/** Runs `work` with a connected producer, then disconnects. @param role part of the client id. @throws VAL_KAFKA_* */
export async function withProducer<T>(
  config: Config,
  role: string,
  options: ProducerConfig,
  work: (producer: Producer) => Promise<T>,
): Promise<T> {
  const producer = createKafkaClient(config, role, silentLogger).producer({
    ...options,
    allowAutoTopicCreation: false,
    retry: { retries: 10, initialRetryTime: 100, maxRetryTime: 5_000 },
  })
  try {
    await producer.connect()
    return await work(producer)
  } catch (error) {
    throw translateKafkaError(error)
  } finally {
    await producer.disconnect()
  }
}
