import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { HostPort } from '@valence/schemas'

/** Resolves the name and opens a TCP connection. The rejection says which of the two steps failed. */
export async function reach({ host, port }: HostPort, timeoutMs: number): Promise<void> {
  const { address } = await lookup(host).catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`the name ${host} does not resolve (${cause.code})`, { cause })
  })
  const socket = connect({ host: address, port })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) })
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code
    const why = reason === 'ABORT_ERR' ? `no answer in ${timeoutMs} ms` : reason
    throw new Error(`${host}:${port} does not accept connections (${why})`, { cause })
  } finally {
    socket.destroy()
  }
}
