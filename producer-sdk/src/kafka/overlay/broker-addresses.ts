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
 * kafkajs cuts a bootstrap address at its colons, so that `[::1]:9092` is the host `[` for it. The builder of connections
 * is told host and port instead. What `createKafka` has not looked at, such as a function, is left to kafkajs.
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
