import type { Admin } from 'kafkajs'
import { openClientCalls } from './client-calls.ts'
import { sendTo } from './overlay/broker-request.ts'
import { coordinatorTypes } from './overlay/coordinator-calls.ts'
import { speaks } from './overlay/flexible-request.ts'
import {
  type DescribedTransaction,
  describeTransactions as describeRequest,
  describeTransactionsKey,
  type ListedTransaction,
  listTransactions as listRequest,
  listTransactionsKey,
} from './overlay/transaction-requests.ts'

/** Kafka's names of transaction states. Open transactions are `Ongoing`, `PrepareCommit` or `PrepareAbort`. */
export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'
  | 'Dead'
  | 'PrepareEpochFence'

export interface TransactionListing {
  readonly transactions: readonly ListedTransaction[]
  /** Errors of brokers that did not answer, by node id: their transactions are not in the list. */
  readonly unavailable: ReadonlyMap<number, unknown>
}

/** Filter. Without states: all states. Without prefix: all ids. */
export interface ListTransactionsOptions {
  readonly states?: readonly TransactionState[] | undefined
  readonly prefix?: string | undefined
}

/**
 * Lists the transactional ids of all brokers with their states. The prefix is applied by the client, because brokers
 * can filter by state only.
 *
 * @returns undefined if a broker is older than 3.0
 * @throws VAL_CONFIG_INVALID without the overlay; errors of kafkajs if no broker answers
 */
export async function listTransactions(
  admin: Admin,
  { states = [], prefix = '' }: ListTransactionsOptions = {},
): Promise<TransactionListing | undefined> {
  const { cluster, internals } = await openClientCalls(admin)
  const unavailable = new Map<number, unknown>()
  const ask = async (nodeId: string) => {
    try {
      const broker = await cluster.findBroker({ nodeId })
      if (!speaks(broker, listTransactionsKey, 0)) return undefined
      const answer = (await sendTo(broker, listRequest(internals, states))) as { transactions: ListedTransaction[] }
      return answer.transactions.filter(({ transactionalId }) => transactionalId.startsWith(prefix))
    } catch (error) {
      unavailable.set(Number(nodeId), error)
      return []
    }
  }
  const lists = await Promise.all(cluster.getNodeIds().map(ask))
  if (lists.includes(undefined)) return undefined
  return { transactions: lists.flatMap((list) => list ?? []), unavailable }
}

/**
 * Describes transactional ids, by id, from their coordinators; unused ids are absent.
 *
 * @returns undefined if a broker is older than 3.0
 * @throws VAL_CONFIG_INVALID without the overlay; errors of kafkajs
 */
export async function describeTransactions(
  admin: Admin,
  ids: readonly string[],
): Promise<ReadonlyMap<string, DescribedTransaction> | undefined> {
  const { cluster, coordinators, internals } = await openClientCalls(admin)
  if (!speaks(await cluster.findControllerBroker(), describeTransactionsKey, 0)) return undefined
  const describe = async (id: string) => {
    const coordinator = { id, type: coordinatorTypes.transaction }
    return (await coordinators.ask(coordinator, () => describeRequest(internals, [id]))) as DescribedTransaction[]
  }
  const found = (await Promise.all(ids.map(describe))).flat().filter(({ errorCode }) => errorCode === 0)
  return new Map(found.map((own) => [own.transactionalId, own]))
}
