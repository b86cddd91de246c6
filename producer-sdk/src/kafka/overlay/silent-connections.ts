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
 * Hunk K. A request timeout usually means a dead connection: a router has dropped it, or the broker's host has failed.
 * Stock kafkajs keeps the connection, and every later request times out on it. Here it is closed, together with all
 * waiting requests, and the next request opens a new one.
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
      // It may already have been replaced by another connection.
      const isSilent = (error as KafkaJsError).name === 'KafkaJSRequestTimeoutError' && this.socket === socket
      if (isSilent && this.isConnected()) {
        const { host, port } = this
        this.rejectRequests(new KafkaJSConnectionClosedError('No answer in time', { host, port }))
        await this.disconnect()
        // A FIN would also wait for an answer.
        socket?.destroy()
      }
      throw error
    }
  }
}
