import { describe, expect, it } from 'vitest'
import { type BrokerPoolClass, reportRefusals } from '../../../../src/kafka/overlay/broker-refusal.ts'
import { createErrorFromCode, createRetrier, silentLogger, stockModule } from '../../../support/stock-kafkajs.ts'

type Pool = { brokers: object; findBroker: (options: object) => Promise<object> } & BrokerPoolClass['prototype']

const Stock = stockModule<new (options: object) => Pool>('cluster/brokerPool.js')
class Patched extends Stock {}
reportRefusals(Patched as unknown as BrokerPoolClass)

const groupRefused = createErrorFromCode(30)
const notAvailable = createErrorFromCode(15)

function createPool(PoolClass: typeof Stock): Pool {
  const pool = new PoolClass({
    logger: { namespace: () => silentLogger },
    retry: createRetrier(0),
    connectionPoolBuilder: { build: async () => ({}) },
  })
  return Object.assign(pool, { brokers: { 1: {}, 2: {} }, findBroker: async (target: object) => target })
}

const throwing = (...errors: Error[]) => {
  const left = [...errors]
  return async () => {
    const error = left.shift()
    if (error) throw error
    return 'an answer'
  }
}

describe('reportRefusals', () => {
  it('rejects with the refusal, which stock kafkajs drops', async () => {
    expect(await createPool(Stock).withBroker(throwing(groupRefused, groupRefused))).toBeNull()
    await expect(createPool(Patched).withBroker(throwing(groupRefused, notAvailable))).rejects.toBe(groupRefused)
  })

  it('prefers the answer of another broker', async () => {
    expect(await createPool(Patched).withBroker(throwing(groupRefused))).toBe('an answer')
  })

  it('finds nothing where no broker knows, as before', async () => {
    expect(await createPool(Patched).withBroker(throwing(notAvailable, notAvailable))).toBeNull()
  })
})
