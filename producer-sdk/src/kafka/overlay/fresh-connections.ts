import type { Errors } from './internals.ts'

interface Connection {
  readonly host: string
  readonly port: number
  socket?: { readonly destroyed: boolean; destroy(): void }
  readonly requestTimeout: number
  chunks: Buffer[]
  bytesBuffered: number
  bytesNeeded: number
  /** While the broker is asked who this is. */
  readonly authHandlers: { onError(): void } | null
  isConnected(): boolean
  disconnect(): Promise<unknown>
  connect(): Promise<unknown>
  sendAuthRequest(request: object): Promise<unknown>
  rejectRequests(error: Error): void
}

export interface ReopenedClass {
  readonly prototype: Connection
}

type ClosedErrors = Pick<Errors, 'KafkaJSConnectionClosedError'>

const lengthBytes = 4

/** Node keeps an `unref` of a socket without a handle for the time when it connects, which a dead one never does. */
function forgetDeadSocket(connection: Connection): void {
  if (connection.socket?.destroyed) delete connection.socket
}

/**
 * Hunk S fixes defects of kafkajs's reconnection. Stock kafkajs keeps the partial response received before the break,
 * so that later responses are parsed at wrong offsets and no request is answered. It opens one socket for each request
 * that finds the connection closed; the end of a forgotten socket closes the current one. Every request waits without a
 * time limit for a broker that does not answer during login, and for the answer to a request sent while another caller
 * closed the connection. Each attempt to close a dead connection leaks a listener on its socket.
 */
export function openFreshConnections(
  { prototype }: ReopenedClass,
  { KafkaJSConnectionClosedError }: ClosedErrors,
): void {
  const { connect: stockConnect, disconnect: stockDisconnect, sendAuthRequest: stockSendAuthRequest } = prototype
  const opening = new WeakMap<Connection, Promise<unknown>>()

  prototype.connect = function connect(this: Connection) {
    if (this.isConnected()) return stockConnect.call(this)
    const earlier = opening.get(this)
    if (earlier !== undefined) return earlier
    // It may still bring data, or its end.
    this.socket?.destroy()
    this.chunks = []
    this.bytesBuffered = 0
    this.bytesNeeded = lengthBytes
    const attempt = stockConnect.call(this).finally(() => opening.delete(this))
    opening.set(this, attempt)
    return attempt
  }

  prototype.disconnect = async function disconnect(this: Connection) {
    forgetDeadSocket(this)
    try {
      return await stockDisconnect.call(this)
    } finally {
      forgetDeadSocket(this)
      // What was sent meanwhile is not answered any more, and its timeout does not run any more.
      this.rejectRequests(new KafkaJSConnectionClosedError('Closed connection', { host: this.host, port: this.port }))
    }
  }

  prototype.sendAuthRequest = async function sendAuthRequest(this: Connection, request) {
    const { socket } = this
    const timer = setTimeout(() => {
      this.authHandlers?.onError()
      void this.disconnect().finally(() => socket?.destroy())
    }, this.requestTimeout)
    try {
      return await stockSendAuthRequest.call(this, request)
    } finally {
      clearTimeout(timer)
    }
  }
}
