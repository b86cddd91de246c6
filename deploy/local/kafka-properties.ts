export interface BrokerAddresses {
  /** Index of the node in the cluster, from 0; its node id is one more. */
  readonly index: number
  /** `host:port` of every controller, as reachable from the other nodes. */
  readonly controllers: readonly string[]
  /** Listener name → address to bind; `CLIENT` serves clients, `CONTROLLER` the quorum. */
  readonly listeners: Readonly<Record<string, string>>
  /** Listener name → advertised address; without CONTROLLER. */
  readonly advertised: Readonly<Record<string, string>>
  /** Listener for traffic between brokers. */
  readonly interBroker: string
  /** Listener name → protocol; PLAINTEXT if absent. */
  readonly protocols?: Readonly<Record<string, string>>
  readonly logs: string
}

function listenerList(addresses: Readonly<Record<string, string>>): string {
  return Object.entries(addresses)
    .map(([name, address]) => `${name}://${address}`)
    .join(',')
}

/**
 * Configuration of a small broker with short timeouts. As durable as a production one: three nodes tolerate the loss
 * of one.
 */
export function brokerProperties(addresses: BrokerAddresses): Record<string, string> {
  const { index, controllers, listeners, advertised, interBroker, protocols = {}, logs } = addresses
  const replication = String(Math.min(3, controllers.length))
  const inSync = controllers.length >= 3 ? '2' : '1'
  return {
    'process.roles': 'broker,controller',
    'node.id': String(index + 1),
    'controller.quorum.voters': controllers.map((address, i) => `${i + 1}@${address}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': interBroker,
    'listener.security.protocol.map': Object.keys(listeners)
      .map((name) => `${name}:${protocols[name] ?? 'PLAINTEXT'}`)
      .join(','),
    listeners: listenerList(listeners),
    'advertised.listeners': listenerList(advertised),
    'log.dirs': logs,

    'auto.create.topics.enable': 'false',
    'num.partitions': '1',
    'default.replication.factor': replication,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replication,
    'transaction.state.log.replication.factor': replication,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': replication,
    'share.coordinator.state.topic.min.isr': inSync,

    // Few internal partitions, no initial rebalance delay, and short sessions for tests that kill members.
    'offsets.topic.num.partitions': '10',
    'transaction.state.log.num.partitions': '10',
    'share.coordinator.state.topic.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    // A dead broker's partitions move after this long; the default is 9 s.
    'broker.session.timeout.ms': '6000',
    'broker.heartbeat.interval.ms': '1000',
    // The default of 128 MiB is too much for a heap of 384 MiB.
    'log.cleaner.dedupe.buffer.size': String(8 * 1024 * 1024),
    'num.network.threads': '2',
    'num.io.threads': '4',
  }
}

/** The properties as environment variables of the official container image: `log.dirs` is KAFKA_LOG_DIRS. */
export function brokerEnvironment(properties: Readonly<Record<string, string>>): Record<string, string> {
  const variable = (name: string) =>
    `KAFKA_${name.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_').toUpperCase()}`
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [variable(name), value]))
}
