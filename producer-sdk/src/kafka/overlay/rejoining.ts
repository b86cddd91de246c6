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

/** `outside`: the last attempt to join failed, or the coordinator cannot be reached under its old address. */
type Standing = { readonly kind: 'member' | 'outside' } | { readonly kind: 'joining'; readonly join: Promise<void> }

type RejoiningErrors = Pick<Errors, 'KafkaJSError'>

/** The coordinator is elsewhere or cannot be reached: only joining looks it up again. */
const lostCoordinator = new Set(['GROUP_COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR_FOR_GROUP'])
const brokerAway = new Set([
  'KafkaJSBrokerNotFound',
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSRequestTimeoutError',
])

/** Between two failed fetches; the first is answered at once. Shorter than any session, as the fetcher beats meanwhile not. */
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

/** kafkajs wraps what outlasted its short retries as final, although time alone can mend it. */
function isPassing(error: unknown): boolean {
  return causesOf(error).some(({ name, retriable }) => retriable === true || brokerAway.has(name))
}

function losesCoordinator(error: unknown): boolean {
  return causesOf(error).some(({ name, type = '' }) => brokerAway.has(name) || lostCoordinator.has(type))
}

/**
 * Hunk P. Stock kafkajs forgets its member id when the coordinator does not know it, and joins again; where that join
 * fails with an error that can be retried, it goes back to fetching, without an id and so without heartbeats, for good.
 * After a failed SyncGroup it goes on with the old assignment as a member of the new generation. Where the coordinator
 * died it sends its heartbeats to the old address. Here nothing is fetched and no heartbeat succeeds before the group has
 * been joined again, and what time can mend is retried instead of ending the consumer; `retry.retries` bounds it.
 * Where the connection to the only broker closes, stock kafkajs ends the consumer at once for want of a broker; here it joins.
 * After a fetch that failed for its metadata, stock kafkajs joins again and fetches at once, some thousand times a second
 * and each time for the whole group; here it rests between two such failures, for longer the more there are.
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

  /** kafkajs's runner joins on this type. */
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
    // Where a topic got more partitions, one fetcher joins while those of the other brokers go on.
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
    // With its connections the only broker left the pool; joining connects to the given addresses again.
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
    // One that comes long after the last is a first one again.
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
