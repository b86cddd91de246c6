import { createRequire, Module } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { ValenceError } from '@valence/schemas'
import { filterAbortedRecords } from './aborted-records.ts'
import { addBatchTopicIds, type BatchingGroupClass } from './batch-topic-ids.ts'
import { type CountedGroupClass, countFetchedRecords } from './bounded-fetch.ts'
import { type CreatePoolBuilder, readBrokerAddresses } from './broker-addresses.ts'
import { type BrokerPoolClass, reportRefusals } from './broker-refusal.ts'
import { type PinnedFile, verifyChecksums } from './checksums.ts'
import { type CreateClient, keepParts, type OverlayInternals } from './client-parts.ts'
import { createDecodeMessages } from './decode-messages.ts'
import { decodeRecord } from './decode-record.ts'
import { type FilteringGroupClass, handOverEmptyBatches } from './empty-batches.ts'
import { encodeRecord } from './encode-record.ts'
import { EosManager, type EosManagerOptions } from './eos-manager.ts'
import { laterErrorCodes, type ProtocolErrorRow } from './error-codes.ts'
import { openFreshConnections, type ReopenedClass } from './fresh-connections.ts'
import { type AssignmentFormat, noteStandings, type StandingGroupClass } from './group-standing.ts'
import { type RequestQueueClass, stopIdleTimer } from './idle-timer.ts'
import type { Errors, KafkaJsError, LoadInternal, Protocol } from './internals.ts'
import {
  acceptLeaderless,
  forgetUnknownOffsets,
  lookForLeaders,
  type MetadataParser,
  type OffsetManagerClass,
  type ReadingBrokerClass,
  type ReadingClusterClass,
  type ReadingPoolClass,
  skipLeaderless,
  waitForLeaders,
} from './leaderless-partitions.ts'
import { MessageSender, type MessageSenderContext, type SendOptions } from './message-sender.ts'
import { murmur2 } from './murmur2.ts'
import { type FetchingGroupClass, failOnOffsetOutOfRange } from './offset-out-of-range.ts'
import { type BoundedGroupClass, reportOversizedBatches } from './oversized-batches.ts'
import { answerParts, nameRefusals, type RefusalParser } from './partition-refusals.ts'
import { type JoiningGroupClass, rejoinBeforeFetching } from './rejoining.ts'
import { type ConnectionClass, replaceSilentConnections } from './silent-connections.ts'
import { addStableOffsets, type BrokerClass } from './stable-offsets.ts'
import { addStaticMembership, type ConsumerGroupClass } from './static-membership.ts'
import { keepSteady, type TimedClass } from './steady-times.ts'
import { addTopicIds, type MetadataBrokerClass, type MetadataInternals } from './topic-ids.ts'

type KafkaJs = typeof import('kafkajs')
type GroupClass = ConsumerGroupClass &
  FetchingGroupClass &
  BatchingGroupClass &
  BoundedGroupClass &
  FilteringGroupClass &
  CountedGroupClass &
  JoiningGroupClass &
  StandingGroupClass

const require = createRequire(import.meta.url)
const root = dirname(require.resolve('kafkajs/package.json'))
const fileOf = (path: string) => join(root, 'src', path)

// On kafkajs's own exports, so that a second copy of this package in the process recognises the work of the first.
const mark = Symbol.for('valence.kafkajs.overlay')

function isMarked(): boolean {
  return (require.cache[join(root, 'index.js')]?.exports as { [mark]?: true } | undefined)?.[mark] === true
}

function isLoaded(): boolean {
  return Object.keys(require.cache).some((path) => path.startsWith(join(root, 'src') + sep))
}

/** Makes later `require` calls of the file return `exports`; the stock file is never executed. */
function replace(file: PinnedFile, exports: unknown): void {
  const module = new Module(fileOf(file))
  module.filename = fileOf(file)
  module.loaded = true
  module.exports = exports
  require.cache[fileOf(file)] = module
}

function patch<Exports>(file: PinnedFile, change: (exports: Exports) => void): void {
  change(require(fileOf(file)) as Exports)
}

const load: LoadInternal = (file) => require(fileOf(file))

function install(): void {
  // Replacements are installed first, so that modules loaded later use them instead of the stock files.
  replace('consumer/filterAbortedMessages.js', filterAbortedRecords)
  replace('protocol/recordBatch/record/v0/decoder.js', decodeRecord)
  const decodeMessages = createDecodeMessages({
    Decoder: load('protocol/decoder.js'),
    decodeRecordBatch: load('protocol/recordBatch/v0/decoder.js'),
    decodeMessageSet: load('protocol/messageSet/decoder.js'),
  })
  replace('protocol/requests/fetch/v4/decodeMessages.js', decodeMessages)
  replace('protocol/recordBatch/record/v0/index.js', encodeRecord)
  replace('producer/partitioners/default/murmur2.js', murmur2)

  const { createErrorFromCode } = load<{ createErrorFromCode: (code: number) => KafkaJsError }>('protocol/error.js')
  // Before the later versions take their parsers over.
  for (const [file, partsOf] of Object.entries(answerParts)) {
    nameRefusals(load<RefusalParser>(file), partsOf, createErrorFromCode)
  }
  const stockParse = acceptLeaderless(load<MetadataParser>('protocol/requests/metadata/v0/response.js'))

  const errors = load<Errors>('errors.js')
  const protocol: Protocol = {
    apiKeys: load('protocol/requests/apiKeys.js'),
    requests: load<Protocol>('protocol/requests/index.js').requests,
  }
  const internals: OverlayInternals = {
    errors,
    protocol,
    Encoder: load('protocol/encoder.js'),
    Decoder: load('protocol/decoder.js'),
    createErrorFromCode,
  }
  replace('producer/eosManager/index.js', (options: EosManagerOptions) => new EosManager(internals, options))
  replace('producer/sendMessages.js', (context: MessageSenderContext) => {
    const sender = new MessageSender({ errors, protocol, createErrorFromCode }, context)
    return (options: SendOptions) => sender.send(options)
  })

  patch<{ errorCodes: ProtocolErrorRow[] }>('protocol/error.js', ({ errorCodes }) =>
    errorCodes.push(...laterErrorCodes),
  )
  patch<RequestQueueClass>('network/requestQueue/index.js', (queue) => {
    stopIdleTimer(queue)
    keepSteady(queue, 'throttledUntil')
  })
  patch<TimedClass>('network/requestQueue/socketRequest.js', (request) => keepSteady(request, 'sentAt'))
  patch<ConnectionClass & ReopenedClass>('network/connection.js', (connection) => {
    replaceSilentConnections(connection, errors)
    openFreshConnections(connection, errors)
  })
  patch<BrokerPoolClass & ReadingPoolClass>('cluster/brokerPool.js', (pool) => {
    reportRefusals(pool)
    keepSteady(pool, 'metadataExpireAt')
    lookForLeaders(pool)
  })
  // Before the cluster asks for it.
  const stockPools = load<CreatePoolBuilder>('cluster/connectionPoolBuilder.js')
  replace('cluster/connectionPoolBuilder.js', readBrokerAddresses(stockPools))
  patch<ReadingClusterClass>('cluster/index.js', skipLeaderless)
  patch<OffsetManagerClass & TimedClass>('consumer/offsetManager/index.js', (manager) => {
    forgetUnknownOffsets(manager)
    keepSteady(manager, 'lastCommit')
  })
  const metadata: MetadataInternals = {
    Encoder: load('protocol/encoder.js'),
    Decoder: load('protocol/decoder.js'),
    metadataKey: protocol.apiKeys.Metadata,
    parse: load<Pick<MetadataInternals, 'parse'>>('protocol/requests/metadata/v6/response.js').parse,
  }
  patch<BrokerClass & MetadataBrokerClass & ReadingBrokerClass>('broker/index.js', (broker) => {
    addStableOffsets(broker, internals)
    addTopicIds(broker, metadata)
    waitForLeaders(broker, stockParse)
  })
  patch<GroupClass>('consumer/consumerGroup.js', (group) => {
    addStaticMembership(group, protocol)
    failOnOffsetOutOfRange(group)
    addBatchTopicIds(group, metadata)
    reportOversizedBatches(group)
    handOverEmptyBatches(group)
    keepSteady(group, 'lastRequest')
    countFetchedRecords(group)
    noteStandings(group, load<{ MemberAssignment: AssignmentFormat }>('consumer/assignerProtocol.js').MemberAssignment)
    // Around all of them: what they ask for belongs to a member.
    rejoinBeforeFetching(group, errors)
  })
  // Last, as what they load is whole then.
  for (const file of ['admin/index.js', 'consumer/index.js'] as const) {
    replace(file, keepParts(load<CreateClient>(file), internals))
  }
}

/** True once kafkajs runs with the overlay in this process. */
export function isOverlayInstalled(): boolean {
  return isMarked()
}

/**
 * kafkajs with the overlay. The first call in a process decides: with it, the modules are replaced before kafkajs is
 * loaded.
 *
 * @throws VAL_KAFKA_OVERLAY_MISMATCH when a pinned file differs, or when kafkajs was loaded without the overlay before
 */
export function loadHardenedKafkaJs(): KafkaJs {
  if (!isMarked()) {
    if (isLoaded()) {
      throw new ValenceError('VAL_KAFKA_OVERLAY_MISMATCH', 'kafkajs was loaded before the overlay could be installed')
    }
    verifyChecksums(root)
    install()
    Object.assign(require('kafkajs') as object, { [mark]: true })
  }
  return require('kafkajs') as KafkaJs
}

/**
 * kafkajs as it is published; for comparisons.
 *
 * @throws VAL_KAFKA_OVERLAY_MISMATCH when the overlay is already installed in this process
 */
export function loadStockKafkaJs(): KafkaJs {
  if (isMarked()) throw new ValenceError('VAL_KAFKA_OVERLAY_MISMATCH', 'the overlay cannot be removed from a process')
  return require('kafkajs') as KafkaJs
}
