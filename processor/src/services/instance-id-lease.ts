import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { hostname, platform } from 'node:os'

/** A place in a group on this host. Its name stays the same when a process dies and its successor sits down. */
export interface Seat {
  readonly name: string
  close(): Promise<void>
}

const maxSeats = 1_000

/** Socket names are short; groups and hosts need not be. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

async function bind(path: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy())
  try {
    server.listen({ path })
    await once(server, 'listening')
    server.unref()
    return server
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined
    throw error
  }
}

/**
 * Takes the first free seat of `group` on this host: `HOST-0`, `HOST-1`, … A seat is a name in the kernel's abstract
 * socket space, so it is exclusive, and free again at the moment its process ends, killed or not.
 * Undefined where the system has no such names (anything but Linux).
 */
export async function takeSeat(group: string): Promise<Seat | undefined> {
  if (platform() !== 'linux') return undefined
  for (let number = 0; number < maxSeats; number += 1) {
    const name = `${hostname()}-${number}`
    const server = await bind(`\0valence.seat.${digest(`${group} ${name}`)}`)
    if (server !== undefined) return { name, close: async () => void server.close() }
  }
  return undefined
}
