interface Connection {
  socket?: { destroy(): void }
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
}

export interface ReopenedClass {
  readonly prototype: Connection
}

const lengthBytes = 4

/**
 * Hunk S. A connection of kafkajs is opened again after it broke. Stock kafkajs then goes on with the half of an answer
 * that came before: what follows is cut at the wrong places, and no request is answered any more. It opens one socket
 * for each request that finds it closed, all but the last of which are forgotten until their end ends the last one; and a
 * broker that says nothing while a client logs in is waited for without end, by every request.
 */
export function openFreshConnections({ prototype }: ReopenedClass): void {
  const { connect: stockConnect, sendAuthRequest: stockSendAuthRequest } = prototype
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
