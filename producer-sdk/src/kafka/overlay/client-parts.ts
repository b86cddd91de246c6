import type { CoordinatorInternals } from './coordinator-calls.ts'
import type { FlexibleInternals } from './flexible-request.ts'
import type { Cluster, Logger } from './internals.ts'
import { processWide } from './process-wide.ts'

/** The kafkajs modules needed for our own requests. */
export type OverlayInternals = CoordinatorInternals & FlexibleInternals

/** The private parts of a kafkajs client. */
export interface ClientParts {
  readonly cluster: Cluster
  readonly logger: Logger
  readonly internals: OverlayInternals
}

const partsByClient = processWide('client-parts', () => new WeakMap<object, ClientParts>())

/** kafkajs's module of an admin client or a consumer. */
export type CreateClient = (options: Omit<ClientParts, 'internals'>) => object

/** Registers the parts of the client that `create` returns, for `partsOf`. */
export function keepParts(create: CreateClient, internals: OverlayInternals): CreateClient {
  return (options) => {
    const client = create(options)
    partsByClient.set(client, { cluster: options.cluster, logger: options.logger, internals })
    return client
  }
}

/** The parts of an admin client or a consumer; undefined without the overlay. */
export function partsOf(client: object): ClientParts | undefined {
  return partsByClient.get(client)
}
