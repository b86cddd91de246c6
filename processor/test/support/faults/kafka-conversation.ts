import type { Conversation, Piece } from '../tcp-proxy.ts'

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
 * broker has done it, and one that is held arrives so much later.
 */
export type RequestFate = 'request lost' | 'answer lost' | { readonly holdMs: number }

export interface KafkaConversationOptions {
  /** Asked for each request; undefined lets it pass. */
  readonly fateOf: (request: KafkaRequest) => RequestFate | undefined
  /** The port to tell clients in place of a broker's own. */
  readonly portFor: (brokerPort: number) => number
}

/** Follows the requests of one connection, so that a proxy can lose just one, and keeps clients on their proxies. */
export function createKafkaConversation({ fateOf, portFor }: KafkaConversationOptions): Conversation {
  const inFlight = new Map<number, KafkaRequest & { loses: boolean }>()
  const readers = { client: createFrameReader(), broker: createFrameReader() }

  function fromClient(frame: Buffer): Piece {
    const request = { api: frame.readInt16BE(4), version: frame.readInt16BE(6) }
    const fate = fateOf(request)
    inFlight.set(frame.readInt32BE(8), { ...request, loses: fate === 'answer lost' })
    if (fate === 'request lost') return { bytes: frame, fate: 'lost' }
    return typeof fate === 'object' ? { bytes: frame, holdMs: fate.holdMs } : { bytes: frame }
  }

  function fromBroker(frame: Buffer): Piece {
    const correlation = frame.readInt32BE(4)
    const request = inFlight.get(correlation)
    inFlight.delete(correlation)
    if (request?.loses) return { bytes: frame, fate: 'lost' }
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

/** Where an answer names ports of brokers; for the versions that kafkajs speaks, which have fixed-width lengths. */
function portsIn(frame: Buffer, { api, version }: KafkaRequest): number[] {
  if (api === kafkaApis.FindCoordinator) return [coordinatorPort(frame, version)]
  return api === kafkaApis.Metadata ? brokerPorts(frame, version) : []
}

function coordinatorPort(frame: Buffer, version: number): number {
  if (version > 2) throw new Error(`the proxy cannot read FindCoordinator v${version}`)
  const nodeId = version === 0 ? responseBody + 2 : afterString(frame, responseBody + 6)
  return afterString(frame, nodeId + 4)
}

function brokerPorts(frame: Buffer, version: number): number[] {
  if (version > 8) throw new Error(`the proxy cannot read Metadata v${version}`)
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

/** A missing string has length -1. */
function afterString(frame: Buffer, at: number): number {
  return at + 2 + Math.max(0, frame.readInt16BE(at))
}
