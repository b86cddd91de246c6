import type { KafkaCluster } from '../../../../deploy/local/stack.ts'
import { createDice, type Dice } from '../dice.ts'
import { createRandom } from '../random.ts'
import type { TestKafka, TestTopics } from '../workload.ts'
import { KafkaLink } from './kafka-link.ts'
import { Seat } from './seat.ts'
import type { Stage } from './stage.ts'

/** One run: topics of its own, and processors at work on them, each behind a network of its own. */
export interface Scene {
  readonly cluster: KafkaCluster
  readonly kafka: TestKafka
  readonly topics: TestTopics
  readonly seats: readonly Seat[]
  readonly dice: Dice
  /** One more processor, empty-handed until it is started. */
  addSeat(): Promise<Seat>
  close(): Promise<void>
}

export interface SceneOptions {
  readonly seed: number
  readonly processors: number
  readonly replication: number
  readonly environment: Readonly<Record<string, string>>
}

/** Short enough that a zombie outlives both within a test; VALENCE_KAFKA_SESSION_TIMEOUT_MS begins at 6 s. */
export const sessionTimeoutMs = 6_000
export const transactionTimeoutMs = 7_000

export async function openScene(stage: Stage, options: SceneOptions): Promise<Scene> {
  const { kafka, stack } = stage
  const cluster = stack.kafka
  const topics = await kafka.createTopics({ replication: options.replication })
  // One more than of the input, so that the results of one input partition go to all of the output.
  const spread = [{ topic: topics.output, count: 7 }]
  await kafka.admin.createPartitions({ topicPartitions: spread })
  const environment = {
    ...topics.environment,
    VALENCE_MODEL: stage.model,
    VALENCE_INFERENCE_WORKERS: '1',
    VALENCE_KAFKA_SESSION_TIMEOUT_MS: String(sessionTimeoutMs),
    VALENCE_KAFKA_TRANSACTION_TIMEOUT_MS: String(transactionTimeoutMs),
    ...options.environment,
  }
  const seats: Seat[] = []
  async function addSeat(): Promise<Seat> {
    const random = createRandom(options.seed + seats.length)
    const seat = new Seat({
      name: `seat-${seats.length}`,
      environment,
      link: await KafkaLink.to(cluster.brokers, random),
    })
    seats.push(seat)
    return seat
  }
  for (let seat = 0; seat < options.processors; seat += 1) await addSeat()
  await Promise.all(seats.map((seat) => seat.start()))
  return {
    cluster,
    kafka,
    topics,
    seats,
    dice: createDice(options.seed),
    addSeat,
    async close() {
      await Promise.all(seats.map(({ link }) => link.close()))
    },
  }
}
