import { withoutKafka } from '@valence/deploy/local/kafka-version'
import type { KafkaCluster, StackPart } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import { TestKafka } from '../counting/workload.ts'
import { writeTinyModel } from '../models/tiny-model.ts'

/** Where the parts are; what is not there has an empty address. */
export interface StageAddresses {
  readonly brokers: string
  readonly redisUrl: string
  readonly registryUrl: string
}

/** What the runs of one test file share: the parts, and a model whose answers are known. */
export interface Stage extends StageAddresses {
  /** The brokers, to be killed and restarted; on given parts there are only their addresses. */
  readonly cluster: KafkaCluster
  readonly kafka: TestKafka
  readonly model: string
  close(): Promise<void>
}

export interface StageOptions {
  readonly parts?: readonly StackPart[]
  readonly kafkaNodes?: 1 | 3
  /** Parts that run already and are left alone. */
  readonly given?: StageAddresses
}

export async function openStage({ parts = ['kafka'], kafkaNodes = 3, given }: StageOptions = {}): Promise<Stage> {
  const stack = given === undefined ? await startLocalStack({ parts, kafkaNodes }) : undefined
  const addresses = given ?? (stack as StageAddresses)
  const [kafka, model] = await Promise.all([TestKafka.connect(addresses.brokers), writeTinyModel()])
  return {
    brokers: addresses.brokers,
    redisUrl: addresses.redisUrl,
    registryUrl: addresses.registryUrl,
    cluster: stack?.kafka ?? { ...withoutKafka, brokers: addresses.brokers.split(',') },
    kafka,
    model: model.folder,
    async close() {
      await kafka.close()
      await Promise.all([model.remove(), stack?.stop()])
    },
  }
}
