import { setTimeout as delay } from 'node:timers/promises'
import type { Errors, KafkaJsError } from './internals.ts'

interface ConsumerGroup {
  joinAndSync(): Promise<void>
  recoverFromFetch(error: unknown): Promise<void>
  fetch(nodeId: number): Promise<unknown>
  getNodeIds(): string[]
  heartbeat(options: { interval: number }): Promise<void>
}

export interface JoiningGroupClass {
  readonly prototype: ConsumerGroup
}

/** `outside`: the last join failed, or the coordinator is unreachable at its old address. */
type Standing = { readonly kind: 'member' | 'outside' } | { readonly kind: 'joining'; readonly join: Promise<void> }

type RejoiningErrors = Pick<Errors, 'KafkaJSError'>

/** The coordinator has moved or is unreachable: only a join looks it up again. */
const lostCoordinator = new Set(['GROUP_COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR_FOR_GROUP'])
const brokerAway = new Set([
  'KafkaJSBrokerNotFound',
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSRequestTimeoutError',
])

/**
 * Between two failed fetches; the first is answered at once. Shorter than any session, as the fetcher beats meanwhile
 * not.
 */
const [firstRestMs, longestRestMs] = [50, 1_000]

interface Failure {
  readonly at: number
  readonly restMs: number
}

function causesOf(error: unknown): KafkaJsError[] {
  const causes: KafkaJsError[] = []
  for (let own = error; own instanceof Error && !causes.includes(own); own = own.cause) causes.push(own)
  return causes
}

/** kafkajs marks errors as final after its short retries, although they can pass with time. */
function isPassing(error: unknown): boolean {
  return causesOf(error).some(({ name, retriable }) => retriable === true || brokerAway.has(name))
}

function losesCoordinator(error: unknown): boolean {
  return causesOf(error).some(({ name, type = '' }) => brokerAway.has(name) || lostCoordinator.has(type))
}

/**
 * Hunk P fixes defects of rejoining. Stock kafkajs drops its member id if the coordinator does not know it, and joins
 * again; if that join fails with a retryable error, it continues to fetch permanently, without an id and so without
 * heartbeats. After a failed SyncGroup it uses the old assignment as a member of the new generation. After the
 * coordinator's death it sends heartbeats to the old address. Here no record is fetched and no heartbeat succeeds
 * before the group has been joined again, and temporary errors are retried, up to `retry.retries`, instead of ending
 * the consumer.
 *
 * If the connection to the only broker closes, stock kafkajs ends the consumer; here it joins again. After a fetch that
 * failed because of its metadata, stock kafkajs rejoins and fetches at once, some thousand times per second, each time
 * with a rebalance; here the delay between two such failures increases.
 */
export function rejoinBeforeFetching(groupClass: JoiningGroupClass, { KafkaJSError }: RejoiningErrors): void {
  const { prototype } = groupClass
  const {
    joinAndSync: stockJoin,
    fetch: innerFetch,
    getNodeIds: stockNodeIds,
    heartbeat: stockHeartbeat,
    recoverFromFetch: innerRecover,
  } = prototype
  const standings = new WeakMap<ConsumerGroup, Standing>()
  const failures = new WeakMap<ConsumerGroup, Failure>()

  function lasting(error: unknown): unknown {
    const isFinal = (error as KafkaJsError)?.retriable === false
    return isFinal && isPassing(error) ? new KafkaJSError(error as Error, { cause: error }) : error
  }

  /** On this error type, kafkajs's runner joins again. */
  function joinFirst(): KafkaJsError {
    return Object.assign(new KafkaJSError('The group is to be joined again'), { type: 'REBALANCE_IN_PROGRESS' })
  }

  prototype.joinAndSync = function joinAndSync(this: ConsumerGroup) {
    const standing = standings.get(this)
    if (standing?.kind === 'joining') return standing.join
    const join = stockJoin.call(this).then(
      () => void standings.set(this, { kind: 'member' }),
      (error: unknown) => {
        standings.set(this, { kind: 'outside' })
        throw lasting(error)
      },
    )
    standings.set(this, { kind: 'joining', join })
    return join
  }

  prototype.fetch = async function fetch(this: ConsumerGroup, nodeId) {
    const standing = standings.get(this)
    // If a topic gets more partitions, one fetcher joins while those of other brokers continue.
    if (standing?.kind === 'joining') await standing.join
    if (standing?.kind === 'outside') throw joinFirst()
    try {
      return await innerFetch.call(this, nodeId)
    } catch (error) {
      throw lasting(error)
    }
  }

  prototype.getNodeIds = function getNodeIds(this: ConsumerGroup) {
    const ids = stockNodeIds.call(this)
    // The only broker left the pool with its connections; joining connects to the bootstrap addresses again.
    if (ids.length === 0) throw joinFirst()
    return ids
  }

  prototype.heartbeat = async function heartbeat(this: ConsumerGroup, options) {
    const standing = standings.get(this)
    if (standing?.kind === 'joining') return
    if (standing?.kind === 'outside') throw joinFirst()
    try {
      await stockHeartbeat.call(this, options)
    } catch (error) {
      if (losesCoordinator(error)) standings.set(this, { kind: 'outside' })
      throw lasting(error)
    }
  }

  prototype.recoverFromFetch = async function recoverFromFetch(this: ConsumerGroup, error) {
    const now = performance.now()
    const last = failures.get(this)
    // A failure long after the last one counts as the first.
    const isRepeated = last !== undefined && now - last.at < longestRestMs
    const restMs = isRepeated ? Math.min(2 * last.restMs, longestRestMs) : firstRestMs
    if (isRepeated) await delay(restMs)
    try {
      await innerRecover.call(this, error)
    } finally {
      failures.set(this, { at: performance.now(), restMs })
    }
  }
}
