import { ValenceError } from '@valence/schemas'
import { type ClientParts, partsOf } from './overlay/client-parts.ts'
import { CoordinatorCalls } from './overlay/coordinator-calls.ts'

/** The inside of a client, for requests that kafkajs does not have. */
export interface ClientCalls extends ClientParts {
  readonly coordinators: CoordinatorCalls
}

/** How long a coordinator that moves, starts or finishes a transaction is waited for. */
const defaultBudgetMs = 10_000

/** @throws VAL_CONFIG_INVALID without the overlay; errors of kafkajs when no broker answers */
export async function openClientCalls(client: object, budgetMs = defaultBudgetMs): Promise<ClientCalls> {
  const parts = partsOf(client)
  if (parts === undefined) throw new ValenceError('VAL_CONFIG_INVALID', 'this request to Kafka needs the overlay')
  const { cluster, logger, internals } = parts
  // An admin client loads the metadata with its first request, and has no broker to ask before.
  if (cluster.getNodeIds().length === 0) await cluster.refreshMetadata()
  return { ...parts, coordinators: new CoordinatorCalls(internals, { cluster, logger, budgetMs }) }
}
