import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How the registry answers: well, not at all, or in one of the wrong ways that proxies and restarts bring about. */
export type RegistryMood = 'well' | 'down' | 'slow' | 'refuses' | 'page' | 'empty' | 'cut short'

export interface RegistryGate {
  readonly url: string
  mood: RegistryMood
  close(): Promise<void>
}

/** Longer than the processor waits for an answer. */
const slowMs = 6_000

/** An HTTP server in front of the registry that passes its answers on, or does not. */
export async function openRegistryGate(target: string): Promise<RegistryGate> {
  const server = createServer(async (request, response) => {
    const { mood } = gate
    if (mood === 'down') return void request.socket.destroy()
    if (mood === 'refuses') return void response.writeHead(503).end()
    if (mood === 'page') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sign in</h1>')
    if (mood === 'empty') return void response.writeHead(200, { 'content-type': 'application/json' }).end('null')
    if (mood === 'slow') await new Promise((resolve) => setTimeout(resolve, slowMs))
    const answer = await fetch(`${target}${request.url}`).catch(() => undefined)
    if (answer === undefined) return void response.writeHead(502).end()
    const body = Buffer.from(await answer.arrayBuffer())
    const type = answer.headers.get('content-type') ?? 'application/json'
    response.writeHead(answer.status, { 'content-type': type, 'content-length': body.length })
    if (mood !== 'cut short') return void response.end(body)
    response.write(body.subarray(0, body.length / 2), () => request.socket.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const gate: RegistryGate = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mood: 'well',
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return gate
}
