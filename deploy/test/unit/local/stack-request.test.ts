import { expect, test } from 'vitest'
import { readStackRequest } from '../../../local/stack-request.ts'

test('one broker and free ports unless asked', () => {
  expect(readStackRequest({})).toEqual({ kafkaNodes: 1, ports: {} })
  expect(readStackRequest({ KAFKA_NODES: '', REDIS_PORT: '' })).toEqual({ kafkaNodes: 1, ports: {} })
})

test('reads what is asked for', () => {
  const asked = { KAFKA_NODES: '3', KAFKA_PORT: '9092', REGISTRY_PORT: '8081', REDIS_PORT: '6379' }
  expect(readStackRequest(asked)).toEqual({ kafkaNodes: 3, ports: { kafka: 9092, registry: 8081, redis: 6379 } })
})

test.each([
  [{ KAFKA_NODES: '2' }, 'KAFKA_NODES=2 is not possible\n  - set it to 1 or 3'],
  [{ KAFKA_PORT: 'http' }, 'KAFKA_PORT=http is not a port'],
  [{ REDIS_PORT: '70000' }, 'REDIS_PORT=70000 is not a port'],
  [{ REGISTRY_PORT: '0' }, 'REGISTRY_PORT=0 is not a port'],
])('refuses %o', (environment, message) => {
  expect(() => readStackRequest(environment)).toThrow(message)
})
