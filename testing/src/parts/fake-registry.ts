import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FakeRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

/**
 * `hang`: no answer ever. `reset`: the connection is cut. `break off`: the headers and half a body, then the
 * connection is cut. `stall`: the same, but the connection stays. A string body is sent as it is.
 */
export type Reply =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  | 'hang'
  | 'reset'
  | 'break off'
  | 'stall'

export interface FakeRegistry extends AsyncDisposable {
  readonly url: string
  /** `METHOD /path` of each request, in order. */
  readonly requests: readonly string[]
}

/** A registry that answers as the test says; it stops with the scope (`await using`). */
export async function startFakeRegistry(reply: (request: FakeRequest) => Reply): Promise<FakeRegistry> {
  const requests: string[] = []
  const server = createServer((incoming, response) => {
    void readRequest(incoming).then((request) => {
      requests.push(`${request.method} ${request.path}`)
      send(reply(request), response)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}

async function readRequest(incoming: IncomingMessage): Promise<FakeRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://localhost')
  const text = Buffer.concat(chunks).toString()
  return {
    method: incoming.method ?? '',
    path: pathname.replace(/^\/api(?=\/)/, ''),
    query: searchParams,
    headers: incoming.headers,
    body: text === '' ? undefined : JSON.parse(text),
  }
}

function send(reply: Reply, response: ServerResponse): void {
  if (reply === 'hang') return
  if (reply === 'reset') {
    response.destroy()
    return
  }
  if (reply === 'break off' || reply === 'stall') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"schema":', () => {
      if (reply === 'break off') response.destroy()
    })
    return
  }
  const { status, body, headers } = reply
  response.writeHead(status, {
    ...headers,
    'content-type': typeof body === 'string' ? 'text/html' : 'application/json',
  })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

/** The answer for a schema. */
export function schemaReply(schema: unknown, extra: object = {}): Reply {
  return { status: 200, body: { schema: typeof schema === 'string' ? schema : JSON.stringify(schema), ...extra } }
}

export const unknownSchemaReply: Reply = { status: 404, body: { error_code: 40403, message: 'Schema not found' } }
