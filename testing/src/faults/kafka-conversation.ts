import type { Conversation, Piece } from '../kafka/tcp-proxy.ts'

/** The numbers of the requests that tests interfere with. */
export const kafkaApis = {
  Produce: 0,
  Fetch: 1,
  Metadata: 3,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  SyncGroup: 14,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  TxnOffsetCommit: 28,
} as const

export type KafkaApi = keyof typeof kafkaApis

export interface KafkaRequest {
  readonly api: number
  readonly version: number
}

/**
 * What becomes of a request: `request lost` breaks the connection before the broker has it, `answer lost` after the
 * broker has done it, and one that is held arrives so much later. One that is `swallowed` is never answered, and the
 * connection carries on.
 */
export type RequestFate = 'request lost' | 'answer lost' | 'swallowed' | { readonly holdMs: number }

/** The broker does what it is asked, and its answer says that it did not; for requests of a group's members. */
export interface ForgedAnswer {
  readonly errorCode: number
}

export interface KafkaConversationOptions {
  /** Asked for each request; undefined lets it pass. */
  readonly fateOf: (request: KafkaRequest) => RequestFate | ForgedAnswer | undefined
  /** The port to tell clients in place of a broker's own. */
  readonly portFor: (brokerPort: number) => number
}

/** Follows the requests of one connection, so that a proxy can lose just one, and keeps clients on their proxies. */
export function createKafkaConversation({ fateOf, portFor }: KafkaConversationOptions): Conversation {
  const inFlight = new Map<number, KafkaRequest & { loses: boolean; errorCode?: number }>()
  const readers = { client: createFrameReader(), broker: createFrameReader() }

  function fromClient(frame: Buffer): Piece {
    const request = { api: frame.readInt16BE(4), version: frame.readInt16BE(6) }
    const fate = fateOf(request)
    if (fate === 'swallowed') return { bytes: Buffer.alloc(0) }
    const errorCode = typeof fate === 'object' && 'errorCode' in fate ? { errorCode: fate.errorCode } : {}
    inFlight.set(frame.readInt32BE(8), { ...request, loses: fate === 'answer lost', ...errorCode })
    if (fate === 'request lost') return { bytes: frame, fate: 'lost' }
    return typeof fate === 'object' && 'holdMs' in fate ? { bytes: frame, holdMs: fate.holdMs } : { bytes: frame }
  }

  function fromBroker(frame: Buffer): Piece {
    const correlation = frame.readInt32BE(4)
    const request = inFlight.get(correlation)
    inFlight.delete(correlation)
    if (request?.loses) return { bytes: frame, fate: 'lost' }
    if (request?.errorCode !== undefined) writeErrorCode(frame, request, request.errorCode)
    if (request !== undefined) for (const at of portsIn(frame, request)) rewritePort(frame, at, portFor)
    return { bytes: frame }
  }

  return {
    pieces: (isClient, chunk) =>
      isClient ? readers.client(chunk).map(fromClient) : readers.broker(chunk).map(fromBroker),
  }
}

/** Cuts a stream into Kafka's frames, each with its length in front. */
function createFrameReader(): (chunk: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const frames: Buffer[] = []
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0)
      frames.push(rest.subarray(0, end))
      rest = rest.subarray(end)
    }
    return frames
  }
}

function rewritePort(frame: Buffer, at: number, portFor: (brokerPort: number) => number): void {
  const port = frame.readInt32BE(at)
  // A coordinator that is not there has port -1.
  if (port > 0) frame.writeInt32BE(portFor(port), at)
}

const responseBody = 8
const groupRequests: readonly number[] = [kafkaApis.JoinGroup, kafkaApis.Heartbeat, kafkaApis.SyncGroup]

/** In the versions that kafkajs speaks, the code follows the throttle time. */
function writeErrorCode(frame: Buffer, { api }: KafkaRequest, code: number): void {
  if (!groupRequests.includes(api)) throw new Error(`the proxy cannot forge an answer to request ${api}`)
  frame.writeInt16BE(code, responseBody + 4)
}

/** Where an answer names ports of brokers; for the versions that kafkajs and its overlay speak. */
function portsIn(frame: Buffer, { api, version }: KafkaRequest): number[] {
  if (api === kafkaApis.FindCoordinator)
    return version < 4 ? [coordinatorPort(frame, version)] : coordinatorPorts(frame, version)
  return api === kafkaApis.Metadata ? brokerPorts(frame, version) : []
}

function coordinatorPort(frame: Buffer, version: number): number {
  if (version > 2) throw new Error(`the proxy cannot read FindCoordinator v${version}`)
  const nodeId = version === 0 ? responseBody + 2 : afterString(frame, responseBody + 6)
  return afterString(frame, nodeId + 4)
}

/** Version 4 asks for many coordinators at once. */
function coordinatorPorts(frame: Buffer, version: number): number[] {
  if (version > 5) throw new Error(`the proxy cannot read FindCoordinator v${version}`)
  let [count, at] = varint(frame, afterTags(frame, responseBody) + 4)
  const ports: number[] = []
  for (; count > 1; count -= 1) {
    const port = afterCompactString(frame, afterCompactString(frame, at) + 4)
    ports.push(port)
    at = afterTags(frame, afterCompactString(frame, port + 4 + 2))
  }
  return ports
}

function brokerPorts(frame: Buffer, version: number): number[] {
  if (version > 13) throw new Error(`the proxy cannot read Metadata v${version}`)
  if (version >= 9) return compactBrokerPorts(frame)
  const start = version >= 3 ? responseBody + 4 : responseBody
  const ports: number[] = []
  let at = start + 4
  for (let broker = frame.readInt32BE(start); broker > 0; broker -= 1) {
    const port = afterString(frame, at + 4)
    ports.push(port)
    at = version >= 1 ? afterString(frame, port + 4) : port + 4
  }
  return ports
}

/** From version 9 on lengths are varints, one more than they say, and every structure ends with its tagged fields. */
function compactBrokerPorts(frame: Buffer): number[] {
  const throttle = afterTags(frame, responseBody)
  let [count, at] = varint(frame, throttle + 4)
  const ports: number[] = []
  for (; count > 1; count -= 1) {
    const port = afterCompactString(frame, at + 4)
    ports.push(port)
    at = afterTags(frame, afterCompactString(frame, port + 4))
  }
  return ports
}

/** The value, and where the next one begins. */
function varint(frame: Buffer, at: number): [value: number, next: number] {
  let value = 0
  for (let shift = 0; ; shift += 7, at += 1) {
    const byte = frame.readUInt8(at)
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return [value, at + 1]
  }
}

function afterCompactString(frame: Buffer, at: number): number {
  const [length, start] = varint(frame, at)
  return start + Math.max(0, length - 1)
}

function afterTags(frame: Buffer, at: number): number {
  let [count, next] = varint(frame, at)
  for (; count > 0; count -= 1) {
    const [, size] = varint(frame, next)
    const [bytes, start] = varint(frame, size)
    next = start + bytes
  }
  return next
}

/** A missing string has length -1. */
function afterString(frame: Buffer, at: number): number {
  return at + 2 + Math.max(0, frame.readInt16BE(at))
}
