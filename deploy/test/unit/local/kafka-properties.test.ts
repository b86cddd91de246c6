import { expect, test } from 'vitest'
import { brokerEnvironment, brokerProperties } from '../../../local/kafka-properties.ts'
import { formatProperties } from '../../../local/properties.ts'

function propertiesOf(index: number, nodes: number): Record<string, string> {
  return brokerProperties({
    index,
    controllers: Array.from({ length: nodes }, (_, i) => `127.0.0.1:${30_000 + i}`),
    listeners: { CLIENT: '127.0.0.1:20000', CONTROLLER: '127.0.0.1:30000' },
    advertised: { CLIENT: '127.0.0.1:20000' },
    interBroker: 'CLIENT',
    logs: '/tmp/a folder/data',
  })
}

const replicated = [
  'default.replication.factor',
  'offsets.topic.replication.factor',
  'transaction.state.log.replication.factor',
  'share.coordinator.state.topic.replication.factor',
]
const inSync = ['min.insync.replicas', 'transaction.state.log.min.isr', 'share.coordinator.state.topic.min.isr']

test.each([
  [1, '1', '1'],
  [3, '3', '2'],
])('%d node(s): replication %s, in sync at least %s', (nodes, replication, isr) => {
  const properties = propertiesOf(0, nodes)
  for (const name of replicated) expect(properties[name], name).toBe(replication)
  for (const name of inSync) expect(properties[name], name).toBe(isr)
})

test('each node has its id, and all vote', () => {
  const properties = propertiesOf(2, 3)
  expect(properties['node.id']).toBe('3')
  expect(properties['controller.quorum.voters']).toBe('1@127.0.0.1:30000,2@127.0.0.1:30001,3@127.0.0.1:30002')
  expect(properties.listeners).toBe('CLIENT://127.0.0.1:20000,CONTROLLER://127.0.0.1:30000')
  expect(properties['listener.security.protocol.map']).toBe('CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT')
  expect(properties['advertised.listeners']).toBe('CLIENT://127.0.0.1:20000')
})

test('nothing weakens what exactly once rests on', () => {
  const properties = propertiesOf(0, 3)
  expect(properties['auto.create.topics.enable']).toBe('false')
  expect(properties['unclean.leader.election.enable']).toBeUndefined()
  expect(properties['transaction.partition.verification.enable']).toBeUndefined()
})

test('the container image takes the same properties as variables', () => {
  const environment = brokerEnvironment({ 'log.dirs': '/logs', 'a_b.c-d': 'x' })
  expect(environment).toEqual({ KAFKA_LOG_DIRS: '/logs', KAFKA_A__B_C___D: 'x' })
})

test('a properties file keeps spaces and escapes what Java would interpret', () => {
  expect(formatProperties({ 'log.dirs': '/a folder/x', path: 'C:\\temp', lines: 'a\nb' })).toBe(
    'log.dirs=/a folder/x\npath=C:\\\\temp\nlines=a\\nb\n',
  )
})
