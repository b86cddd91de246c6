import { createRequire } from 'node:module'

// What a processor would cost without metrics: prom-client keeps its shape and does nothing. Required and not imported,
// so that it is changed before anybody imports it.
const client = createRequire(import.meta.url)('prom-client') as typeof import('prom-client')

const nothing = () => undefined
const silenced = [
  [client.Counter, ['inc', 'incWithExemplar', 'incWithoutExemplar']],
  [client.Gauge, ['set', 'inc', 'dec', 'setToCurrentTime']],
  [client.Histogram, ['observe', 'observeWithExemplar', 'observeWithoutExemplar', 'zero']],
] as const
for (const [kind, methods] of silenced) {
  for (const method of methods) Object.defineProperty(kind.prototype, method, { value: nothing, writable: true })
}
Object.defineProperty(client.Histogram.prototype, 'startTimer', { value: () => nothing })
Object.defineProperty(client, 'collectDefaultMetrics', { value: nothing })
