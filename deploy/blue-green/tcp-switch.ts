import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Behaves like a Kubernetes service: new connections go to the current target, existing ones stay on theirs. */
export class TcpSwitch {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #target: number

  private constructor(target: number) {
    this.#target = target
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#forward(client))
  }

  static async listen(target: number): Promise<TcpSwitch> {
    const own = new TcpSwitch(target)
    own.#server.listen(0, '127.0.0.1')
    await once(own.#server, 'listening')
    return own
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  pointTo(port: number): void {
    this.#target = port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #forward(client: Socket): void {
    const upstream = connect({ host: '127.0.0.1', port: this.#target, allowHalfOpen: true })
    for (const [own, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(own)
      own.on('error', () => other.destroy())
      own.on('close', () => {
        this.#sockets.delete(own)
        other.destroySoon()
      })
      own.pipe(other)
    }
  }
}
