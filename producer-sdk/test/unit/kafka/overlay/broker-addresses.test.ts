import { describe, expect, it } from 'vitest'
import { type CreatePoolBuilder, readBrokerAddresses } from '../../../../src/kafka/overlay/broker-addresses.ts'
import { silentLogger, stockModule } from '../../../support/stock-kafkajs.ts'

const stock = stockModule<CreatePoolBuilder>('cluster/connectionPoolBuilder.js')
const logger = { ...silentLogger, namespace: () => silentLogger }
const options = { brokers: ['[::1]:9092', 'kafka-2:9093'], logger }

describe('bootstrap addresses', () => {
  it('are taken for the host "[" by the published kafkajs', async () => {
    expect(await stock(options).build()).toMatchObject({ host: '[' })
  })

  it('are read with their brackets, in turn', async () => {
    const builder = readBrokerAddresses(stock)(options)
    expect(await builder.build()).toMatchObject({ host: '::1', port: 9092 })
    expect(await builder.build({})).toMatchObject({ host: 'kafka-2', port: 9093 })
    expect(await builder.build()).toMatchObject({ host: '::1', port: 9092 })
  })

  it('give way to the address that a broker tells', async () => {
    const told = { host: 'kafka-7', port: 1, rack: 'a' }
    expect(await readBrokerAddresses(stock)(options).build(told)).toMatchObject(told)
  })

  it('are left to kafkajs where they come from a function', async () => {
    const builder = readBrokerAddresses(stock)({ ...options, brokers: () => ['kafka-1:9092'] } as never)
    expect(await builder.build()).toMatchObject({ host: 'kafka-1', port: 9092 })
  })
})
