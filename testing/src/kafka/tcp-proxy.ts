import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** Part of a stream, passed on as a whole. */
export interface Piece {
  readonly bytes: Buffer
  /** Kept back for so long, with all that follows it in its direction. */
  readonly holdMs?: number
  /** `lost`: the connection breaks instead of carrying it. */
  readonly fate?: 'lost'
}

/** What a proxy understands of one connection. */
export interface Conversation {
  pieces(fromClient: boolean, chunk: Buffer): readonly Piece[]
}

/** The weather between two parts; applies to pieces that set out from now on. */
export interface LinkCondition {
  readonly delayMs: number
  /** Share of the pieces that wait for `stallMs` more, as after a packet that was sent again. */
  readonly stallRatio: number
  readonly stallMs: number
  /** Share of the pieces that break their connection. */
  readonly breakRatio: number
}

/** A port in front of another one, that can be made to hang, to refuse, or to be slow. */
export interface TcpProxy {
  readonly port: number
  set(condition: Partial<LinkCondition>): void
  /** Bytes go nowhere until resume(), though connections stay open. */
  stall(): void
  /** All is well again, but for connections that were lost or abandoned. */
  resume(): void
  /** Breaks every connection and refuses new ones until resume(). */
  cut(): void
  /** The connections of now stay open and never carry anything again, as behind a router that forgot them. */
  abandon(): void
  close(): Promise<void>
}

export interface TcpProxyOptions {
  readonly host: string
  readonly port: number
  /** One for each connection; by default bytes pass as they come. */
  readonly converse?: () => Conversation
  /** Decides for ratios; 0 up to 1. */
  readonly random?: () => number
}

const calm: LinkCondition = { delayMs: 0, stallRatio: 0, stallMs: 0, breakRatio: 0 }
const asTheyCome: Conversation = { pieces: (_fromClient, bytes) => [{ bytes }] }

type State = 'open' | 'stalled' | 'cut'

export async function createTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const { converse = () => asTheyCome, random = Math.random } = options
  const connections = new Set<Connection>()
  let condition = calm
  let state: State = 'open'
  let passable = Promise.withResolvers<void>()
  passable.resolve()

  const server = createServer((client) => {
    if (state === 'cut') {
      client.resetAndDestroy()
      return
    }
    const upstream = connect({ host: options.host, port: options.port })
    const connection = new Connection(client, upstream, converse(), {
      holdMs: () => condition.delayMs + (random() < condition.stallRatio ? condition.stallMs : 0),
      breaks: () => random() < condition.breakRatio,
      passable: () => passable.promise,
    })
    connections.add(connection)
    connection.ended.then(() => connections.delete(connection))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    set: (change) => {
      condition = { ...condition, ...change }
    },
    stall() {
      if (state === 'open') passable = Promise.withResolvers<void>()
      state = 'stalled'
    },
    resume() {
      state = 'open'
      condition = calm
      passable.resolve()
    },
    cut() {
      state = 'cut'
      for (const connection of connections) connection.break()
    },
    abandon() {
      for (const connection of connections) connection.abandon()
    },
    async close() {
      passable.resolve()
      for (const connection of connections) connection.break()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Weather {
  holdMs(): number
  breaks(): boolean
  passable(): Promise<void>
}

class Connection {
  readonly ended: Promise<unknown>
  readonly #sockets: readonly [client: Socket, upstream: Socket]
  readonly #weather: Weather
  #abandoned = false

  constructor(client: Socket, upstream: Socket, conversation: Conversation, weather: Weather) {
    this.#sockets = [client, upstream]
    this.#weather = weather
    this.ended = Promise.all([
      this.#carry(client, upstream, (chunk) => conversation.pieces(true, chunk)),
      this.#carry(upstream, client, (chunk) => conversation.pieces(false, chunk)),
    ])
  }

  break(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  abandon(): void {
    this.#abandoned = true
  }

  async #carry(from: Socket, to: Socket, split: (chunk: Buffer) => readonly Piece[]): Promise<void> {
    let tail = Promise.resolve()
    from.on('data', (chunk) => {
      for (const piece of split(chunk)) {
        const due = Date.now() + this.#weather.holdMs() + (piece.holdMs ?? 0)
        tail = tail.then(() => this.#pass(piece, due, to))
      }
    })
    from.on('error', () => this.#abandoned || to.destroy())
    await new Promise((resolve) => from.once('close', resolve))
    // What was already on its way still arrives.
    await tail
    if (!this.#abandoned) to.end()
  }

  async #pass(piece: Piece, due: number, to: Socket): Promise<void> {
    const waitMs = due - Date.now()
    if (waitMs > 0) await delay(waitMs)
    await this.#weather.passable()
    if (this.#abandoned || to.destroyed) return
    if (piece.fate === 'lost' || this.#weather.breaks()) this.break()
    else to.write(piece.bytes)
  }
}
