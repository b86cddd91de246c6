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
 * Hunk S. A connection of kafkajs is opened again after it broke. Stock kafkajs then goes on with the half of an answer
 * that came before: what follows is cut at the wrong places, and no request is answered any more. It opens one socket
 * for each request that finds it closed, all but the last of which are forgotten until their end ends the last one; and a
 * broker that says nothing while a client logs in is waited for without end, by every request. So is the answer to a
 * request that was sent while somebody else gave the connection up. Each attempt to give a dead connection up leaves a
 * listener on its socket.
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
