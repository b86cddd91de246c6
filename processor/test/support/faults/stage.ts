import { type LocalStack, type StackPart, startLocalStack } from '../../../../deploy/local/stack.ts'
import { writeTinyModel } from '../tiny-model.ts'
import { TestKafka } from '../workload.ts'

/** What the runs of one test file share: the parts, and a model whose answers are known. */
export interface Stage {
  readonly stack: LocalStack
  readonly kafka: TestKafka
  readonly model: string
  close(): Promise<void>
}

export interface StageOptions {
  readonly parts?: readonly StackPart[]
  readonly kafkaNodes?: 1 | 3
}

export async function openStage({ parts = ['kafka'], kafkaNodes = 3 }: StageOptions = {}): Promise<Stage> {
  const stack = await startLocalStack({ parts, kafkaNodes })
  const [kafka, model] = await Promise.all([TestKafka.connect(stack.brokers), writeTinyModel()])
  return {
    stack,
    kafka,
    model: model.folder,
    async close() {
      await kafka.close()
      await Promise.all([model.remove(), stack.stop()])
    },
  }
}
