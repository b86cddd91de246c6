import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { hostname, platform } from 'node:os'

/** The instance id of one process of a group on this host. A successor of a process that died leases the same id. */
export interface InstanceIdLease {
  readonly name: string
  close(): Promise<void>
}

const maxLeases = 1_000

/** Socket names are limited to 107 bytes, so the name is hashed. */
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
 * Leases the first free instance id of `group` on this host: `HOST-0`, `HOST-1`, … A lease is a socket bound to a name in
 * Linux' abstract namespace: the kernel makes it exclusive, and releases it when the process exits, even by SIGKILL.
 * Undefined on other systems, which have no abstract sockets.
 */
export async function leaseInstanceId(group: string): Promise<InstanceIdLease | undefined> {
  if (platform() !== 'linux') return undefined
  for (let number = 0; number < maxLeases; number += 1) {
    const name = `${hostname()}-${number}`
    const server = await bind(`\0valence.instance.${digest(`${group} ${name}`)}`)
    if (server !== undefined) return { name, close: async () => void server.close() }
  }
  return undefined
}
