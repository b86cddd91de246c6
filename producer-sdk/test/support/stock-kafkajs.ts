import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { OverlayInternals } from '../../src/kafka/overlay/client-parts.ts'
import type { Errors, KafkaJsError, Protocol, Retrier } from '../../src/kafka/overlay/internals.ts'

const require = createRequire(import.meta.url)

/** Where the installed kafkajs lies. */
export const kafkaJsRoot = dirname(require.resolve('kafkajs/package.json'))

/** A file of the published kafkajs by its path below `src/`; the overlay is not involved. */
export function stockModule<Exports>(file: string): Exports {
  return require(join(kafkaJsRoot, 'src', file)) as Exports
}

export const errors = stockModule<Errors>('errors.js')

export const protocol: Protocol = {
  apiKeys: stockModule('protocol/requests/apiKeys.js'),
  requests: stockModule<Protocol>('protocol/requests/index.js').requests,
}

const { createErrorFromCode } = stockModule<{ createErrorFromCode: (code: number) => KafkaJsError }>(
  'protocol/error.js',
)

export { createErrorFromCode }

/** What the overlay's own requests are made with. */
export const internals: OverlayInternals = {
  errors,
  protocol,
  Encoder: stockModule('protocol/encoder.js'),
  Decoder: stockModule('protocol/decoder.js'),
  createErrorFromCode,
}

/** kafkajs's own retry loop, hurried. */
export function createRetrier(retries = 5): Retrier {
  const create = stockModule<(options: object) => Retrier>('retry/index.js')
  return create({ retries, initialRetryTime: 1, maxRetryTime: 5 })
}

export const silentLogger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
