import { EosManager } from '../../src/kafka/overlay/eos-manager.ts'
import type { Logger, Retrier } from '../../src/kafka/overlay/internals.ts'
import { MessageSender, type SendOptions } from '../../src/kafka/overlay/message-sender.ts'
import type { OutgoingMessage, Partitioner } from '../../src/kafka/overlay/partition-plan.ts'
import { type FakeKafka, topic } from './fake-kafka.ts'
import {
  createErrorFromCode,
  createRetrier,
  errors,
  internals,
  protocol,
  silentLogger,
  stockModule,
} from './stock-kafkajs.ts'

export type Kind = 'stock' | 'overlay'
export type Mode = 'plain' | 'idempotent' | 'transactional'

interface Context {
  readonly logger: Logger
  readonly cluster: FakeKafka['cluster']
  readonly partitioner: Partitioner
  readonly eosManager: EosManager
  readonly retrier: Retrier
}

/** What both kinds of manager can do. */
type Manager = Pick<
  EosManager,
  'initProducerId' | 'beginTransaction' | 'sendOffsets' | 'commit' | 'abort' | 'isInTransaction' | 'isInitialized'
>

export interface Sender {
  readonly manager: Manager
  send(...messages: OutgoingMessage[]): Promise<readonly { readonly partition: number }[]>
}

const toMessagePartition: Partitioner = ({ message }) => message.partition ?? 0

export function createManager(kind: Kind, fake: FakeKafka, mode: Mode): EosManager {
  const options = {
    logger: silentLogger,
    cluster: fake.cluster,
    transactional: mode === 'transactional',
    transactionalId: 'group.texts.0',
  }
  if (kind === 'overlay') return new EosManager(internals, options)
  return stockModule<(own: typeof options) => EosManager>('producer/eosManager/index.js')(options)
}

/** A producer of either kind on the fake brokers; a transactional one is in a transaction. */
export async function createSender(kind: Kind, fake: FakeKafka, mode: Mode, retries = 5): Promise<Sender> {
  const manager = createManager(kind, fake, mode)
  if (mode !== 'plain') await manager.initProducerId()
  if (mode === 'transactional') manager.beginTransaction()
  const context: Context = {
    logger: silentLogger,
    cluster: fake.cluster,
    partitioner: toMessagePartition,
    eosManager: manager,
    retrier: createRetrier(retries),
  }
  const send = kind === 'overlay' ? overlaySend(context) : stockSend(context)
  return {
    manager,
    send: (...messages) => send({ acks: -1, topicMessages: [{ topic, messages }] }),
  }
}

type Send = (options: SendOptions) => Promise<{ readonly partition: number }[]>

function overlaySend(context: Context): Send {
  const sender = new MessageSender({ errors, protocol, createErrorFromCode }, context)
  return (options) => sender.send(options)
}

function stockSend(context: Context): Send {
  return stockModule<(own: Context) => Send>('producer/sendMessages.js')(context)
}
