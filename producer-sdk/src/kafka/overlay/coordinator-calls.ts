import { setTimeout as delay } from 'node:timers/promises'
import { requestFor, sendTo } from './broker-request.ts'
import type { ApiName, Broker, Cluster, Errors, KafkaJsError, Logger, Protocol, ProtocolRequest } from './internals.ts'

/** kafkajs's numbers for the two kinds of coordinator. */
export const coordinatorTypes = { group: 0, transaction: 1 } as const

export interface CoordinatorInternals {
  readonly errors: Pick<Errors, 'KafkaJSNonRetriableError'>
  readonly protocol: Protocol
}

export interface Coordinator {
  readonly id: string
  readonly type: (typeof coordinatorTypes)[keyof typeof coordinatorTypes]
}

type Build = (broker: Broker) => ProtocolRequest

const moved = new Set(['GROUP_COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR_FOR_GROUP'])
const busy = new Set(['GROUP_LOAD_IN_PROGRESS', 'UNKNOWN_TOPIC_OR_PARTITION', 'REQUEST_TIMED_OUT'])
const disconnected = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSBrokerNotFound',
  'KafkaJSGroupCoordinatorNotFound',
  // Of these requests, kafkajs itself retries only the search for the coordinator.
  'KafkaJSNumberOfRetriesExceeded',
])

/** Writing the markers of the last transaction takes a few milliseconds; kafkajs waits 300 ms or fails. */
const concurrentBackoff = { firstMs: 5, maxMs: 20 }
/** Chosen, not measured: an election takes from some tens of milliseconds to seconds. */
const failoverBackoff = { firstMs: 50, maxMs: 1_000 }
const growth = 2
/** Chosen, not measured: a new topic is known to every broker within a second, a deleted one never. */
const maxMissingTopicMs = 3_000

function backoffFor({ type, name }: KafkaJsError): { firstMs: number; maxMs: number } | undefined {
  if (type === 'CONCURRENT_TRANSACTIONS') return concurrentBackoff
  if (type !== undefined) return moved.has(type) || busy.has(type) ? failoverBackoff : undefined
  return disconnected.has(name) ? failoverBackoff : undefined
}

/**
 * Requests to coordinators. kafkajs looks up the coordinator for every request and retries few requests. Here the
 * coordinator is cached until it refuses. Errors of a coordinator that moves or finishes the last transaction are
 * retried for `budgetMs`, an unknown topic for less. Every request of a transaction can be repeated within its epoch.
 */
export class CoordinatorCalls {
  /** Maximum wait for a topic that the coordinator does not know. */
  readonly #missingTopicMs: number
  readonly #known = new Map<string, Broker>()
  readonly #cluster: Cluster
  readonly #logger: Logger
  readonly #internals: CoordinatorInternals
  readonly #budgetMs: number

  constructor(
    internals: CoordinatorInternals,
    options: { cluster: Cluster; logger: Logger; budgetMs: number; missingTopicMs?: number },
  ) {
    this.#internals = internals
    this.#cluster = options.cluster
    this.#logger = options.logger
    this.#budgetMs = options.budgetMs
    this.#missingTopicMs = Math.min(options.missingTopicMs ?? maxMissingTopicMs, options.budgetMs)
  }

  /** @throws the broker's error; after the budget it is wrapped, so that kafkajs does not retry it */
  call(coordinator: Coordinator, api: ApiName, fields: object): Promise<unknown> {
    return this.ask(coordinator, this.#building(api, fields))
  }

  /** Like `call`, for a request that kafkajs does not have. Errors of `build` are not retried. */
  ask(coordinator: Coordinator, build: Build): Promise<unknown> {
    return this.#persist(coordinator, () => this.#find(coordinator), build)
  }

  /** For requests that any broker can answer; a newly started broker may need retries. @throws like `call` */
  callAnyBroker(api: ApiName, fields: object): Promise<unknown> {
    return this.#persist(undefined, () => this.#cluster.findControllerBroker(), this.#building(api, fields))
  }

  /** Caches a coordinator; the next request goes there. */
  remember({ id, type }: Coordinator, broker: Broker): void {
    this.#known.set(`${type}/${id}`, broker)
  }

  #building(api: ApiName, fields: object): Build {
    return (broker) => requestFor(broker, this.#internals.protocol, api, fields)
  }

  async #persist(coordinator: Coordinator | undefined, find: () => Promise<Broker>, build: Build): Promise<unknown> {
    const begunAt = performance.now()
    for (let attempt = 0; ; attempt += 1) {
      try {
        const broker = await find()
        return await sendTo(broker, { ...build(broker), logResponseError: false })
      } catch (error) {
        const backoff = backoffFor(error as KafkaJsError)
        if (!backoff) throw error
        const waitMs = Math.min(backoff.firstMs * growth ** attempt, backoff.maxMs)
        if (performance.now() + waitMs > begunAt + this.#budgetFor(error as KafkaJsError)) {
          throw new this.#internals.errors.KafkaJSNonRetriableError(error as Error, { cause: error })
        }
        await this.#recover(coordinator, error as KafkaJsError)
        await delay(waitMs)
      }
    }
  }

  #budgetFor({ type }: KafkaJsError): number {
    return type === 'UNKNOWN_TOPIC_OR_PARTITION' ? this.#missingTopicMs : this.#budgetMs
  }

  async #find({ id, type }: Coordinator): Promise<Broker> {
    const known = this.#known.get(`${type}/${id}`)
    if (known?.isConnected()) return known
    const found = await this.#cluster.findGroupCoordinator({ groupId: id, coordinatorType: type })
    this.remember({ id, type }, found)
    return found
  }

  async #recover(coordinator: Coordinator | undefined, error: KafkaJsError): Promise<void> {
    this.#logger.debug('The coordinator is not ready', { id: coordinator?.id, error: error.message })
    if (error.type !== undefined && !moved.has(error.type)) return
    if (coordinator) this.#known.delete(`${coordinator.type}/${coordinator.id}`)
    if (error.type !== undefined) return
    const { host, port } = error
    if (host && port) this.#cluster.removeBroker({ host, port })
    try {
      if (!this.#cluster.isConnected()) await this.#cluster.connect()
      await this.#cluster.refreshMetadata()
    } catch (refreshError) {
      // The cluster is still unreachable; retry until the budget is used up.
      this.#logger.debug('The metadata cannot be refreshed', { error: String(refreshError) })
    }
  }
}
