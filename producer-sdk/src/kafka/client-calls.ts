import { ValenceError } from '@valence/schemas'
import { type ClientParts, partsOf } from './overlay/client-parts.ts'
import { CoordinatorCalls } from './overlay/coordinator-calls.ts'

/** The internals of a client, for requests that kafkajs does not support. */
export interface ClientCalls extends ClientParts {
  readonly coordinators: CoordinatorCalls
}

/** Retry of requests while a coordinator moves, starts or finishes a transaction. */
const defaultBudgetMs = 10_000

/** @throws VAL_CONFIG_INVALID without the overlay; errors of kafkajs if no broker answers */
export async function openClientCalls(client: object, budgetMs = defaultBudgetMs): Promise<ClientCalls> {
  const parts = partsOf(client)
  if (parts === undefined) throw new ValenceError('VAL_CONFIG_INVALID', 'this request to Kafka needs the overlay')
  const { cluster, logger, internals } = parts
  // An admin client knows no broker before its first request has loaded the metadata.
  if (cluster.getNodeIds().length === 0) await cluster.refreshMetadata()
  return { ...parts, coordinators: new CoordinatorCalls(internals, { cluster, logger, budgetMs }) }
}
