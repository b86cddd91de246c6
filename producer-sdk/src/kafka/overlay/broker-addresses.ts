import { parseHostPort } from '@valence/schemas'

interface Destination {
  readonly host?: string
  readonly port?: number
  readonly rack?: string
}

interface PoolBuilder {
  build(destination?: Destination): Promise<unknown>
}

export type CreatePoolBuilder = (options: { readonly brokers: unknown }) => PoolBuilder

/**
 * kafkajs splits a bootstrap address at its colons, so `[::1]:9092` becomes the host `[`. Here the connection builder
 * gets host and port. Addresses that `createKafka` has not parsed, such as a function, are left to kafkajs.
 */
export function readBrokerAddresses(stock: CreatePoolBuilder): CreatePoolBuilder {
  return (options) => {
    const builder = stock(options)
    const addresses = Array.isArray(options.brokers) ? options.brokers.map((own) => parseHostPort(String(own))) : []
    let next = 0
    return {
      build: (destination) => {
        if (destination?.host !== undefined || addresses.length === 0) return builder.build(destination)
        const address = addresses[next++ % addresses.length]
        return builder.build(address ?? destination)
      },
    }
  }
}
