import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

export interface LingerLimits {
  /** Read and thrown away after the answer, at most. */
  readonly maxBytes: number
  readonly maxMs: number
}

const defaultLimits: LingerLimits = { maxBytes: 16 * 2 ** 20, maxMs: 2_000 }

const lingering = new WeakSet<Socket>()

/** Whether the connection's last response is written, and the rest of its input is being discarded. */
export function isLingering(socket: Socket): boolean {
  return lingering.has(socket)
}

/**
 * Closes a connection so that its peer receives the response. Closing while bytes still arrive sends a reset, and a
 * reset discards what the peer has not read. So input is read and discarded until the peer closes or a limit is reached.
 */
export function lingerAndClose(socket: Socket, limits: LingerLimits = defaultLimits): void {
  if (lingering.has(socket)) return
  lingering.add(socket)
  // A `data` listener takes the input away from the parser, which could find another request in it.
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

/** Closes this way wherever Node closes after a response: in the middle of a body, or among pipelined requests. */
export function addLingeringClose(server: Server, limits: LingerLimits = defaultLimits): void {
  server.on('request', ({ socket }: IncomingMessage) => {
    // Node calls this to close a connection after its last response.
    socket.destroySoon = () => {
      Reflect.deleteProperty(socket, 'destroySoon')
      lingerAndClose(socket, limits)
    }
  })
}
