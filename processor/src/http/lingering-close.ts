import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

export interface LingerLimits {
  /** Read and thrown away after the answer, at most. */
  readonly maxBytes: number
  readonly maxMs: number
}

const defaultLimits: LingerLimits = { maxBytes: 16 * 2 ** 20, maxMs: 2_000 }

const lingering = new WeakSet<Socket>()

/** Whether the last answer of a connection has been given, and only what still comes is read. */
export function isLingering(socket: Socket): boolean {
  return lingering.has(socket)
}

/**
 * Ends a connection so that its peer gets the answer. To close while bytes still arrive resets a connection, and a
 * reset discards what the peer has not read yet; so what comes is read and thrown away, until the peer ends too or has
 * had enough of it.
 */
export function lingerAndClose(socket: Socket, limits: LingerLimits = defaultLimits): void {
  if (lingering.has(socket)) return
  lingering.add(socket)
  // Whoever listens for data takes it away from the parser, which could find another request in it.
  socket.on('data', () => undefined)
  for (const event of ['data', 'end', 'drain', 'timeout']) socket.removeAllListeners(event)
  let left = limits.maxBytes
  socket.on('data', ({ length }: Buffer) => {
    left -= length
    if (left < 0) socket.destroy()
  })
  const deadline = setTimeout(() => socket.destroy(), limits.maxMs)
  socket.once('close', () => clearTimeout(deadline))
  const close = () => socket.destroySoon()
  if (socket.readableEnded) close()
  else socket.once('end', close)
  socket.end()
  socket.resume()
}

/** Lingers wherever a connection is to end with an answer: in the middle of a body, or of requests that came at once. */
export function addLingeringClose(server: Server, limits: LingerLimits = defaultLimits): void {
  server.on('request', ({ socket }: IncomingMessage) => {
    // How Node closes a connection behind its last answer.
    socket.destroySoon = () => {
      Reflect.deleteProperty(socket, 'destroySoon')
      lingerAndClose(socket, limits)
    }
  })
}
