import { once } from 'node:events'
import { connect } from 'node:net'

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number
  readonly head: string
  readonly body: string
}

export interface RawExchange {
  readonly answers: readonly RawAnswer[]
  /** The server ended the connection by itself. */
  readonly isClosed: boolean
  /** The connection was reset when the server had to read on: what had been answered may be lost on the way. */
  readonly isReset: boolean
  /** What is left when all answers have been read: must be nothing. */
  readonly rest: string
}

export interface SendOptions {
  readonly port: number
  /** Sent in pieces of this size. */
  readonly pieceBytes: number
  /** Says at the end that nothing more comes. */
  readonly endsFirst: boolean
  /** Silence after which an answered connection counts as done. */
  readonly quietMs?: number
  readonly patienceMs?: number
  /** Who still sends so long after an answer may be cut off. */
  readonly lingerMs?: number
}

/** Sends bytes and takes whatever comes back, until the server is done with it. */
export async function exchange(bytes: Buffer, options: SendOptions): Promise<RawExchange> {
  const { port, pieceBytes, endsFirst, quietMs = 150, patienceMs = 20_000, lingerMs = 1_500 } = options
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const chunks: Buffer[] = []
  const finished = Promise.withResolvers<boolean>()
  const patience = setTimeout(() => finished.resolve(false), patienceMs)
  let quiet: NodeJS.Timeout | undefined
  let isReset = false
  let answeredAt = Number.POSITIVE_INFINITY
  socket.on('error', ({ code }: NodeJS.ErrnoException) => {
    isReset = (code === 'ECONNRESET' || code === 'EPIPE') && !(performance.now() - answeredAt > lingerMs)
  })
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    answeredAt = performance.now()
    clearTimeout(quiet)
    if (!endsFirst) quiet = setTimeout(() => finished.resolve(false), quietMs)
  })
  socket.once('end', () => finished.resolve(true))
  socket.once('close', () => finished.resolve(true))
  try {
    await Promise.race([once(socket, 'connect'), finished.promise])
    for (let at = 0; at < bytes.length && socket.writable; at += pieceBytes) {
      if (!socket.write(bytes.subarray(at, at + pieceBytes))) {
        await Promise.race([once(socket, 'drain').catch(() => undefined), finished.promise])
      }
    }
    if (endsFirst) socket.end()
    const isClosed = await finished.promise
    return { ...readAnswers(Buffer.concat(chunks).toString('latin1')), isClosed, isReset }
  } finally {
    clearTimeout(patience)
    clearTimeout(quiet)
    socket.destroy()
  }
}

function bodyEnd(text: string, at: number, head: string, status: number): number {
  if (status < 200 || status === 204 || status === 304) return at
  // The answer to HEAD tells a length and has no body.
  if (at === text.length || text.startsWith('HTTP/1.1 ', at)) return at
  const length = /^content-length: (\d+)$/im.exec(head)?.[1]
  if (length !== undefined) return at + Number(length)
  if (!/^transfer-encoding: chunked$/im.test(head)) return text.length
  for (let end = at; ; ) {
    const line = text.indexOf('\r\n', end)
    const size = Number.parseInt(text.slice(end, line), 16)
    if (line < 0 || Number.isNaN(size)) return text.length + 1
    end = line + 2 + size + 2
    if (size === 0) return end
  }
}

/** Takes apart what a connection answered. */
export function readAnswers(text: string): Pick<RawExchange, 'answers' | 'rest'> {
  const answers: RawAnswer[] = []
  let at = 0
  while (at < text.length) {
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(text.slice(at, at + 16))?.[1]
    const headEnd = text.indexOf('\r\n\r\n', at)
    if (status === undefined || headEnd < 0) break
    const head = text.slice(at, headEnd)
    const end = bodyEnd(text, headEnd + 4, head, Number(status))
    if (end > text.length) break
    answers.push({ status: Number(status), head, body: text.slice(headEnd + 4, end) })
    at = end
  }
  return { answers, rest: text.slice(at) }
}
