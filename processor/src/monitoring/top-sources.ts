import type { Admin } from '@valence/producer-sdk/kafka'
import type { Config } from '../config/config.ts'
import { type LagSnapshot, readLag } from '../kafka/group-lag.ts'
import { createAdmin, translateKafkaError } from '../kafka/kafka-admin.ts'
import { MetricSamples } from './metric-samples.ts'

const answerMs = 3_000

/** Reads the lag of a group. After a failure the next read creates a new client. */
export class GroupSource {
  readonly #config: Config
  readonly #groupId: string
  #admin: Admin | undefined

  constructor(config: Config, groupId: string) {
    this.#config = config
    this.#groupId = groupId
  }

  /** @throws VAL_KAFKA_* */
  async read(): Promise<LagSnapshot> {
    const { inputTopics: topics, kafkaStart: start } = this.#config
    try {
      this.#admin ??= await this.#connect()
      return await readLag({ admin: this.#admin, groupId: this.#groupId, topics, start })
    } catch (error) {
      await this.close()
      throw translateKafkaError(error)
    }
  }

  async close(): Promise<void> {
    const admin = this.#admin
    this.#admin = undefined
    await admin?.disconnect()
  }

  async #connect(): Promise<Admin> {
    const admin = createAdmin(this.#config)
    await admin.connect()
    return admin
  }
}

/** Reads `/metrics` of an admin port. @throws an Error whose message is a short reason */
export async function readMetrics(admin: URL): Promise<MetricSamples> {
  const response = await fetch(new URL('/metrics', admin), { signal: AbortSignal.timeout(answerMs) }).catch((error) => {
    throw new Error(reasonOf(error), { cause: error })
  })
  if (!response.ok) throw new Error(`answers ${response.status}`)
  return new MetricSamples(await response.text())
}

function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: NodeJS.ErrnoException }
  return name === 'TimeoutError' ? `no answer in ${answerMs} ms` : (cause?.code ?? cause?.message ?? message)
}
