import type { ApiName, Protocol, ProtocolRequest, Requester } from './internals.ts'

/** The request in the newest version that both sides support. */
export function requestFor<Arguments>(
  broker: Requester,
  { apiKeys, requests }: Protocol,
  api: ApiName,
  request: Arguments,
): ProtocolRequest {
  return broker.lookupRequest<Arguments>(apiKeys[api], requests[api])(request)
}

/** Sends a request; if the connection is closed, the broker's other connection is closed too, as in kafkajs. */
export async function sendTo(broker: Requester, request: ProtocolRequest): Promise<unknown> {
  try {
    return await broker.connectionPool.send(request)
  } catch (error) {
    if (error instanceof Error && error.name === 'KafkaJSConnectionClosedError') await broker.disconnect()
    throw error
  }
}
