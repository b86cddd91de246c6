import type { Errors, KafkaJsError, ProtocolRequest } from './internals.ts'

interface Connection {
  readonly host: string
  readonly port: number
  readonly socket?: { destroy(): void }
  isConnected(): boolean
  rejectRequests(error: Error): void
  disconnect(): Promise<unknown>
  send(request: ProtocolRequest): Promise<unknown>
}

export interface ConnectionClass {
  readonly prototype: Connection
}

/**
 * Hunk K. A request that times out says that its connection carries nothing any more: a router that forgot it, a broker
 * that is gone without a word. Stock kafkajs keeps the connection, and every later request waits out its time on it; here
 * it is given up, with whatever else waits on it, and the next request opens a new one.
 */
export function replaceSilentConnections(
  connectionClass: ConnectionClass,
  { KafkaJSConnectionClosedError }: Pick<Errors, 'KafkaJSConnectionClosedError'>,
): void {
  const { prototype } = connectionClass
  const stockSend = prototype.send
  prototype.send = async function send(this: Connection, request) {
    const { socket } = this
    try {
      return await stockSend.call(this, request)
    } catch (error) {
      // By now another connection may be in its place.
      const isSilent = (error as KafkaJsError).name === 'KafkaJSRequestTimeoutError' && this.socket === socket
      if (isSilent && this.isConnected()) {
        const { host, port } = this
        this.rejectRequests(new KafkaJSConnectionClosedError('No answer in time', { host, port }))
        await this.disconnect()
        // A FIN would wait for an answer as well.
        socket?.destroy()
      }
      throw error
    }
  }
}
