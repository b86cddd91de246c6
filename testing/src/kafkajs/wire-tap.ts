import net from 'node:net'

const apiKeyOffset = 4

/** What leaves this process for brokers, request by request. Install it before kafkajs connects. */
export class WireTap {
  /** Requests by API key. */
  readonly requests = new Map<number, number>()
  #cutAt: number | undefined

  constructor() {
    const connect = net.connect.bind(net)
    // kafkajs looks `net.connect` up at each call.
    net.connect = ((...args: Parameters<typeof net.connect>) => this.#watch(connect(...args))) as typeof net.connect
  }

  get count(): number {
    return [...this.requests.values()].reduce((sum, count) => sum + count, 0)
  }

  /** The next request of this kind is lost, and its connection with it. */
  cutNext(apiKey: number): void {
    this.#cutAt = apiKey
  }

  #watch(socket: net.Socket): net.Socket {
    const write = socket.write.bind(socket)
    socket.write = ((chunk: Buffer, ...rest: []) => {
      const apiKey = chunk.readInt16BE(apiKeyOffset)
      if (apiKey === this.#cutAt) {
        this.#cutAt = undefined
        socket.destroy(Object.assign(new Error('cut'), { code: 'ECONNRESET' }))
        return false
      }
      this.requests.set(apiKey, (this.requests.get(apiKey) ?? 0) + 1)
      return write(chunk, ...rest)
    }) as typeof socket.write
    return socket
  }
}

export const apiKeys = { endTxn: 26 } as const
