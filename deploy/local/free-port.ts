import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { StackError } from './stack-error.ts'

// Below the ephemeral port range of Linux (32768) and macOS (49152): no outgoing connection can take the port of a
// killed broker, so it is free when the broker is restarted.
const lowestPort = 20_000
const highestPort = 32_000

const host = '127.0.0.1'

export function isPortFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** A part could not bind its port: another process took it between the check and the start. */
export class PortTakenError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PortTakenError'
  }
}

/** The requested ports, or free ones. */
export async function choosePorts(part: string, count: number, first: number | undefined): Promise<number[]> {
  if (first === undefined) return findFreePorts(count)
  const ports = Array.from({ length: count }, (_, index) => first + index)
  for (const port of ports) {
    if (await isPortFree(port)) continue
    throw new StackError(`Port ${port}, which ${part} was to have, is occupied`, [
      `\`lsof -i :${port}\` shows by which process; stop it, or choose another port`,
      'or leave the port out, and the stack finds a free one',
    ])
  }
  return ports
}

/** Retries with other ports if one was taken meanwhile. */
export async function retryTakenPorts<T>(start: () => Promise<T>, attempts = 3): Promise<T> {
  for (let left = attempts; ; left--) {
    try {
      return await start()
    } catch (error) {
      if (!(error instanceof PortTakenError) || left <= 1) throw error
    }
  }
}

/** `count` different ports on the loopback interface, each free at the time of the call. */
export async function findFreePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = randomInt(lowestPort, highestPort)
    if (!ports.has(port) && (await isPortFree(port))) ports.add(port)
  }
  return [...ports]
}
