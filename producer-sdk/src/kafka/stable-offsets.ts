import { ValenceError } from '@valence/schemas'
import type { Admin } from 'kafkajs'
import { openClientCalls } from './client-calls.ts'
import { coordinatorTypes } from './overlay/coordinator-calls.ts'
import { speaks } from './overlay/flexible-request.ts'
import {
  type OffsetFetchResponse,
  offsetFetchKey,
  readingStableOffsets,
  stableOffsetFetch,
  stableVersion,
  unstableCode,
} from './overlay/stable-offsets.ts'

/** Committed offset and metadata of a partition. */
export interface CommittedOffset {
  /** −1 if no offset is committed. */
  readonly offset: bigint
  /** Metadata committed with the offset. */
  readonly metadata: string | null
}

const none: CommittedOffset = { offset: -1n, metadata: null }

/**
 * The committed offset of each partition; waits until no open transaction can change it. Read after InitProducerId has
 * ended the predecessor's transaction, it is final.
 *
 * Without the overlay, or on brokers before 2.5, this is an ordinary read.
 */
export async function fetchStableOffsets(
  admin: Admin,
  { groupId, topic, partitions }: { groupId: string; topic: string; partitions: readonly number[] },
): Promise<Map<number, CommittedOffset>> {
  const fetched = await readingStableOffsets({ topic, partitions }, () =>
    admin.fetchOffsets({ groupId, topics: [topic] }),
  )
  const offsets = new Map(
    fetched
      .flatMap((own) => own.partitions)
      .map(({ partition, offset, metadata }) => [partition, { offset: BigInt(offset), metadata }] as const),
  )
  return new Map(partitions.map((partition) => [partition, offsets.get(partition) ?? none]))
}

/** Committed offsets of a topic, by partition; partitions without a committed offset are absent. */
export async function fetchGroupOffsets(
  admin: Admin,
  { groupId, topic }: { groupId: string; topic: string },
): Promise<Map<number, CommittedOffset>> {
  const fetched = await admin.fetchOffsets({ groupId, topics: [topic] })
  return new Map(
    fetched
      .flatMap((own) => own.partitions)
      .map(({ partition, offset, metadata }) => [partition, { offset: BigInt(offset), metadata }] as const)
      .filter(([, { offset }]) => offset >= 0n),
  )
}

interface NamedPartition {
  readonly topic: string
  readonly partition: number
}

/** The committed offset of a partition at one moment. */
export type PositionReading = NamedPartition &
  (
    | { readonly state: 'committed'; readonly offset: bigint; readonly metadata: string | null }
    | { readonly state: 'none' }
    /** A transaction with an offset for this partition is open or being ended. */
    | { readonly state: 'unstable' }
  )

/**
 * The committed offsets of many partitions in one request, in the requested order. Does not wait for transactions to
 * end; reports the partitions that have one.
 *
 * @throws VAL_KAFKA_BROKER_TOO_OLD if the broker is older than 2.5
 * @throws VAL_CONFIG_INVALID without the overlay; errors of kafkajs for everything else
 */
export async function readPositions(
  admin: Admin,
  { groupId, partitions }: { groupId: string; partitions: readonly NamedPartition[] },
): Promise<PositionReading[]> {
  if (partitions.length === 0) return []
  const { coordinators, internals } = await openClientCalls(admin)
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, group]) => ({
    topic,
    partitions: group.map(({ partition }) => ({ partition })),
  }))
  const { responses } = (await coordinators.ask({ id: groupId, type: coordinatorTypes.group }, (broker) => {
    if (!speaks(broker, offsetFetchKey, stableVersion)) {
      throw new ValenceError('VAL_KAFKA_BROKER_TOO_OLD', 'OffsetFetch v7 with stable offsets needs Kafka 2.5')
    }
    return stableOffsetFetch({ groupId, topics }, internals, true)
  })) as OffsetFetchResponse
  const found = new Map(
    responses.flatMap(({ topic, partitions: own }) => own.map((one) => [`${topic}/${one.partition}`, one] as const)),
  )
  return partitions.map(({ topic, partition }): PositionReading => {
    const { errorCode, offset = '-1', metadata = null } = found.get(`${topic}/${partition}`) ?? {}
    if (errorCode === unstableCode) return { topic, partition, state: 'unstable' }
    const committed = BigInt(offset)
    return committed < 0n
      ? { topic, partition, state: 'none' }
      : { topic, partition, state: 'committed', offset: committed, metadata }
  })
}
