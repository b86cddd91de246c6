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
  /** How long each id is tried while its coordinator moves or ends its transaction. @default 10000 */
  readonly budgetMs?: number | undefined
  /** What the broker notes for the id; its next owner sets its own. @default 10000 */
  readonly transactionTimeoutMs?: number | undefined
}

const transactionTimeoutMs = 10_000
const type = coordinatorTypes.transaction

/**
 * Takes transactional ids from whoever has them: InitProducerId ends the transaction that is open under an id, and no
 * request of its earlier producer is accepted from then on. Ids that nobody has used are no error.
 *
 * Rejects when an id could not be fenced; others may have been. It may be repeated.
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

/** All coordinators in one request where the broker can; what it leaves out is looked up one by one. */
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
