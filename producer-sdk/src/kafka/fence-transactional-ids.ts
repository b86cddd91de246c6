import type { Admin } from 'kafkajs'
import { type ClientCalls, openClientCalls } from './client-calls.ts'
import { sendTo } from './overlay/broker-request.ts'
import { coordinatorTypes } from './overlay/coordinator-calls.ts'
import { speaks } from './overlay/flexible-request.ts'
import {
  type FoundCoordinator,
  findCoordinatorKey,
  findCoordinators,
  findCoordinatorsVersion,
} from './overlay/transaction-requests.ts'

export interface FenceOptions {
  /** Maximum time per id while its coordinator moves or ends its transaction, milliseconds. @default 10000 */
  readonly budgetMs?: number | undefined
  /** Transaction timeout stored by the broker for the id, milliseconds; its next owner sets its own. @default 10000 */
  readonly transactionTimeoutMs?: number | undefined
}

const transactionTimeoutMs = 10_000
const type = coordinatorTypes.transaction

/**
 * Fences transactional ids: InitProducerId aborts the open transaction of an id, and the broker refuses later requests
 * of its earlier producer. Unused ids are not an error.
 *
 * Rejects if an id could not be fenced; other ids may have been fenced. The call can be repeated.
 *
 * @throws errors of kafkajs; without the overlay VAL_CONFIG_INVALID
 */
export async function fenceTransactionalIds(
  admin: Admin,
  ids: readonly string[],
  options: FenceOptions = {},
): Promise<void> {
  if (ids.length === 0) return
  const calls = await openClientCalls(admin, options.budgetMs)
  await findAll(calls, ids)
  const fields = { transactionTimeout: options.transactionTimeoutMs ?? transactionTimeoutMs }
  const fenced = await Promise.allSettled(
    ids.map((id) => calls.coordinators.call({ id, type }, 'InitProducerId', { transactionalId: id, ...fields })),
  )
  for (const outcome of fenced) if (outcome.status === 'rejected') throw outcome.reason
}

/** Like `fenceTransactionalIds`, for one. */
export function fenceTransactionalId(admin: Admin, id: string, options: FenceOptions = {}): Promise<void> {
  return fenceTransactionalIds(admin, [id], options)
}

/** Finds all coordinators with one request if the broker supports it; missing ones are requested individually. */
async function findAll({ cluster, coordinators, internals }: ClientCalls, ids: readonly string[]): Promise<void> {
  const broker = await cluster.findControllerBroker()
  if (!speaks(broker, findCoordinatorKey, findCoordinatorsVersion)) return
  const found = (await sendTo(broker, findCoordinators(internals, { ids, type }))) as FoundCoordinator[]
  const known = found.filter(({ errorCode }) => errorCode === 0)
  for (const [nodeId, group] of Map.groupBy(known, (own) => own.nodeId)) {
    const node = await cluster.findBroker({ nodeId }).catch(() => undefined)
    if (node) for (const { key } of group) coordinators.remember({ id: key, type }, node)
  }
}
