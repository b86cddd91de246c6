import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A port in front of another one, that can be made to hang or to refuse. */
export interface TcpProxy {
  readonly port: number
  /** Bytes go nowhere until resume(), though connections stay open. */
  stall(): void
  resume(): void
  /** Breaks every connection and refuses new ones until resume(). */
  cut(): void
  close(): Promise<void>
}

export async function createTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let state: 'open' | 'stalled' | 'cut' = 'open'

  const server = createServer((client) => {
    if (state === 'cut') {
      client.resetAndDestroy()
      return
    }
    const upstream = connect(target)
    const pair = [client, upstream] as const
    pairs.add(pair)
    for (const [from, to] of [pair, pair.toReversed()] as [Socket, Socket][]) {
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        to.destroy()
        pairs.delete(pair)
      })
      if (state === 'stalled') from.unpipe()
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    stall() {
      state = 'stalled'
      for (const socket of [...pairs].flat()) socket.unpipe()
    },
    resume() {
      state = 'open'
      for (const [client, upstream] of pairs) {
        client.pipe(upstream)
        upstream.pipe(client)
      }
    },
    cut() {
      state = 'cut'
      for (const socket of [...pairs].flat()) socket.resetAndDestroy()
    },
    async close() {
      for (const socket of [...pairs].flat()) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
